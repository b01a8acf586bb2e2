// A component that reads the file at a path in its first directory, up to 100 bytes: `read-file`. Fails with the number of
// the error code, or 255 without a directory.

export const FILE_READER = `(component
  (import "wasi:filesystem/types@0.2.0" (instance $types
    (export "descriptor" (type $descriptor (sub resource)))
    (type $code (enum "access" "would-block" "already" "bad-descriptor" "busy" "deadlock" "quota" "exist" "file-too-large"
      "illegal-byte-sequence" "in-progress" "interrupted" "invalid" "io" "is-directory" "loop" "too-many-links"
      "message-size" "name-too-long" "no-device" "no-entry" "no-lock" "insufficient-memory" "insufficient-space"
      "not-directory" "not-empty" "not-recoverable" "unsupported" "no-tty" "no-such-device" "overflow" "not-permitted"
      "pipe" "read-only" "invalid-seek" "text-file-busy" "cross-device"))
    (export "error-code" (type $error-code (eq $code)))
    (type $paths (flags "symlink-follow"))
    (export "path-flags" (type $path-flags (eq $paths)))
    (type $opens (flags "create" "directory" "exclusive" "truncate"))
    (export "open-flags" (type $open-flags (eq $opens)))
    (type $flags (flags "read" "write" "file-integrity-sync" "data-integrity-sync" "requested-write-sync" "mutate-directory"))
    (export "descriptor-flags" (type $descriptor-flags (eq $flags)))
    (export "[method]descriptor.open-at" (func (param "self" (borrow $descriptor)) (param "path-flags" $path-flags)
      (param "path" string) (param "open-flags" $open-flags) (param "flags" $descriptor-flags)
      (result (result (own $descriptor) (error $error-code)))))
    (export "[method]descriptor.read" (func (param "self" (borrow $descriptor)) (param "length" u64) (param "offset" u64)
      (result (result (tuple (list u8) bool) (error $error-code)))))))
  (alias export $types "descriptor" (type $descriptor))
  (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
    (alias outer 1 $descriptor (type $outer))
    (export "descriptor" (type $descriptor (eq $outer)))
    (export "get-directories" (func (result (list (tuple (own $descriptor) string)))))))
  (core module $memory
    (memory (export "memory") 2)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $mem))
  (alias core export $memory "realloc" (core func $realloc))
  (core func $get-directories (canon lower (func $preopens "get-directories") (memory $mem) (realloc $realloc)))
  (core func $open-at (canon lower (func $types "[method]descriptor.open-at") (memory $mem) (realloc $realloc)))
  (core func $read (canon lower (func $types "[method]descriptor.read") (memory $mem) (realloc $realloc)))
  (core module $main
    (import "host" "memory" (memory 2))
    (import "host" "get-directories" (func $get-directories (param i32)))
    (import "host" "open-at" (func $open-at (param i32 i32 i32 i32 i32 i32 i32)))
    (import "host" "read" (func $read (param i32 i64 i64 i32)))
    ;; 0: the answer, 16: directories, 32: open-at's, 48: read's. Before any directory: error 255.
    (func (export "read-file") (param $path i32) (param $length i32) (result i32)
      (i32.store8 (i32.const 0) (i32.const 1))
      (i32.store8 (i32.const 4) (i32.const 255))
      (call $get-directories (i32.const 16))
      (if (i32.eqz (i32.load (i32.const 20))) (then (return (i32.const 0))))
      (call $open-at (i32.load (i32.load (i32.const 16))) (i32.const 1) (local.get $path) (local.get $length)
        (i32.const 0) (i32.const 1) (i32.const 32))
      (i32.store8 (i32.const 4) (i32.load8_u (i32.const 36)))
      (if (i32.load8_u (i32.const 32)) (then (return (i32.const 0))))
      (call $read (i32.load (i32.const 36)) (i64.const 100) (i64.const 0) (i32.const 48))
      (i32.store8 (i32.const 4) (i32.load8_u (i32.const 52)))
      (if (i32.load8_u (i32.const 48)) (then (return (i32.const 0))))
      (i32.store8 (i32.const 0) (i32.const 0))
      (i64.store (i32.const 4) (i64.load (i32.const 52)))
      (i32.const 0)))
  (core instance $main (instantiate $main (with "host" (instance
    (export "memory" (memory $mem))
    (export "get-directories" (func $get-directories))
    (export "open-at" (func $open-at))
    (export "read" (func $read))))))
  (alias core export $main "read-file" (core func $read-file))
  (func $lifted (param "path" string) (result (result string (error u8)))
    (canon lift (core func $read-file) (memory $mem) (realloc $realloc)))
  (export "read-file" (func $lifted)))`;
