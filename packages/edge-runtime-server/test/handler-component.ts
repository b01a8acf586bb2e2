// A component of world http-handler, in text: the last character of the request's URI says what it does.
//
//   e  echoes body and headers    n  counts its requests in memory    g  logs "hello" and answers
//   x  answers err("why")         t  traps                            l  loops forever

export const HANDLER_WAT = `(component
  (import "edge:runtime/logging@0.1.0" (instance $logging (export "info" (func (param "message" string)))))
  (type $method' (enum "get" "head" "post" "put" "delete" "patch" "options"))
  (export $method "method" (type $method'))
  (type $headers (list (tuple string string)))
  (type $body (option (list u8)))
  (type $request'
    (record (field "method" $method) (field "uri" string) (field "headers" $headers) (field "body" $body)))
  (export $request "http-request" (type $request'))
  (type $response' (record (field "status" u16) (field "headers" $headers) (field "body" $body)))
  (export $response "http-response" (type $response'))

  (core module $memory
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $mem))
  (core func $info (canon lower (func $logging "info") (memory $mem)))

  (core module $guest
    (import "host" "info" (func $info (param i32 i32)))
    (import "memory" "memory" (memory 1))
    (data (i32.const 128) "hello")
    (data (i32.const 136) "why")
    (func $body (param $ptr i32) (param $len i32) (result i32)
      (i32.store (i32.const 32) (i32.const 1))
      (i32.store (i32.const 36) (local.get $ptr))
      (i32.store (i32.const 40) (local.get $len))
      (i32.const 16))
    (func (export "handle")
      (param $method i32) (param $uri i32) (param $uri-len i32) (param $headers i32) (param $count i32)
      (param $has-body i32) (param $body i32) (param $body-len i32) (result i32)
      (local $what i32)
      (i32.store16 (i32.const 20) (i32.const 200))
      (local.set $what
        (i32.load8_u (i32.sub (i32.add (local.get $uri) (local.get $uri-len)) (i32.const 1))))
      (if (i32.eq (local.get $what) (i32.const 0x65)) (then
        (i32.store (i32.const 24) (local.get $headers))
        (i32.store (i32.const 28) (local.get $count))
        (i32.store (i32.const 32) (local.get $has-body))
        (i32.store (i32.const 36) (local.get $body))
        (i32.store (i32.const 40) (local.get $body-len))
        (return (i32.const 16))))
      (if (i32.eq (local.get $what) (i32.const 0x6e)) (then
        (i32.store8 (i32.const 200) (i32.add (i32.load8_u (i32.const 200)) (i32.const 1)))
        (i32.store8 (i32.const 201) (i32.add (i32.load8_u (i32.const 200)) (i32.const 0x30)))
        (return (call $body (i32.const 201) (i32.const 1)))))
      (if (i32.eq (local.get $what) (i32.const 0x67)) (then
        (call $info (i32.const 128) (i32.const 5))
        (return (call $body (i32.const 128) (i32.const 5)))))
      (if (i32.eq (local.get $what) (i32.const 0x78)) (then
        (i32.store (i32.const 16) (i32.const 1))
        (i32.store (i32.const 20) (i32.const 136))
        (i32.store (i32.const 24) (i32.const 3))
        (return (i32.const 16))))
      (if (i32.eq (local.get $what) (i32.const 0x6c)) (then (loop (br 0))))
      (unreachable)))
  (core instance $guest (instantiate $guest
    (with "host" (instance (export "info" (func $info))))
    (with "memory" (instance $memory))))

  (func $handle (param "request" $request) (result (result $response (error string)))
    (canon lift (core func $guest "handle") (memory $mem) (realloc (core func $memory "realloc"))))
  (export "handle" (func $handle))
)`;
