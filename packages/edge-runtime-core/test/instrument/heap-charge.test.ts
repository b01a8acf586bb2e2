// What each allocating operator is charged, in words of 8 bytes, and that it is charged before it allocates.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWat } from "edge-runtime-testing";
import type { CounterPlace, Metering } from "../../src/instrument/plan.ts";
import { rewriteModule } from "../../src/instrument/rewrite-module.ts";
import { instantiateRewritten } from "../support/rewritten-instance.ts";

const types = `
  (type $empty (struct)) (type $point (struct (field i32) (field i8) (field i64)))
  (type $bytes (array (mut i8))) (type $shorts (array (mut i16))) (type $longs (array (mut i64)))
  (type $vectors (array (mut v128))) (type $refs (array (mut anyref))) (type $exns (array (mut exnref)))
  (type $funcs (array (mut funcref)))
  (data $d "0123456789abcdef") (elem $e funcref (ref.null func) (ref.null func) (ref.null func))
  (tag $small (param i64 i64 i64 i64 i64 i64 i64 i64)) (tag $large (param i64 i64 i64 i64 i64 i64 i64 i64 i64))`;

const longs = (count: number): string => "(i64.const 1)".repeat(count);
const thrown = (body: string): string => `(block $h (try_table (catch_all $h) ${body}))`;

/** Bytes: 16 of header and fields for structs, 24 and elements for arrays, 72 and payload for exceptions. */
const charges: readonly (readonly [code: string, bytes: number])[] = [
  ["(drop (struct.new $empty))", 16],
  ["(drop (struct.new_default $point))", 32],
  ["(drop (struct.new $point (i32.const 1) (i32.const 2) (i64.const 3)))", 32],
  ["(drop (array.new_fixed $bytes 3 (i32.const 1) (i32.const 2) (i32.const 3)))", 32],
  ["(drop (array.new_fixed $vectors 0))", 24],
  ["(drop (array.new $longs (i64.const 1) (i32.const 100)))", 824],
  ["(drop (array.new_default $bytes (i32.const 0)))", 24],
  ["(drop (array.new_default $bytes (i32.const 9)))", 40],
  ["(drop (array.new_default $shorts (i32.const 9)))", 48],
  ["(drop (array.new_default $vectors (i32.const 9)))", 168],
  ["(drop (array.new_default $refs (i32.const 9)))", 96],
  // Each element may keep an exception of 328 bytes alive.
  ["(drop (array.new_default $exns (i32.const 2)))", 24 + 2 * 336],
  ["(drop (array.new_data $bytes $d (i32.const 2) (i32.const 8)))", 32],
  ["(drop (array.new_elem $funcs $e (i32.const 0) (i32.const 2)))", 40],
  [thrown("(throw $small (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)" + longs(4) + ")"), 0],
  [thrown(`(throw $large ${longs(9)})`), 72 + 9 * 32],
  ["(drop (ref.i31 (i32.const 1)))", 0],
  ["(drop (extern.convert_any (struct.new $empty)))", 16],
];

const ways: readonly (readonly [Metering, CounterPlace])[] = [
  ["fuel", "own"],
  ["deadline", "imported"],
  ["none", "own"],
  ["none", "imported"],
];

for (const [code, bytes] of charges) {
  test(`heap charge: ${code} takes ${bytes} bytes`, async () => {
    const original = await parseWat(`(module ${types} (func (export "f") ${code}))`);
    for (const [metering, counter] of ways) {
      const instance = instantiateRewritten(original, { metering, counter });
      instance.call("f");
      assert.equal(instance.allocated() * 8, bytes, `${metering} ${counter}`);
      instance.call("f");
      assert.equal(instance.allocated() * 8, 2 * bytes, `${metering} ${counter}`);
    }
  });

  if (bytes === 0) continue;
  test(`heap charge: ${code} asks before it allocates`, async () => {
    const wat = `(module ${types} (global (export "after") (mut i32) (i32.const 0))
      (func (export "f") ${code} (global.set 0 (i32.const 1))))`;
    for (const [metering, counter] of ways) {
      const asked: number[] = [];
      const instance = instantiateRewritten(await parseWat(wat), {
        metering,
        counter,
        heapWords: 1,
        onAllocate: (words) => {
          asked.push(words * 8);
          throw new Error("full");
        },
      });
      const fails = (): unknown => instance.call("f");
      // A catch_all catches what the test throws; the engine throws what none does.
      if (code.includes("catch_all")) fails();
      else assert.throws(fails, /full/);
      assert.deepEqual(asked, [bytes]);
      if (!code.includes("catch_all")) assert.equal((instance.exports["after"] as WebAssembly.Global).value, 0);
    }
  });
}

test("heap charge: a length that no array can have is V8's to refuse, uncharged", async () => {
  const wat = `(module ${types}
    (func (export "new") (param i32) (drop (array.new $longs (i64.const 0) (local.get 0))))
    (func (export "default") (param i32) (drop (array.new_default $bytes (local.get 0))))
    (func (export "data") (param i32) (drop (array.new_data $bytes $d (i32.const 0) (local.get 0)))))`;
  const original = await parseWat(wat);
  const plain = new WebAssembly.Instance(new WebAssembly.Module(original)).exports;
  const instance = instantiateRewritten(original);
  for (const name of ["new", "default", "data"]) {
    const call = plain[name] as unknown as (length: number) => void;
    for (const length of [-1, 2 ** 31 - 1, -(2 ** 31)]) {
      assert.throws(() => call(length), /array is too large/);
      assert.throws(() => instance.call(name, length), /array is too large/);
    }
  }
  assert.equal(instance.allocated(), 0);
});

test("heap charge: the longest arrays are charged in full, though more than 32 bits of words", async () => {
  const wat = `(module ${types} (func (export "f") (param i32) (drop (array.new_default $exns (local.get 0)))))`;
  for (const [length, words] of [
    [2 ** 27 - 1, 2 ** 31 - 1],
    [2 ** 24, (24 + 2 ** 24 * 336) / 8],
  ] as const) {
    const asked: number[] = [];
    const instance = instantiateRewritten(await parseWat(wat), {
      heapWords: 0,
      onAllocate: (used) => {
        asked.push(used);
        throw new Error("full");
      },
    });
    assert.throws(() => instance.call("f", length), /full/);
    assert.deepEqual(asked, [words]);
  }
});

const constants: readonly (readonly [fields: string, bytes: number])[] = [
  ["(global (ref $point) (struct.new_default $point))", 32],
  ["(global (ref $bytes) (array.new_default $bytes (i32.const 100)))", 128],
  ["(global (ref $longs) (array.new $longs (i64.const 1) (i32.add (i32.const 50) (i32.const 50))))", 824],
  [
    "(global $n i32 (i32.const 10)) (global (ref $bytes) (array.new_default $bytes (i32.mul (global.get $n) (i32.const 10))))",
    128,
  ],
  ["(global anyref (struct.new $point (i32.const 1) (i32.const 2) (i64.const 3)))", 32],
  ["(global (ref $refs) (array.new_fixed $refs 2 (struct.new_default $empty) (struct.new_default $empty)))", 40 + 32],
  ["(table 10 (ref $empty) (struct.new $empty))", 16],
  ["(elem (ref $empty) (struct.new $empty) (struct.new $empty))", 32],
  ["(global (ref $bytes) (array.new_default $bytes (i32.const -1)))", 24 + 2 ** 32],
  [
    '(import "a" "n" (global $n i32)) (global (ref $bytes) (array.new_default $bytes (global.get $n)))',
    Number.MAX_SAFE_INTEGER,
  ],
];

for (const [fields, bytes] of constants) {
  test(`heap charge: ${fields} takes ${bytes} bytes from the start`, async () => {
    const imports = /^\(import[^)]*\)+/.exec(fields)?.[0] ?? "";
    const original = await parseWat(`(module ${imports} ${types} ${fields.slice(imports.length)})`);
    const { plan } = rewriteModule(original, { metering: "fuel", counter: "own" });
    assert.ok(plan.initialHeapBytes === bytes || plan.initialHeapBytes === Math.ceil(bytes / 8) * 8);
    assert.notEqual(plan.notRestorable, undefined);
  });
}

test("heap charge: modules that allocate nothing have no global and no import for it", async () => {
  const original = await parseWat("(module (tag (param i32)) (func (drop (ref.i31 (i32.const 1)))))");
  const { bytes } = rewriteModule(original, { metering: "fuel", counter: "imported" });
  const names = WebAssembly.Module.imports(new WebAssembly.Module(bytes)).map((entry) => entry.name);
  assert.deepEqual(names, ["grow", "check", "yield", "counter"]);
});
