// The budget of a lift against V8's own heap: values must not take more than they are counted for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createTypeCompiler } from "../../src/canonical-abi/compile-type.ts";
import type { ValType } from "../../src/canonical-abi/index.ts";
import { Lift } from "../../src/canonical-abi/lift.ts";
import { createFixture } from "./abi-fixture.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const primitive = (kind: "bool" | "u8" | "u32" | "u64" | "f32" | "f64" | "char" | "string"): ValType => ({ kind });
const list = (element: ValType): ValType => ({ kind: "list", element });
const tuple = (count: number, type: ValType): ValType => ({
  kind: "tuple",
  types: Array.from({ length: count }, () => type),
});
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `f${index}`);
const record = (count: number, type: ValType): ValType => ({
  kind: "record",
  fields: names(count).map((name) => ({ name, type })),
});
const flags = (count: number): ValType => ({ kind: "flags", names: names(count) });

/** `length` is that of strings and lists; `text` is what strings and inner lists point to, ASCII if undefined. */
const elements: readonly (readonly [type: ValType, length?: number, text?: string])[] = [
  [primitive("bool")],
  [primitive("char")],
  [tuple(1, primitive("u64"))],
  [tuple(2, primitive("f64"))],
  [tuple(3, primitive("u32"))],
  [tuple(2, primitive("u8"))],
  [tuple(40, primitive("u8"))],
  ...[1, 3, 10, 15, 16, 17, 18, 19, 20, 21, 22, 40, 86, 200].map((count) => [record(count, primitive("u8"))] as const),
  [record(3, primitive("f64"))],
  [flags(3)],
  [flags(32)],
  [{ kind: "option", type: { kind: "option", type: primitive("u8") } }],
  [{ kind: "result", ok: primitive("f32"), err: undefined }],
  [{ kind: "variant", cases: names(2).map((name) => ({ name, type: primitive("u32") })) }],
  [{ kind: "enum", names: ["a", "b"] }],
  ...[0, 1, 8, 12, 13, 20, 33, 40, 41, 100].map((length) => [primitive("string"), length] as const),
  [primitive("string"), 4, "🌊"],
  [primitive("string"), 39, "🌊".repeat(9).padEnd(21, "a")],
  [primitive("string"), 99, "🌊".padEnd(97, "a")],
  ...[0, 1, 5, 20, 1024, 1025, 1600].map((length) => [list(primitive("bool")), length] as const),
  ...[0, 100].map((length) => [list(primitive("u8")), length] as const),
  [list(primitive("f64")), 3],
];

const contentsAt = 64;
const elementsAt = 8192;

/** A list of `count` elements at 0, all of ones, its strings and lists at 64. */
function contents(type: ValType, count: number, length: number, text: string | undefined): Uint8Array {
  const bytes = new Uint8Array(elementsAt + count * createTypeCompiler()(type).size).fill(1);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, elementsAt, true);
  view.setUint32(4, count, true);
  if (text !== undefined) bytes.set(new TextEncoder().encode(text), contentsAt);
  if (type.kind === "string" || type.kind === "list") {
    for (let at = elementsAt; at < bytes.length; at += 8) {
      view.setUint32(at, contentsAt, true);
      view.setUint32(at + 4, length, true);
    }
  }
  if (type.kind === "char") for (let at = elementsAt; at < bytes.length; at += 4) view.setUint32(at, 0x1f30a, true);
  return bytes;
}

function liveBytes(): number {
  for (let round = 0; round < 2; round++) collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

interface Use {
  readonly counted: number;
  readonly real: number;
}

function measureOnce(type: ValType, bytes: Uint8Array): Use {
  const { cx } = createFixture({ memorySize: bytes.length, contents: bytes });
  const codec = createTypeCompiler()(list(type));
  const before = liveBytes();
  const lift = new Lift(cx, cx.memory());
  const value = codec.load(lift, 0) as unknown[];
  const real = liveBytes() - before;
  // The value is alive until here.
  assert.ok(value.length > 0);
  return { counted: lift.heapBytes, real };
}

for (const [type, length = 0, text] of elements) {
  const parts = type.kind === "record" ? type.fields.length : type.kind === "flags" ? type.names.length : length;
  test(`heap bytes: a list of ${type.kind} (${parts}${text === undefined ? "" : ", not ASCII"}) is counted in full`, (t) => {
    const bytes = contents(type, parts > 100 ? 300 : 3000, length, text);
    const uses = Array.from({ length: 5 }, () => measureOnce(type, bytes));
    // The test runner's own objects come, mostly, and go.
    const [, use] = uses.toSorted((left, right) => left.real - right.real);
    assert.ok(use !== undefined);
    t.diagnostic(`${use.real} of ${use.counted}`);
    assert.ok(use.real <= use.counted * 1.02 + 4096, `${use.real} of ${use.counted}`);
  });
}
