// Operators over whole arrays: fuel as Wasmtime 50.0.1 charges it, chunks with checks between them, and results, traps
// and overlaps as V8 has them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWat } from "edge-runtime-testing";
import { bulkChunkElements } from "../../src/instrument/cost-table.ts";
import { instantiateRewritten } from "../support/rewritten-instance.ts";

const module = `(module
  (type $i (array (mut i32))) (type $b (array (mut i8))) (type $f (array (mut funcref))) (type $s (struct (field i32 i64)))
  (data $d "abcdefghijklmnopqrstuvwxyz")
  (elem $e funcref (ref.null func) (ref.null func) (ref.null func) (ref.null func))
  (func (export "new") (param i32) (drop (array.new $i (i32.const 7) (local.get 0))))
  (func (export "default") (param i32) (drop (array.new_default $i (local.get 0))))
  (func (export "fixed0") (param i32) (drop (array.new_fixed $i 0)))
  (func (export "fixed3") (param i32) (drop (array.new_fixed $i 3 (i32.const 7) (i32.const 7) (i32.const 7))))
  (func (export "new_data") (param i32) (drop (array.new_data $b $d (i32.const 0) (local.get 0))))
  (func (export "new_elem") (param i32) (drop (array.new_elem $f $e (i32.const 0) (local.get 0))))
  (func (export "fill") (param i32)
    (array.fill $i (array.new_default $i (i32.const 100)) (i32.const 0) (i32.const 1) (local.get 0)))
  (func (export "copy") (param i32)
    (array.copy $i $i (array.new_default $i (i32.const 100)) (i32.const 0)
      (array.new_default $i (i32.const 100)) (i32.const 0) (local.get 0)))
  (func (export "init_data") (param i32)
    (array.init_data $b $d (array.new_default $b (i32.const 100)) (i32.const 0) (i32.const 0) (local.get 0)))
  (func (export "init_elem") (param i32)
    (array.init_elem $f $e (array.new_default $f (i32.const 100)) (i32.const 0) (i32.const 0) (local.get 0)))
  (func (export "struct") (param i32) (drop (struct.new_default $s))))`;

/** Fuel for lengths 0, 1 and 4: what Wasmtime 50.0.1 (PyPI) consumed for this module, its default costs. */
const recorded: readonly (readonly [name: string, fuel: readonly number[]])[] = [
  ["new", [4, 5, 8]],
  ["default", [3, 4, 7]],
  ["fixed0", [2, 2, 2]],
  ["fixed3", [5, 5, 5]],
  ["new_data", [4, 5, 8]],
  ["new_elem", [4, 5, 8]],
  ["fill", [107, 108, 111]],
  ["copy", [209, 210, 213]],
  ["init_data", [107, 108, 111]],
  ["init_elem", [107, 108, 111]],
  ["struct", [2, 2, 2]],
];

for (const [name, fuel] of recorded) {
  test(`array operations: ${name} consumes the fuel that Wasmtime does`, async () => {
    const instance = instantiateRewritten(await parseWat(module));
    const consumed = [0, 1, 4].map((length) => {
      const before = instance.consumed();
      instance.call(name, length);
      return instance.consumed() - before;
    });
    assert.deepEqual(consumed, fuel);
  });
}

const length = 3 * bulkChunkElements + 5;

/** Each function makes an array with every element different, moves, and gives a hash of what it holds then. */
const moves = `(module
  (type $i (array (mut i32)))
  (func $made (result (ref $i)) (local $a (ref $i)) (local $n i32)
    (local.set $a (array.new_default $i (i32.const ${length})))
    (loop $l
      (array.set $i (local.get $a) (local.get $n) (i32.mul (local.get $n) (i32.const 2654435761)))
      (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const ${length}))))
    (local.get $a))
  (func $hash (param $a (ref $i)) (result i32) (local $n i32) (local $h i32)
    (loop $l
      (local.set $h (i32.add (i32.mul (local.get $h) (i32.const 31)) (array.get $i (local.get $a) (local.get $n))))
      (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const ${length}))))
    (local.get $h))
  (func (export "fill") (param $at i32) (param $from i32) (param $count i32) (result i32) (local $a (ref $i))
    (local.set $a (call $made))
    (array.fill $i (local.get $a) (local.get $at) (i32.const 77) (local.get $count))
    (call $hash (local.get $a)))
  (func (export "copy") (param $at i32) (param $from i32) (param $count i32) (result i32) (local $a (ref $i))
    (local.set $a (call $made))
    (array.copy $i $i (local.get $a) (local.get $at) (local.get $a) (local.get $from) (local.get $count))
    (call $hash (local.get $a)))
  (func (export "fillNull") (param i32 i32 i32)
    (array.fill $i (ref.null $i) (i32.const 0) (i32.const 0) (local.get 2)))
  (func (export "copyNull") (param i32 i32 i32)
    (array.copy $i $i (call $made) (i32.const 0) (ref.null $i) (i32.const 0) (local.get 2))))`;

const ranges: readonly (readonly [at: number, from: number, count: number])[] = [
  [0, 1, length - 1],
  [1, 0, length - 1],
  [0, 0, length],
  [bulkChunkElements, 0, bulkChunkElements + 1],
  [7, bulkChunkElements, 2 * bulkChunkElements],
  [0, 2 * bulkChunkElements, bulkChunkElements],
  [length, length, 0],
  // Out of bounds: nothing may be written, and the trap is V8's.
  [1, 0, length],
  [0, 1, length],
  [length + 1, 0, 0],
  [0, 0, -1],
  [-1, 0, length],
];

test("array operations: chunks do what one operation does, and trap as it does", async () => {
  const original = await parseWat(moves);
  const plain = new WebAssembly.Instance(new WebAssembly.Module(original)).exports;
  const instance = instantiateRewritten(original);
  for (const name of ["fill", "copy", "fillNull", "copyNull"]) {
    const expected = plain[name] as unknown as (...args: readonly number[]) => unknown;
    for (const range of ranges) {
      const outcome = (call: () => unknown): unknown => {
        try {
          return call();
        } catch (error) {
          assert.ok(error instanceof WebAssembly.RuntimeError);
          return error.message;
        }
      };
      assert.equal(
        outcome(() => instance.call(name, ...range)),
        outcome(() => expected(...range)),
        `${name} ${range.join()}`,
      );
    }
  }
});

test("array operations: between chunks there is a check, which can stop them", async () => {
  const wat = `(module (type $b (array (mut i8)))
    (global $a (mut (ref null $b)) (ref.null $b))
    (func (export "make") (global.set $a (array.new_default $b (i32.const ${length}))))
    (func (export "fill") (array.fill $b (global.get $a) (i32.const 0) (i32.const 1) (i32.const ${length})))
    (func (export "copy")
      (array.copy $b $b (global.get $a) (i32.const 1) (global.get $a) (i32.const 0) (i32.const ${length - 1})))
    (func (export "at") (param i32) (result i32) (array.get_u $b (global.get $a) (local.get 0))))`;
  for (const name of ["fill", "copy"]) {
    let checks = 0;
    let last = Number.POSITIVE_INFINITY;
    const instance = instantiateRewritten(await parseWat(wat), { slice: 1, onCheck: () => (checks += 1) >= last });
    instance.call("make");
    checks = 0;
    instance.call(name);
    assert.ok(checks > 3, `${checks} checks`);
    instance.call("make");
    checks = 0;
    last = 3;
    assert.throws(() => instance.call(name), /unreachable/);
    last = Number.POSITIVE_INFINITY;
    if (name === "copy") continue;
    assert.deepEqual([instance.call("at", 0), instance.call("at", length - 1)], [1, 0]);
  }
});
