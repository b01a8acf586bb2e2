;; Two components joined to one: `front` answers requests, and asks `shout`, which it does not know, for the text. They
;; share no memory; the strings between them are copied, even from one encoding to another. A tool such as wac joins
;; components of different languages in the same way: the result is one file with both in it.
(component $joined
  (type $method' (enum "get" "head" "post" "put" "delete" "patch" "options"))
  (export $method "method" (type $method'))
  (type $headers (list (tuple string string)))
  (type $body (option (list u8)))
  (type $request'
    (record (field "method" $method) (field "uri" string) (field "headers" $headers) (field "body" $body)))
  (export $request "http-request" (type $request'))
  (type $response' (record (field "status" u16) (field "headers" $headers) (field "body" $body)))
  (export $response "http-response" (type $response'))

  ;; Gives its text in capitals, as a line; in UTF-16, as its own memory has it.
  (component $shout
    (core module $code
      (memory (export "memory") 1)
      (global $next (mut i32) (i32.const 1024))
      (func (export "cabi_realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
        (global.set $next
          (i32.and (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1))) (i32.sub (i32.const 0) (local.get $align))))
        (global.get $next)
        (global.set $next (i32.add (global.get $next) (local.get $size))))
      ;; Parameters: address and length in units of 16 bits. Result: where address and length of the answer are.
      (func (export "shout") (param $at i32) (param $length i32) (result i32)
        (local $index i32)
        (local $unit i32)
        (block $done
          (loop $each
            (br_if $done (i32.eq (local.get $index) (local.get $length)))
            (local.set $unit (i32.load16_u (i32.add (local.get $at) (i32.shl (local.get $index) (i32.const 1)))))
            (if (i32.lt_u (i32.sub (local.get $unit) (i32.const 97)) (i32.const 26))
              (then
                (i32.store16
                  (i32.add (local.get $at) (i32.shl (local.get $index) (i32.const 1)))
                  (i32.sub (local.get $unit) (i32.const 32)))))
            (local.set $index (i32.add (local.get $index) (i32.const 1)))
            (br $each)))
        ;; The text is the last block, so that what follows it is free.
        (i32.store16 (i32.add (local.get $at) (i32.shl (local.get $length) (i32.const 1))) (i32.const 10))
        (i32.store (i32.const 16) (local.get $at))
        (i32.store (i32.const 20) (i32.add (local.get $length) (i32.const 1)))
        (i32.const 16)))
    (core instance $code (instantiate $code))
    (func (export "shout") (param "text" string) (result string)
      (canon lift (core func $code "shout")
        (memory (core memory $code "memory")) (realloc (core func $code "cabi_realloc")) string-encoding=utf16)))

  ;; Answers with the path that was asked for, as `shout` gives it.
  (component $front
    (import "shout" (func $shout (param "text" string) (result string)))
    (alias outer $joined $method (type $outer-method))
    (import "method" (type $method (eq $outer-method)))
    (type $headers (list (tuple string string)))
    (type $body (option (list u8)))
    (type $request'
      (record (field "method" $method) (field "uri" string) (field "headers" $headers) (field "body" $body)))
    (import "http-request" (type $request (eq $request')))
    (type $response' (record (field "status" u16) (field "headers" $headers) (field "body" $body)))
    (import "http-response" (type $response (eq $response')))

    ;; The memory stands alone, because what calls `shout` needs it before the code is there.
    ;; It has room for the longest request that the server takes.
    (core module $store
      (memory (export "memory") 20)
      (global $next (mut i32) (i32.const 1024))
      (func (export "cabi_realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
        (global.set $next
          (i32.and (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1))) (i32.sub (i32.const 0) (local.get $align))))
        (global.get $next)
        (global.set $next (i32.add (global.get $next) (local.get $size)))))
    (core instance $store (instantiate $store))
    (core func $shout (canon lower (func $shout)
      (memory (core memory $store "memory")) (realloc (core func $store "cabi_realloc"))))
    (core module $code
      (import "store" "memory" (memory 20))
      (import "shout" "shout" (func $shout (param i32 i32 i32)))
      ;; Parameters: method; uri (address, length); headers (address, count); body (present, address, length).
      (func (export "handle") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
        (call $shout (local.get 1) (local.get 2) (i32.const 36))
        (i32.const 16))
      ;; 16: ok, then at 20 the response: status 200, no headers, a body, whose address and length `shout` puts at 36
      (data (i32.const 16) "\00\00\00\00" "\c8\00\00\00" "\00\00\00\00\00\00\00\00" "\01\00\00\00"))
    (core instance $code (instantiate $code
      (with "store" (instance $store))
      (with "shout" (instance (export "shout" (func $shout))))))
    (func (export "handle") (param "request" $request) (result (result $response (error string)))
      (canon lift (core func $code "handle")
        (memory (core memory $store "memory")) (realloc (core func $store "cabi_realloc")))))

  (instance $shout (instantiate $shout))
  (instance $front
    (instantiate $front
      (with "shout" (func $shout "shout"))
      (with "method" (type $method))
      (with "http-request" (type $request))
      (with "http-response" (type $response))))
  (export "handle" (func $front "handle")))
