;; The smallest core module that answers: one page, the text in it, its address and length as results. Served here, by
;; plain Node.js and by workerd. The other exports are what a hostile or broken guest does.
(module
  (memory (export "memory") 1)
  (data (i32.const 16) "Hello from WebAssembly text")
  (func (export "hello") (result i32 i32) (i32.const 16) (i32.const 27))
  (func (export "loop") (result i32 i32) (loop $spin (br $spin)) (unreachable))
  (func (export "trap") (result i32 i32) (unreachable)))
