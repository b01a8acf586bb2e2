// Programs in the text format, for tests of `run`: modules of WASI preview 1, as compilers for it make them.

const IMPORTS = `
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 4)
  (func $write (param $fd i32) (param $at i32) (param $length i32) (result i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $length))
    (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))`;

/** Copies its input to its output, and exits with the number of bytes, modulo 256. */
export const COPY = `(module ${IMPORTS}
  (func (export "_start") (local $total i32)
    (loop $again
      (i32.store (i32.const 0) (i32.const 65536))
      (i32.store (i32.const 4) (i32.const 65536))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (if (i32.load (i32.const 8)) (then
        (local.set $total (i32.add (local.get $total) (i32.load (i32.const 8))))
        (if (call $write (i32.const 1) (i32.const 65536) (i32.load (i32.const 8)))
          (then (call $proc_exit (i32.const 77))))
        (br $again))))
    (call $proc_exit (i32.and (local.get $total) (i32.const 255)))))`;

/** Writes its arguments to its output and its environment to its errors, each with a zero at its end, and returns. */
export const TELL = `(module ${IMPORTS}
  (func (export "_start")
    (drop (call $args_sizes_get (i32.const 16) (i32.const 20)))
    (drop (call $args_get (i32.const 1024) (i32.const 65536)))
    (drop (call $write (i32.const 1) (i32.const 65536) (i32.load (i32.const 20))))
    (drop (call $environ_sizes_get (i32.const 16) (i32.const 20)))
    (drop (call $environ_get (i32.const 1024) (i32.const 65536)))
    (drop (call $write (i32.const 2) (i32.const 65536) (i32.load (i32.const 20))))))`;

/** Says "ready", then waits an hour. */
export const WAIT = `(module ${IMPORTS}
  (data (i32.const 100) "ready\\n")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 100) (i32.const 6)))
    (i32.store (i32.const 216) (i32.const 1))
    (i64.store (i32.const 224) (i64.const 3600000000000))
    (drop (call $poll_oneoff (i32.const 200) (i32.const 300) (i32.const 1) (i32.const 8)))))`;

/** Says "ready", then loops for ever. */
export const SPIN = `(module ${IMPORTS}
  (data (i32.const 100) "ready\\n")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 100) (i32.const 6)))
    (loop (br 0))))`;

/** A component of `wasi:cli/run`, of a version that the host does not name; `run` answers `err` where it fails. */
export function runComponent(fails: boolean): string {
  return `(component
    (core module $m (func (export "run") (result i32) (i32.const ${fails ? 1 : 0})))
    (core instance $i (instantiate $m))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (instance $exports (export "run" (func $run)))
    (export "wasi:cli/run@0.2.7" (instance $exports)))`;
}
