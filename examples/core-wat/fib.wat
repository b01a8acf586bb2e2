;; A core module in text, without the Component Model: `edge-runtime run examples/core-wat/fib.wat --invoke fib 10`.
;; `_start` is what runs when no function is named, and what the server calls for each request.
(module
  ;; level (0 debug, 1 info, 2 warn, 3 error), address and length of a UTF-8 message in this module's memory
  (import "env" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "computing fib(10)")

  (func $fib (export "fib") (param i32) (result i32)
    local.get 0
    i32.const 2
    i32.lt_s
    if (result i32)
      local.get 0
    else
      local.get 0
      i32.const 1
      i32.sub
      call $fib
      local.get 0
      i32.const 2
      i32.sub
      call $fib
      i32.add
    end)

  (func (export "_start") (result i32)
    (call $log (i32.const 1) (i32.const 0) (i32.const 17))
    (call $fib (i32.const 10)))
)
