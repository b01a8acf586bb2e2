// Guests in text form. Core modules where the request does not matter: their `_start` answers with numbers. Handlers
// are components of world `http-handler` that give the world's types names of their own.

/** Logs `spinning` (with the permission to) and never ends by itself. */
export const SPIN = `(module
  (import "env" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "spinning")
  (func (export "_start")
    (call $log (i32.const 1) (i32.const 0) (i32.const 8))
    (loop $again (br $again))))`;

export const TRAP = `(module (func (export "_start") unreachable))`;

/** Grows until it may not, then gives up as compiled languages do. */
export const GROW = `(module
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
    unreachable))`;

/** Answers the sum from 1 to `count`, for 11 units of fuel a number and 4 more. */
export function sumTo(count: number): string {
  return `(module
  (func (export "_start") (result i64)
    (local $n i64) (local $sum i64)
    (local.set $n (i64.const ${count}))
    (loop $next
      (local.set $sum (i64.add (local.get $sum) (local.get $n)))
      (br_if $next (i64.ne (local.tee $n (i64.sub (local.get $n) (i64.const 1))) (i64.const 0))))
    (local.get $sum)))`;
}

export interface HandlerParts {
  /** Body of `handle`; it gives the address of the result, by `$ok` or `$err`. */
  readonly handle: string;
  /** Pages of memory. Default 1. */
  readonly pages?: number;
  /** More fields of the core module. */
  readonly fields?: string;
  /** Instructions that each allocation runs first. */
  readonly onAllocate?: string;
  /** Instructions that run after the result was read. */
  readonly onReturn?: string;
}

/**
 * A handler. `$ok` and `$err` take address and length of the body or message, and write their result to address 16 anew
 * each time. Allocations start at 4096.
 */
export function handlerText({ handle, pages = 1, fields = "", onAllocate = "", onReturn = "" }: HandlerParts): string {
  return `(component
  (type $method' (enum "get" "head" "post" "put" "delete" "patch" "options"))
  (export $method "method" (type $method'))
  (type $headers (list (tuple string string)))
  (type $body (option (list u8)))
  (type $request'
    (record (field "method" $method) (field "uri" string) (field "headers" $headers) (field "body" $body)))
  (export $request "http-request" (type $request'))
  (type $response' (record (field "status" u16) (field "headers" $headers) (field "body" $body)))
  (export $response "http-response" (type $response'))
  (core module $guest
    (memory (export "memory") ${pages})
    (global $next (mut i32) (i32.const 4096))
    (func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      ${onAllocate}
      (local.set $at (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (local.get $at))
    (func $ok (param $at i32) (param $length i32) (result i32)
      (i32.store (i32.const 16) (i32.const 0))
      (i32.store (i32.const 20) (i32.const 200))
      (i64.store (i32.const 24) (i64.const 0))
      (i32.store (i32.const 32) (i32.const 1))
      (i32.store (i32.const 36) (local.get $at))
      (i32.store (i32.const 40) (local.get $length))
      (i32.const 16))
    (func $err (param $at i32) (param $length i32) (result i32)
      (i32.store (i32.const 16) (i32.const 1))
      (i32.store (i32.const 20) (local.get $at))
      (i32.store (i32.const 24) (local.get $length))
      (i32.const 16))
    ${fields}
    (func (export "handle") (param i32 i32) (param $headers i32) (param $header-count i32)
      (param i32) (param $has-body i32) (param $body i32) (param $body-length i32) (result i32)
      ${handle})
    (func (export "after") (param i32) ${onReturn})
  )
  (core instance $guest (instantiate $guest))
  (func $handle (param "request" $request) (result (result $response (error string)))
    (canon lift (core func $guest "handle")
      (memory (core memory $guest "memory"))
      (realloc (core func $guest "cabi_realloc"))
      (post-return (core func $guest "after"))))
  (export "handle" (func $handle))
)`;
}

/** Answers with the text that it was made of. */
export function textHandler(text: string): string {
  return handlerText({
    fields: `(data (i32.const 1024) ${JSON.stringify(text)})`,
    handle: `(call $ok (i32.const 1024) (i32.const ${Buffer.byteLength(text)}))`,
  });
}

/** Answers \`err\` with the text. */
export function errHandler(text: string): string {
  return handlerText({
    fields: `(data (i32.const 1024) ${JSON.stringify(text)})`,
    handle: `(call $err (i32.const 1024) (i32.const ${Buffer.byteLength(text)}))`,
  });
}

/** Answers with the body of the request, of up to 124 KiB. */
export const ECHO = handlerText({ pages: 2, handle: "(call $ok (local.get $body) (local.get $body-length))" });

/**
 * Answers with a digest of all of its memory and of a global as it found them, and then writes over every byte and the
 * global: the next request of an instance that was not restored would find neither its data nor its answer.
 */
export const WIPE = handlerText({
  fields: `
    (global $seen (mut i64) (i64.const 7))
    (data (i32.const 2048) "what every request must find")`,
  handle: `
    (local $at i32) (local $digest i64)
    (local.set $digest (global.get $seen))
    (loop $next
      (local.set $digest (i64.add
        (i64.mul (local.get $digest) (i64.const 31))
        (i64.load (local.get $at))))
      (br_if $next (i32.lt_u
        (local.tee $at (i32.add (local.get $at) (i32.const 8)))
        (i32.mul (memory.size) (i32.const 65536)))))
    (memory.fill (i32.const 0) (i32.const 0xaa) (i32.mul (memory.size) (i32.const 65536)))
    (global.set $seen (i64.const -1))
    (i64.store (i32.const 1024) (local.get $digest))
    (call $ok (i32.const 1024) (i32.const 8))`,
});

/** Answers with 2,000 headers whose names and values are each the same 64 KiB: 256 MB from 4 pages. */
export const AMPLIFY = handlerText({
  pages: 4,
  handle: `
    (local $at i32) (local $end i32)
    (local.set $at (i32.const 4096))
    (local.set $end (i32.const 36096))
    (loop $next
      (i64.store (local.get $at) (i64.const 0x1000000010000))
      (i64.store offset=8 (local.get $at) (i64.const 0x1000000010000))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (drop (call $ok (i32.const 0) (i32.const 0)))
    (i32.store (i32.const 24) (i32.const 4096))
    (i32.store (i32.const 28) (i32.const 2000))
    (i32.const 16)`,
});
