// Components through which values pass, made by the official tools from WIT and a core module without types:
//
//   host --front--> outer (copies core values) --echo--> the host, or inner (gives back the pointer that it got)
//
// So each value is lowered and lifted in both directions, flat where its type is small and in memory where it is not,
// and between siblings from one string encoding to another. The core code depends on signatures only. Memory is full of
// 0xaa from the start: what is read beside a value shows.

import { componentEmbed, componentNew, parse, print } from "@bytecodealliance/jco-transpile/wasm-tools";
import type { FuncType, StringEncoding, ValType } from "edge-runtime-core";
import { compileFuncAbi } from "edge-runtime-core/internal";
import type { CoreType } from "edge-runtime-core/internal";
import { echoInterface } from "./wit-interface.ts";

export const frontInterface = "fuzz:values/front";
export const echoName = "fuzz:values/echo";

export interface EchoShape {
  readonly types: readonly ValType[];
  /** Of the component that the host calls. */
  readonly outer: StringEncoding;
  /** Of the one behind it; undefined where the host is behind it. */
  readonly inner: StringEncoding | undefined;
}

/** As the tools call them. */
const encodings = { utf8: "utf8", utf16: "utf16", "latin1+utf16": "compact-utf16" } as const;

const returnAreaAt = 64;
const heapAt = 65_536;

const memory = `(memory (export "memory") 8)
  (global $next (mut i32) (i32.const ${heapAt}))
  (func (export "cabi_realloc") (param $old i32) (param $oldSize i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and
      (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (memory.copy (local.get $at) (local.get $old) (local.get $oldSize))
    (local.get $at))
  (func $fill (memory.fill (i32.const 0) (i32.const 0xaa) (i32.const 0x80000)))
  (start $fill)`;

function list(keyword: string, types: readonly CoreType[]): string {
  return types.length === 0 ? "" : `(${keyword} ${types.join(" ")})`;
}

function echoType(type: ValType): FuncType {
  return { params: [{ name: "v", type }], result: type };
}

function postReturn(name: string, results: readonly CoreType[]): string {
  return `(func (export "cabi_post_${name}") ${list("param", results)} (global.set $next (i32.const ${heapAt})))`;
}

/** Passes core values on; a result in memory is written to the return area. */
function outerCore(types: readonly ValType[]): string {
  const abis = types.map((type) => compileFuncAbi(echoType(type)));
  const imports = abis.map(
    ({ lower }, index) =>
      `(import "${echoName}" "f${index}" (func $f${index} ${list("param", lower.params)} ${list("result", lower.results)}))`,
  );
  const functions = abis.map(({ lift, returnPointerIndex }, index) => {
    const args = lift.params.map((_, param) => `(local.get ${param})`);
    const pointer = returnPointerIndex === undefined ? "" : `(i32.const ${returnAreaAt})`;
    const name = `${frontInterface}#f${index}`;
    return `(func (export "${name}") ${list("param", lift.params)} ${list("result", lift.results)}
      (call $f${index} ${args.join(" ")} ${pointer}) ${pointer}) ${postReturn(name, lift.results)}`;
  });
  return `(module ${imports.join("\n")} ${memory} ${functions.join("\n")})`;
}

/** For types whose values are in memory, as parameters and as results. */
function innerCore(types: readonly ValType[]): string {
  const functions = types.map((_, index) => {
    const name = `${echoName}#f${index}`;
    return `(func (export "${name}") (param i32) (result i32) (local.get 0)) ${postReturn(name, ["i32"])}`;
  });
  return `(module ${memory} ${functions.join("\n")})`;
}

async function componentOf(core: string, witSource: string, encoding: StringEncoding): Promise<Uint8Array> {
  const binary = await parse(core);
  return componentNew(await componentEmbed({ binary, witSource, stringEncoding: encodings[encoding] }), []);
}

/** The text of a component, as one with a name inside another. */
async function nested(name: string, bytes: Uint8Array): Promise<string> {
  return (await print(bytes)).replace("(component", `(component $${name}`);
}

/** Together with 17 numbers no value is passed flat. */
export function inMemory(type: ValType): ValType {
  const numbers = Array.from({ length: 17 }, (): ValType => ({ kind: "u64" }));
  return { kind: "tuple", types: [type, { kind: "tuple", types: numbers }] };
}

export async function echoComponent({ types, outer, inner }: EchoShape): Promise<Uint8Array> {
  const echo = echoInterface("echo", types);
  const front = `package fuzz:values; ${echo} ${echoInterface("front", types)}
    world outer { import echo; export front; }`;
  const outerBytes = await componentOf(outerCore(types), front, outer);
  if (inner === undefined) return outerBytes;
  const back = `package fuzz:values; ${echo} world inner { export echo; }`;
  const innerBytes = await componentOf(innerCore(types), back, inner);
  return parse(`(component
    ${await nested("inner", innerBytes)}
    ${await nested("outer", outerBytes)}
    (instance $inner (instantiate $inner))
    (instance $outer (instantiate $outer (with "${echoName}" (instance $inner "${echoName}"))))
    (export "${frontInterface}" (instance $outer "${frontInterface}")))`);
}
