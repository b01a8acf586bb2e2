// Bulk operations in chunks against the operators themselves: same bytes, same elements, same traps, and nothing
// written where the whole range does not fit.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWat } from "edge-runtime-testing";
import { bulkChunkBytes, bulkChunkElements } from "../../src/instrument/cost-table.ts";
import { instantiateRewritten } from "../support/rewritten-instance.ts";

const pages = 36;
const size = pages * 65_536;
const chunk = bulkChunkBytes;

interface Side {
  readonly call: (name: string, ...args: unknown[]) => unknown;
  readonly exports: Readonly<Record<string, WebAssembly.ExportValue>>;
  readonly checks: () => number;
}

async function sides(wat: string): Promise<readonly [plain: Side, metered: Side]> {
  const bytes = await parseWat(wat);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const call = (name: string, ...args: unknown[]): unknown =>
    (exports[name] as unknown as (...args: unknown[]) => unknown)(...args);
  let checks = 0;
  const onCheck = (): boolean => {
    checks += 1;
    return false;
  };
  const metered = instantiateRewritten(bytes, { slice: 1, onCheck });
  return [
    { call, exports, checks: () => 0 },
    { ...metered, checks: () => checks },
  ];
}

function outcome(call: () => unknown): string {
  try {
    return `returned ${String(call())}`;
  } catch (error) {
    return error instanceof WebAssembly.RuntimeError ? error.message : `threw ${String(error)}`;
  }
}

function bytesOf(side: Side, name: string): Uint8Array {
  return new Uint8Array((side.exports[name] as WebAssembly.Memory).buffer);
}

const pattern = Uint8Array.from({ length: size }, (_, index) => index * 31 + (index >> 12));

/** Address types of (target, source, count), and how JavaScript passes them. */
const widths = [
  { name: "32-bit", a: "", b: "", types: ["i32", "i32", "i32"] },
  { name: "64-bit", a: "i64", b: "i64", types: ["i64", "i64", "i64"] },
  { name: "64-bit from 32-bit", a: "i64", b: "", types: ["i64", "i32", "i32"] },
  { name: "32-bit from 64-bit", a: "", b: "i64", types: ["i32", "i64", "i32"] },
] as const;

function pass(type: string, value: number): number | bigint {
  return type === "i64" ? BigInt(value) : value | 0;
}

const copies: readonly (readonly [target: number, source: number, count: number])[] = [
  [0, 10, 0],
  [0, 10, 100],
  [5, 0, chunk - 1],
  [5, 0, chunk],
  [5, 0, chunk + 1],
  [0, 5, chunk + 1],
  [0, 5, 2 * chunk + 7],
  [5, 0, 2 * chunk + 7],
  [chunk, 0, 2 * chunk],
  [0, chunk, 2 * chunk],
  [0, 0, 2 * chunk + 1],
  [size - 2 * chunk, 0, 2 * chunk],
  [0, size - 2 * chunk, 2 * chunk],
  [size, size, 0],
  [size + 1, 0, 0],
  [size - 2 * chunk + 1, 0, 2 * chunk],
  [0, size - 2 * chunk + 1, 2 * chunk],
  [0, 0, size + 1],
  [-1, 0, 2 * chunk],
  [0, -1, 2 * chunk],
  [-chunk, 0, 2 * chunk],
  [0, 0, -1],
];

for (const { name, a, b, types } of widths) {
  test(`bulk: memory.copy, ${name}, is the operator`, async () => {
    const params = types.map((type) => `(param ${type})`).join(" ");
    const operands = "(local.get 0) (local.get 1) (local.get 2)";
    const own = a === b ? `(func (export "own") ${params} (memory.copy $a $a ${operands}))` : "";
    const [plain, metered] = await sides(`(module
      (memory $a (export "a") ${a} ${pages}) (memory $b (export "b") ${b} ${pages})
      (func (export "copy") ${params} (memory.copy $a $b ${operands})) ${own})`);
    for (const [target, source, count] of copies) {
      for (const entry of own === "" ? ["copy"] : ["copy", "own"]) {
        const args = [target, source, count].map((value, index) => pass(types[index] ?? "i32", value));
        const before = metered.checks();
        const [expected, actual] = [plain, metered].map((side) => {
          bytesOf(side, "a").set(pattern);
          bytesOf(side, "b").set(pattern);
          return outcome(() => side.call(entry, ...args));
        });
        const what = `${entry} ${args.join()}`;
        assert.equal(actual, expected, what);
        assert.ok(Buffer.from(bytesOf(metered, "a")).equals(bytesOf(plain, "a")), what);
        if (expected === "returned undefined") assert.ok(metered.checks() - before >= Math.ceil(count / chunk), what);
      }
    }
  });
}

const fills: readonly (readonly [target: number, count: number])[] = [
  [3, 0],
  [3, chunk + 1],
  [0, size],
  [1, size],
  [size, 0],
  [size + 1, 0],
  [-1, chunk + 1],
  [0, -1],
];

for (const address of ["i32", "i64"]) {
  test(`bulk: memory.fill, ${address}, is the operator`, async () => {
    const [plain, metered] = await sides(`(module
      (memory (export "a") ${address === "i64" ? "i64" : ""} ${pages})
      (func (export "fill") (param ${address} i32 ${address})
        (memory.fill (local.get 0) (local.get 1) (local.get 2))))`);
    for (const [target, count] of fills) {
      const [expected, actual] = [plain, metered].map((side) => {
        bytesOf(side, "a").fill(1);
        return outcome(() => side.call("fill", pass(address, target), 0x1a7, pass(address, count)));
      });
      assert.equal(actual, expected, `${target} ${count}`);
      assert.ok(Buffer.from(bytesOf(metered, "a")).equals(bytesOf(plain, "a")), `${target} ${count}`);
    }
  });
}

const elements = 3 * bulkChunkElements + 100;

const tableCalls: readonly (readonly [entry: string, ...args: number[]])[] = [
  ["copy", 0, 5, 2 * bulkChunkElements + 3],
  ["copy", 5, 0, 2 * bulkChunkElements + 3],
  ["copy", 0, 5, bulkChunkElements],
  ["copy", elements - bulkChunkElements - 1, 0, bulkChunkElements + 2],
  ["copy", 0, -1, bulkChunkElements + 2],
  ["other", 7, 1, bulkChunkElements + 9],
  ["fill", 3, 77, bulkChunkElements + 9],
  ["fill", 0, 78, elements],
  ["fill", 1, 79, elements],
];

test("bulk: table.copy and table.fill are the operators", async () => {
  const [plain, metered] = await sides(`(module
    (table $a (export "a") ${elements} externref) (table $b (export "b") ${elements} externref)
    (func (export "copy") (param i32 i32 i32) (table.copy $a $a (local.get 0) (local.get 1) (local.get 2)))
    (func (export "other") (param i32 i32 i32) (table.copy $a $b (local.get 0) (local.get 1) (local.get 2)))
    (func (export "fill") (param i32 externref i32) (table.fill $a (local.get 0) (local.get 1) (local.get 2))))`);
  const tableOf = (side: Side, name: string): WebAssembly.Table => side.exports[name] as WebAssembly.Table;
  for (const side of [plain, metered]) {
    for (let index = 0; index < elements; index++) {
      tableOf(side, "a").set(index, index);
      tableOf(side, "b").set(index, -index);
    }
  }
  for (const [entry, ...args] of tableCalls) {
    const [expected, actual] = [plain, metered].map((side) => outcome(() => side.call(entry, ...args)));
    assert.equal(actual, expected, `${entry} ${args.join()}`);
    for (let index = 0; index < elements; index += 1) {
      if (tableOf(metered, "a").get(index) !== tableOf(plain, "a").get(index)) assert.fail(`${entry} at ${index}`);
    }
  }
});

test("bulk: tables of typed references are filled and grown in chunks too", async () => {
  const count = 2 * bulkChunkElements + 5;
  const [plain, metered] = await sides(`(module (type $f (func (result i32))) (table $t 0 (ref null $f))
    (elem declare func $seven) (func $seven (type $f) (i32.const 7))
    (func (export "grow") (param i32) (result i32) (table.grow $t (ref.null $f) (local.get 0)))
    (func (export "fill") (param i32 i32) (table.fill $t (local.get 0) (ref.func $seven) (local.get 1)))
    (func (export "call") (param i32) (result i32) (call_ref $f (table.get $t (local.get 0)))))`);
  for (const [entry, ...args] of [
    ["grow", count],
    ["fill", 1, count - 1],
    ["call", count - 1],
    ["call", 1],
    ["call", 0],
    ["fill", 2, count - 1],
  ] as const) {
    const [expected, actual] = [plain, metered].map((side) => outcome(() => side.call(entry, ...args)));
    assert.equal(actual, expected, `${entry} ${args.join()}`);
  }
  assert.ok(metered.checks() >= 3);
});

test("bulk: a fill that is ended between chunks has written whole chunks only", async () => {
  const bytes = await parseWat(`(module (memory (export "memory") ${pages})
    (func (export "fill") (memory.fill (i32.const 0) (i32.const 1) (i32.const ${3 * chunk}))))`);
  let checks = 0;
  const instance = instantiateRewritten(bytes, { slice: 1, onCheck: () => ++checks > 3 });
  assert.throws(() => instance.call("fill"), WebAssembly.RuntimeError);
  const memory = new Uint8Array((instance.exports["memory"] as WebAssembly.Memory).buffer);
  const written = memory.indexOf(0);
  assert.equal(written % chunk, 0);
  assert.ok(written < 3 * chunk);
});

test("bulk: memory.init and table.init with impossible counts trap without being charged", async () => {
  const bytes = await parseWat(`(module (memory 1) (table 1 funcref) (data $d "abc") (elem $e funcref)
    (func (export "memory") (param i32) (memory.init $d (i32.const 0) (i32.const 0) (local.get 0)))
    (func (export "table") (param i32) (table.init $e (i32.const 0) (i32.const 0) (local.get 0))))`);
  const instance = instantiateRewritten(bytes);
  for (const entry of ["memory", "table"]) {
    for (const count of [-1, 1 << 30, -(2 ** 31)]) {
      const before = instance.consumed();
      assert.throws(() => instance.call(entry, count), WebAssembly.RuntimeError);
      assert.ok(instance.consumed() - before < 10);
    }
  }
});
