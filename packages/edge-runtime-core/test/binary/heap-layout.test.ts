// The charges against V8's own heap: what objects take must not be more than what guests are charged for them, nor
// so much less that honest programs suffer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parseWat } from "edge-runtime-testing";
import { readCoreModule } from "../../src/binary/module.ts";
import { arrayBytes, fieldBytes, instanceBytes, thrownBytes } from "../../src/binary/heap-layout.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const objects = 10_000;

/** Bytes in V8's heap that are alive. What one collection finds dead may keep more alive until the next. */
function liveBytes(): number {
  let before = Number.POSITIVE_INFINITY;
  let now = Number.MAX_SAFE_INTEGER;
  for (let round = 0; round < 4 && now < before; round++) {
    before = now;
    collect();
    now = process.memoryUsage().heapUsed;
  }
  return now;
}

/**
 * Bytes that V8's heap grows by for each of `objects` things that `make` links into a list: the median of three, since
 * the test runner's own objects come and go.
 */
async function measure(types: string, make: string): Promise<number> {
  const used: number[] = [];
  for (let round = 0; round < 3; round++) {
    // oxlint-disable-next-line no-await-in-loop -- one heap, measured by turns
    used.push(await measureOnce(types, make));
  }
  return used.toSorted((left, right) => left - right)[1] ?? Number.NaN;
}

async function measureOnce(types: string, make: string): Promise<number> {
  // Cells of a list hold them: 16 of header, a reference to the thing and one to the next cell.
  const wat = `(module ${types}
    (rec (type $cell (struct (field anyref) (field exnref) (field (ref null $cell)))))
    (global $list (mut (ref null $cell)) (ref.null $cell))
    (func (export "fill") (param i32)
      (loop $l ${make} (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(await parseWat(wat)));
  const fill = exports["fill"] as unknown as (count: number) => void;
  fill(1);
  const before = liveBytes();
  fill(objects);
  const after = liveBytes();
  // The list is alive until here.
  assert.ok(exports["fill"]);
  return (after - before) / objects - 40;
}

const keep = (value: string): string =>
  `(global.set $list (struct.new $cell ${value} (ref.null exn) (global.get $list)))`;

async function structBytes(type: string): Promise<number> {
  const [defined] = readCoreModule(await parseWat(`(module ${type})`)).types;
  return defined?.kind === "struct" ? defined.bytes : assert.fail();
}

const structs = [
  "(type $t (struct))",
  "(type $t (struct (field i8)))",
  "(type $t (struct (field i32 i32)))",
  "(type $t (struct (field i8 i64 i8 i64)))",
  "(type $t (struct (field v128 anyref f32)))",
  `(type $t (struct (field ${"i64 ".repeat(200)})))`,
];

function assertClose(charged: number, used: number): void {
  // Pages of the heap are not filled to their end: up to a hundredth of what is measured.
  assert.ok(charged >= used * 0.99 - 1, `charged ${charged}, used ${used}`);
  assert.ok(charged <= used * 1.5 + 16, `charged ${charged}, used ${used}`);
}

for (const type of structs) {
  test(`heap layout: ${type.slice(0, 60)} takes what it is charged`, async () => {
    const charged = Math.ceil((await structBytes(type)) / 8) * 8;
    assertClose(charged, await measure(type, keep("(struct.new_default $t)")));
  });
}

for (const [element, length] of [
  ["i8", 0],
  ["i8", 1001],
  ["i16", 33],
  ["i64", 500],
  ["anyref", 100],
] as const) {
  test(`heap layout: an array of ${length} ${element} takes what it is charged`, async () => {
    const bytes = element === "i8" ? 1 : element === "i16" ? 2 : fieldBytes(element);
    const used = await measure(
      `(type $t (array (mut ${element})))`,
      keep(`(array.new_default $t (i32.const ${length}))`),
    );
    assertClose(arrayBytes({ code: [], bytes }, length), used);
  });
}

function exceptions(params: readonly string[]): Promise<number> {
  const values = params.map((type) => (type === "externref" ? "(ref.null extern)" : `(${type}.const 1311768467)`));
  const make = `(global.set $list (struct.new $cell (ref.null any)
    (block $h (result exnref) (try_table (catch_all_ref $h) (throw $e ${values.join("")})) (unreachable))
    (global.get $list)))`;
  return measure(`(tag $e (param ${params.join(" ")}))`, make);
}

test("heap layout: an exception takes no more than it, or the place that holds it, is charged", async () => {
  const held = fieldBytes("(ref null exn)") - 8;
  for (const params of [[], ["i32"], ["i64", "f64"], Array.from({ length: 8 }, () => "i64")]) {
    assert.equal(thrownBytes(params), 0);
    // oxlint-disable-next-line no-await-in-loop -- one heap, measured by turns
    assert.ok((await exceptions(params)) <= held);
  }
  const large = [...Array.from({ length: 100 }, () => "i64"), ...Array.from({ length: 50 }, () => "externref"), "f32"];
  assertClose(thrownBytes(large), await exceptions(large));
});

test("heap layout: an instance takes no more than is reserved for its exports and taken functions", async () => {
  const count = 2000;
  const functions = Array.from({ length: count }, (_, index) => `(func $f${index} (export "f${index}"))`);
  const taken = Array.from({ length: count }, (_, index) => `$f${index}`).join(" ");
  const wat = `(module (table ${count} funcref) (elem (i32.const 0) func ${taken}) ${functions.join("")})`;
  const module = new WebAssembly.Module(await parseWat(wat));
  const instances = [new WebAssembly.Instance(module)];
  const before = liveBytes();
  for (let index = 0; index < 20; index++) instances.push(new WebAssembly.Instance(module));
  const used = (liveBytes() - before) / 20;
  assert.equal(instances.length, 21);
  // The table's elements are charged to the guest.
  const charged = instanceBytes({ functions: count, others: 0 }, count) + count * 8;
  assertClose(charged, used);
});

test("heap layout: a loop that throws and catches keeps nothing", async () => {
  const wat = `(module (tag $e (param i64)) (func (export "f") (param i32)
    (loop $l
      (drop (block $h (result i64) (try_table (catch $e $h) (throw $e (i64.const 1))) (unreachable)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(await parseWat(wat)));
  const loop = exports["f"] as unknown as (count: number) => void;
  loop(1000);
  const before = liveBytes();
  loop(1_000_000);
  assert.ok(liveBytes() - before < 1 << 20);
});
