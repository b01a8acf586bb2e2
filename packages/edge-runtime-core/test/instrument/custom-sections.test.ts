// Custom sections: what stays true is where it was, what does not is gone, names follow what they name, and hostile
// ones cost no more than their bytes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWat } from "edge-runtime-testing";
import { Reader } from "../../src/binary/reader.ts";
import type { CounterPlace, Metering } from "../../src/instrument/plan.ts";
import { rewriteModule } from "../../src/instrument/rewrite-module.ts";
import { leb, moduleBytes, name, section, vector } from "../support/module-builder.ts";
import type { Bytes } from "../support/module-builder.ts";
import { instantiateRewritten } from "../support/rewritten-instance.ts";

const custom = (title: string, content: Bytes): number[] => section(0, [...name(title), ...content]);

function sectionsOf(bytes: Uint8Array): string[] {
  const reader = new Reader(bytes, 8);
  const found: string[] = [];
  while (!reader.done) {
    const id = reader.byte();
    const end = reader.u32() + reader.pos;
    found.push(id === 0 ? reader.name() : String(id));
    reader.pos = end;
  }
  return found;
}

function customs(bytes: Uint8Array, title: string): number[][] {
  const module = new WebAssembly.Module(bytes);
  return WebAssembly.Module.customSections(module, title).map((content) => [...new Uint8Array(content)]);
}

const header: Bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const twice: Bytes = [
  ...header,
  ...custom("first", [1]),
  ...section(1, [1, 0x60, 0, 0]),
  ...custom("after types", [2, 0xff]),
  ...custom("after types", []),
  ...section(3, [1, 0]),
  ...section(8, [0]),
  ...custom("after start", [3]),
  ...section(10, [1, 2, 0, 0x0b]),
  ...custom("producers", [4]),
  ...custom(".debug_info", [5]),
  ...custom("reloc.CODE", [6]),
  ...custom("linking", [6]),
  ...custom("sourceMappingURL", name("http://example.com/map")),
  ...custom("metadata.code.branch_hint", [0]),
  ...custom("external_debug_info", name("x")),
  ...custom("$edge offsets", [9]),
  ...custom("$edge$ offsets", [9]),
];

test("custom sections: kept ones are copied byte for byte, each behind the section that it followed", () => {
  const original = new Uint8Array(twice);
  const { bytes } = rewriteModule(original, { metering: "fuel", counter: "own" });
  const order = sectionsOf(bytes);
  assert.equal(order[0], "first");
  assert.deepEqual(order.slice(order.indexOf("1"), order.indexOf("1") + 3), ["1", "after types", "after types"]);
  assert.ok(order.indexOf("after start") < order.indexOf("10"));
  assert.deepEqual(order.slice(order.indexOf("10") + 1), ["producers", "name", "$edge offsets"]);
  for (const title of ["first", "after types", "after start", "producers"]) {
    assert.deepEqual(customs(bytes, title), customs(original, title), title);
  }
});

const named = `(module $mine
  (import "env" "f" (func $host)) (import "env" "g" (global $imported i32))
  (global $own (mut i32) (i32.const 1))
  (type $sig (func)) (table $tab 1 funcref) (memory $mem 1)
  (func $inner (param $p i32) (local $l i32) (call $host))
  (func $outer (export "run") (call $inner (i32.const 1)))
  (func $trap (export "trap") unreachable))`;

const ways: readonly (readonly [Metering, CounterPlace])[] = [
  ["fuel", "own"],
  ["fuel", "imported"],
  ["deadline", "imported"],
  ["none", "own"],
];

for (const [metering, counter] of ways) {
  test(`custom sections: V8's traces name the guest's functions, ${metering} ${counter}`, async () => {
    let stack = "";
    const imports = {
      env: {
        f: () => {
          stack = new Error().stack ?? "";
        },
        g: 7,
      },
    };
    const instance = instantiateRewritten(await parseWat(named), { metering, counter, imports });
    instance.call("run");
    const wasm = stack.split("\n").filter((line) => line.includes("wasm://"));
    assert.match(wasm[0] ?? "", /^ {4}at guest\.inner \(wasm:/);
    assert.match(wasm[1] ?? "", /^ {4}at guest\.outer \(wasm:/);
    assert.throws(
      () => instance.call("trap"),
      (error: unknown) => error instanceof Error && /at guest\.trap \(wasm:/.test(error.stack ?? ""),
    );
  });
}

/** The name section's subsections, and a name map in one of them. */
function readNames(bytes: Uint8Array): Map<number, Uint8Array> {
  const [content] = customs(bytes, "name");
  const reader = new Reader(new Uint8Array(content ?? assert.fail()));
  const found = new Map<number, Uint8Array>();
  while (!reader.done) {
    const id = reader.byte();
    found.set(id, reader.take(reader.u32()));
  }
  return found;
}

function nameMap(bytes: Uint8Array | undefined): [index: number, text: string][] {
  const reader = new Reader(bytes ?? assert.fail());
  return Array.from({ length: reader.u32() }, () => [reader.u32(), reader.name()]);
}

test("custom sections: names of functions, locals and globals have their new indices, others their own", async () => {
  const { bytes } = rewriteModule(await parseWat(named), { metering: "fuel", counter: "imported", moduleName: "m" });
  const names = readNames(bytes);
  const functions = nameMap(names.get(1));
  // grow, check and yield are imported behind the original's import.
  assert.deepEqual(functions.slice(0, 4), [
    [0, "host"],
    [4, "inner"],
    [5, "outer"],
    [6, "trap"],
  ]);
  const injected = functions.slice(4).map(([, text]) => text);
  assert.ok(injected.includes("$edge save") && injected.includes("$edge restore"));
  assert.ok(injected.every((text) => text.startsWith("$edge ")));
  assert.deepEqual(nameMap(names.get(7)), [
    [0, "imported"],
    [2, "own"],
  ]);
  assert.deepEqual([...(names.get(2)?.subarray(0, 3) ?? [])], [1, 4, 2]);
  assert.deepEqual(nameMap(names.get(4)), [[0, "sig"]]);
  assert.deepEqual(nameMap(names.get(5)), [[0, "tab"]]);
  assert.deepEqual(nameMap(names.get(6)), [[0, "mem"]]);
  assert.deepEqual([...(names.get(0) ?? [])], [1, 0x6d]);
  assert.equal(customs(bytes, "$edge offsets").length, 0);
});

function withNames(content: Bytes): Uint8Array {
  const plain = moduleBytes({
    types: [[0x60, 0, 0]],
    functions: [0, 0],
    exports: [["run", 0, 1]],
    bodies: [{ code: [0x0b] }, { code: [0x00, 0x0b] }],
  });
  return new Uint8Array([...plain, ...custom("name", content)]);
}

const functionNames = (...entries: readonly (readonly [number, Bytes])[]): number[] =>
  section(1, vector(entries.map(([index, text]) => [...leb(index), ...leb(text.length), ...text])));

const text = (value: string): number[] => [...new TextEncoder().encode(value)];

test("custom sections: names lose control characters, and their end where they are too long", () => {
  const long = [...text("a"), ...text("é".repeat(400))];
  const original = withNames(functionNames([0, text("a\nb\u007fc\u0000")], [1, long]));
  const { bytes } = rewriteModule(original, { metering: "none", counter: "own" });
  const [first, second] = nameMap(readNames(bytes).get(1));
  assert.deepEqual(first, [1, "a?b?c?"]);
  // 512 bytes would cut a character in two.
  assert.deepEqual(second, [2, `a${"é".repeat(255)}`]);
});

const malformed: readonly (readonly [what: string, content: Bytes])[] = [
  ["a subsection longer than the section", [1, 0xff, 0x7f]],
  ["more names than bytes", section(1, leb(0xffff_ffff))],
  ["a name longer than its subsection", section(1, [1, 0, 0xff, 0x7f, 0x61])],
  ["a number that does not end", [1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80]],
  ["names behind what is malformed", [...functionNames([1, text("fine")]), 9, 0xff]],
  ["nothing", []],
];

for (const [what, content] of malformed) {
  test(`custom sections: names with ${what} are ignored, as V8 ignores them`, () => {
    const original = withNames(content);
    assert.ok(WebAssembly.validate(original));
    const instance = instantiateRewritten(original);
    assert.throws(
      () => instance.call("run"),
      (error: unknown) => error instanceof Error && /at guest \(wasm:[^)]*function\[4\]/.test(error.stack ?? ""),
    );
  });
}

test("custom sections: a name for a function that does not exist does no harm", () => {
  const original = withNames(functionNames([1, text("run")], [500, text("none")], [0xffff_fff0, text("far")]));
  const instance = instantiateRewritten(original);
  assert.throws(
    () => instance.call("run"),
    (error: unknown) => error instanceof Error && /at guest\.run \(wasm:/.test(error.stack ?? ""),
  );
});

test("custom sections: without names there is where each function begins in the original", () => {
  const original = withNames([]);
  const { bytes } = rewriteModule(original, { metering: "fuel", counter: "own" });
  const [content] = customs(bytes, "$edge offsets");
  const reader = new Reader(new Uint8Array(content ?? assert.fail()));
  const first = reader.u32();
  const second = first + reader.u32();
  assert.ok(reader.done);
  // Bodies without their sizes: no locals and end, no locals, unreachable and end.
  assert.deepEqual([...original.subarray(first, first + 2)], [0, 0x0b]);
  assert.deepEqual([...original.subarray(second, second + 3)], [0, 0x00, 0x0b]);
});
