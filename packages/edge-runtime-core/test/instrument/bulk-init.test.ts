// Initialisation from segments in chunks against the operators themselves: same contents, same traps, and nothing
// written where the range leaves its memory, table, array or segment.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWat } from "edge-runtime-testing";
import { bulkChunkBytes, bulkChunkElements } from "../../src/instrument/cost-table.ts";
import { instantiateRewritten } from "../support/rewritten-instance.ts";

type Call = (...args: unknown[]) => unknown;

interface Kind {
  readonly name: string;
  /** Exports `init(d, s, n)`, and `sum`: a number that tells the contents apart. */
  readonly wat: string;
  readonly chunk: number;
  /** Places in the target, and in the segment. */
  readonly size: number;
  readonly segment: number;
  /** The first operand is an i64. */
  readonly wide?: boolean;
}

const bytes = 2 * bulkChunkBytes + 70;
const elements = 2 * bulkChunkElements + 70;
const text = "0123456789abcdefghijklmnopqrstuvwxyz!".repeat(Math.ceil(bytes / 37)).slice(0, bytes);
const pages = Math.ceil(bytes / 65_536) + 1;
const operands = "(local.get 0) (local.get 1) (local.get 2)";

/** Adds up `load` over a memory, table or array, each place that is looked at weighted by its index. */
function sum(size: number, load: string, stride = 1): string {
  return `(func (export "sum") (result i32) (local $i i32) (local $h i32)
    (loop (local.set $h (i32.add (i32.mul (local.get $h) (i32.const 31)) ${load}))
      (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const ${stride}))) (i32.const ${size})))) (local.get $h))`;
}

function memory(address: "i32" | "i64"): string {
  const index = address === "i64" ? "(i64.extend_i32_u (local.get $i))" : "(local.get $i)";
  return `(module (memory ${address} ${pages}) (data $d "${text}")
    (func (export "init") (param ${address} i32 i32) (memory.init $d ${operands}))
    ${sum(pages * 65_536, `(i32.load8_u ${index})`, 13)})`;
}

const functions = "(func $a) (func $b)";
const list = Array.from({ length: elements }, (_, index) => (index % 3 === 0 ? "$a" : "$b")).join(" ");

const kinds: readonly Kind[] = [
  { name: "memory.init", wat: memory("i32"), chunk: bulkChunkBytes, size: pages * 65_536, segment: bytes },
  {
    name: "memory.init, 64-bit",
    wat: memory("i64"),
    chunk: bulkChunkBytes,
    size: pages * 65_536,
    segment: bytes,
    wide: true,
  },
  {
    name: "table.init",
    wat: `(module ${functions} (table $t ${elements + 500} funcref) (elem $e func ${list}) (elem declare func $a)
      (type $v (func)) (func (export "init") (param i32 i32 i32) (table.init $t $e ${operands}))
      ${sum(elements + 500, "(ref.is_null (table.get $t (local.get $i)))")})`,
    chunk: bulkChunkElements,
    size: elements + 500,
    segment: elements,
  },
  {
    name: "array.init_data",
    wat: `(module (type $a (array (mut i8))) (memory 0) (data $d "${text.slice(0, elements)}")
      (global $g (mut (ref null $a)) (ref.null $a))
      (func $array (result (ref null $a)) (if (ref.is_null (global.get $g))
        (then (global.set $g (array.new_default $a (i32.const ${elements + 500}))))) (global.get $g))
      (func (export "init") (param i32 i32 i32) (array.init_data $a $d (call $array) ${operands}))
      ${sum(elements + 500, "(array.get_u $a (call $array) (local.get $i))")})`,
    chunk: bulkChunkElements,
    size: elements + 500,
    segment: elements,
  },
  {
    name: "array.init_elem",
    wat: `(module ${functions} (type $a (array (mut funcref))) (elem $e func ${list})
      (global $g (mut (ref null $a)) (ref.null $a))
      (func $array (result (ref null $a)) (if (ref.is_null (global.get $g))
        (then (global.set $g (array.new_default $a (i32.const ${elements + 500}))))) (global.get $g))
      (func (export "init") (param i32 i32 i32) (array.init_elem $a $e (call $array) ${operands}))
      ${sum(elements + 500, "(ref.is_null (array.get $a (call $array) (local.get $i)))")})`,
    chunk: bulkChunkElements,
    size: elements + 500,
    segment: elements,
  },
];

/** (place, place in the segment, count): within, up to the last place, one beyond, and around 2^32. */
function rows({ chunk, size, segment }: Kind): readonly (readonly [number, number, number])[] {
  return [
    [0, 0, 0],
    [3, 5, 100],
    [0, 0, chunk],
    [1, 2, chunk + 1],
    [7, 0, segment],
    [0, 3, segment - 3],
    [size - segment, 0, segment],
    [size - segment + 1, 0, segment],
    [0, 1, segment],
    [0, segment, 1],
    [-1, 0, 2 * chunk],
    [0, -1, 2 * chunk],
    [0, -chunk, 2 * chunk],
    [-chunk, 0, 2 * chunk],
    [0, 0, 2 ** 30],
    [0, 0, -1],
  ];
}

function outcome(init: Call, args: readonly unknown[]): string {
  try {
    init(...args);
    return "returned";
  } catch (error) {
    return error instanceof WebAssembly.RuntimeError ? error.message : String(error);
  }
}

for (const kind of kinds) {
  test(`bulk init: ${kind.name} is the operator`, async () => {
    const original = await parseWat(kind.wat);
    const module = new WebAssembly.Module(original);
    const results = new Set<string>();
    for (const [place, from, count] of rows(kind)) {
      const args = [kind.wide === true ? BigInt.asUintN(64, BigInt(place)) : place, from, count];
      const plain = new WebAssembly.Instance(module).exports as unknown as Record<"init" | "sum", Call>;
      let checks = 0;
      const onCheck = (): boolean => {
        checks += 1;
        return false;
      };
      const metered = instantiateRewritten(original, { slice: 1, onCheck });
      const expected = outcome(plain.init, args);
      results.add(expected);
      const before = metered.consumed();
      const actual = outcome((...given) => metered.call("init", ...given), args);
      const what = `(${args.join()})`;
      assert.equal(actual, expected, what);
      if (expected === "returned") {
        assert.ok(metered.consumed() - before >= count, what);
        assert.ok(checks >= Math.ceil(count / kind.chunk), `${what}: ${checks} checks`);
      }
      assert.equal(metered.call("sum"), plain.sum(), what);
    }
    assert.ok(results.size >= 2);
  });
}
