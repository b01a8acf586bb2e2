;; The same as core.wat for Extism, whose guests copy their output word by word, then byte by byte, into
;; a block of the host that must be as long as the output.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
  (import "extism:host/env" "store_u8" (func $store-byte (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (memory (export "memory") 1)
  (data (i32.const 16) "Hello from WebAssembly text")
  (func (export "hello") (result i32)
    (local $block i64) (local $at i32)
    (local.set $block (call $alloc (i64.const 27)))
    (loop $words
      (call $store
        (i64.add (local.get $block) (i64.extend_i32_u (local.get $at)))
        (i64.load offset=16 (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $words (i32.lt_u (local.get $at) (i32.const 24))))
    (loop $bytes
      (call $store-byte
        (i64.add (local.get $block) (i64.extend_i32_u (local.get $at)))
        (i32.load8_u offset=16 (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $bytes (i32.lt_u (local.get $at) (i32.const 27))))
    (call $output (local.get $block) (i64.const 27))
    (i32.const 0))
  (func (export "loop") (result i32) (loop $spin (br $spin)) (unreachable))
  (func (export "trap") (result i32) (unreachable)))
