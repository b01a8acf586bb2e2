// Components of which the calls are measured, not what they do: memory, a realloc that goes up, and functions that give
// back what they were given.

import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { resolveWit } from "../scripts/wit-package.ts";

/** Allocations begin at 64 KiB and are forgotten when a call has returned. */
const allocator = `
  (memory (export "memory") 64)
  (global $next (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param $old i32) (param $oldSize i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and
      (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (local.get $at))
  (func $forget (global.set $next (i32.const 65536)))`;

/** Answers each request with its own headers and body. */
const echo = `(module ${allocator}
  (func (export "handle") (param i32 i32 i32) (param $headers i32) (param $count i32) (param $some i32) (param $body i32)
    (param $length i32) (result i32)
    (i32.store16 (i32.const 20) (i32.const 200))
    (i32.store (i32.const 24) (local.get $headers))
    (i32.store (i32.const 28) (local.get $count))
    (i32.store8 (i32.const 32) (local.get $some))
    (i32.store (i32.const 36) (local.get $body))
    (i32.store (i32.const 40) (local.get $length))
    (i32.const 16))
  (func (export "cabi_post_handle") (param i32) (call $forget)))`;

const bytesWit = `package bench:bytes;
  world bytes {
    export take: func(bytes: list<u8>) -> u32;
    export give: func(length: u32) -> list<u8>;
    export nothing: func();
  }`;

const bytes = `(module ${allocator}
  (func (export "take") (param $at i32) (param $length i32) (result i32) (call $forget) (local.get $length))
  (func (export "give") (param $length i32) (result i32)
    (i32.store (i32.const 16) (i32.const 65536))
    (i32.store (i32.const 20) (local.get $length))
    (i32.const 16))
  (func (export "nothing")))`;

async function component(wat: string, witSource: string, world: string): Promise<Uint8Array> {
  const core = await parse(wat);
  return componentNew(await componentEmbed({ binary: core, witSource, world }), []);
}

/** World `http-handler`. */
export function echoHandler(): Promise<Uint8Array> {
  return component(echo, resolveWit(), "http-handler");
}

/** `take(list<u8>) -> u32`, `give(u32) -> list<u8>`, `nothing()`. */
export function byteMover(): Promise<Uint8Array> {
  return component(bytes, bytesWit, "bytes");
}
