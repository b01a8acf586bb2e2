;; The smallest function of world `http-handler` (wit/world.wit): one core module, one page of memory, an answer
;; that never changes. What it costs to serve is the cost of the runtime itself: it is the yardstick of the bench.
(component
  ;; The types of the world, by the names that the world gives them. No function is imported.
  (import "edge:runtime/http-outbound@0.1.0" (instance $http-outbound
    (type $method' (enum "get" "head" "post" "put" "delete" "patch" "options"))
    (export "method" (type (eq $method')))
  ))
  (alias export $http-outbound "method" (type $method))
  (import "edge:runtime/http-types@0.1.0" (instance $http-types
    (alias outer 1 $method (type $method'))
    (export "method" (type $method (eq $method')))
    (type $headers (list (tuple string string)))
    (type $body (option (list u8)))
    (type $request'
      (record (field "method" $method) (field "uri" string) (field "headers" $headers) (field "body" $body)))
    (export "http-request" (type (eq $request')))
    (type $response' (record (field "status" u16) (field "headers" $headers) (field "body" $body)))
    (export "http-response" (type (eq $response')))
  ))
  (alias export $http-types "http-request" (type $http-request))
  (import "http-request" (type $request (eq $http-request)))
  (alias export $http-types "http-response" (type $http-response))
  (import "http-response" (type $response (eq $http-response)))

  (core module $guest
    (memory (export "memory") 1)

    ;; Next free byte. All of the first 1024 bytes belong to the data segments below.
    (global $next (mut i32) (i32.const 1024))

    ;; Gives `$size` bytes at an address that is a multiple of `$align`, and keeps what the old block holds. Nothing is
    ;; freed: a request finds a fresh instance. Traps where memory cannot grow.
    (func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local $end i64)
      (local $missing i64)
      (if (i32.le_u (local.get $size) (local.get $old-size))
        (then (return (select (local.get $old) (local.get $align) (local.get $old-size)))))
      (local.set $at
        (i32.and
          (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
          (i32.sub (i32.const 0) (local.get $align))))
      (local.set $end (i64.add (i64.extend_i32_u (local.get $at)) (i64.extend_i32_u (local.get $size))))
      (local.set $missing
        (i64.sub (local.get $end) (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16))))
      (if (i64.gt_s (local.get $missing) (i64.const 0))
        (then
          (if (i32.eq
                (memory.grow (i32.wrap_i64 (i64.shr_u (i64.add (local.get $missing) (i64.const 65535)) (i64.const 16))))
                (i32.const -1))
            (then (unreachable)))))
      (global.set $next (i32.wrap_i64 (local.get $end)))
      (memory.copy (local.get $at) (local.get $old) (local.get $old-size))
      (local.get $at))

    ;; Parameters: method; uri (address, length); headers (address, count); body (present, address, length).
    ;; Result: the address of a `result<http-response, string>`.
    (func (export "handle") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
      (i32.const 16))

    ;; 16: ok (u8), then at 20 the response: status (u16), headers (address, count), body (present, address, length)
    (data (i32.const 16) "\00\00\00\00" "\c8\00\00\00" "\40\00\00\00\02\00\00\00" "\01\00\00\00\c0\00\00\00\1c\00\00\00")
    ;; 64: two headers: name (address, length), value (address, length)
    (data (i32.const 64)
      "\80\00\00\00\0c\00\00\00" "\8c\00\00\00\19\00\00\00"
      "\a5\00\00\00\0d\00\00\00" "\b2\00\00\00\08\00\00\00")
    ;; 128: the text of the headers
    (data (i32.const 128) "content-type" "text/plain; charset=utf-8" "cache-control" "no-store")
    ;; 192: the body
    (data (i32.const 192) "Hello from WebAssembly text\n")
  )

  (core instance $guest (instantiate $guest))
  (func (export "handle") (param "request" $request) (result (result $response (error string)))
    (canon lift (core func $guest "handle")
      (memory (core memory $guest "memory"))
      (realloc (core func $guest "cabi_realloc"))))
)
