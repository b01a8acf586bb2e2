// Objects of the garbage-collection proposal and large exceptions count to the run's memory limit: V8's heap is one
// for all, and exhausting it ends the process.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryLimitExceeded, PoolExhausted } from "edge-runtime-common";
import { parseWat, testPlatform } from "edge-runtime-testing";
import { CompiledModule } from "../../src/index.ts";
import { createEngine, createRunner, errorOf, generous, run, runOnce, settle, valueOf } from "../support/runs.ts";

const limits = { ...generous, maxMemoryMb: 8 };

/** Repeats `code` for ever inside handlers that catch whatever can be caught. */
const hostile = (types: string, code: string): string => `(module ${types}
  (func (export "run") (loop $l (block $h (try_table (catch_all $h) (loop $m ${code} (br $m)))) (br $l))))`;

const wide = `(type $wide (struct ${"(field i64)".repeat(10_000)}))`;
const guests: readonly (readonly [name: string, wat: string])[] = [
  ["small structs", hostile("(type $s (struct (field i32)))", "(drop (struct.new_default $s))")],
  ["structs of 80 KB for 1 fuel", hostile(wide, "(drop (struct.new_default $wide))")],
  ["arrays", hostile("(type $a (array i8))", "(drop (array.new_default $a (i32.const 100000)))")],
  ["one array", hostile("(type $a (array i64))", "(drop (array.new $a (i64.const 1) (i32.const 8000000)))")],
  ["fixed arrays", hostile("(type $a (array i32))", "(drop (array.new_fixed $a 2 (i32.const 1) (i32.const 2)))")],
  [
    "arrays of data",
    hostile('(type $a (array i8)) (data $d "abc")', "(drop (array.new_data $a $d (i32.const 0) (i32.const 3)))"),
  ],
  [
    "arrays of elements",
    hostile(
      "(type $a (array funcref)) (elem $e funcref (ref.null func))",
      "(drop (array.new_elem $a $e (i32.const 0) (i32.const 1)))",
    ),
  ],
  ["large exceptions", hostile(`(tag $t (param ${"i64 ".repeat(500)}))`, `${"(i64.const 1)".repeat(500)} (throw $t)`)],
];

for (const [name, wat] of guests) {
  for (const fuelMetering of [true, false]) {
    test(`heap limits: ${name} end with the memory limit, metered ${fuelMetering}`, async () => {
      const result = await runOnce(wat, "run", [], { execution: { ...limits, fuelMetering } });
      const error = errorOf(result);
      assert.ok(error instanceof MemoryLimitExceeded, String(error));
      assert.equal(error.limitMb, 8);
      assert.ok(result.metrics.memoryUsedBytes >= 8 << 20, String(result.metrics.memoryUsedBytes));
    });
  }
}

test("heap limits: they hold with all metering off", async () => {
  const set = { execution: { ...limits, fuelMetering: false }, engine: { epochInterruption: false } };
  for (const [, wat] of guests) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.ok(errorOf(await runOnce(wat, "run", [], set)) instanceof MemoryLimitExceeded);
  }
});

test("heap limits: objects and memories count together, to the byte of a slice", async () => {
  const wat = `(module (memory 64) (type $a (array i8))
    (func (export "array") (param i32) (drop (array.new_default $a (local.get 0))))
    (func (export "both") (param i32 i32) (result i32)
      (drop (array.new_default $a (local.get 0))) (memory.grow (local.get 1)))
    (func (export "growFirst") (param i32 i32) (result i32) (local $grown i32)
      (drop (array.new_default $a (i32.const 1)))
      (local.set $grown (memory.grow (local.get 1)))
      (drop (array.new_default $a (local.get 0)))
      (local.get $grown)))`;
  const half = 4 << 20;
  const call = async (entry: string, ...args: number[]): Promise<unknown> => {
    const result = await runOnce(wat, entry, args, { execution: limits });
    return result.kind === "success" ? (result.value as unknown[])[0] : result.code;
  };
  const full = "ERR_EDGE_MEMORY_LIMIT_EXCEEDED";
  assert.equal(await call("array", half - 24), undefined);
  assert.equal(await call("array", half - 15), full);
  assert.equal(await call("both", half - 65_536 - 24, 1), 64);
  assert.equal(await call("both", half - 65_536 - 16, 1), -1);
  assert.equal(await call("growFirst", half - 65_536 - 24 - 32, 1), 64);
  assert.equal(await call("growFirst", half - 65_536 - 24 - 24, 1), full);
});

test("heap limits: every run of a kept instance has the whole limit", async () => {
  const wat = `(module (type $a (array i8))
    (func (export "run") (drop (array.new_default $a (i32.const 6000000)))))`;
  const runner = await createRunner(wat, { execution: limits });
  for (let count = 0; count < 10; count++) {
    // oxlint-disable-next-line no-await-in-loop -- each run follows the last
    const result = await run(runner, "run");
    valueOf(result);
    assert.ok(result.metrics.memoryUsedBytes >= 6_000_000 && result.metrics.memoryUsedBytes < 6_001_000);
    // oxlint-disable-next-line no-await-in-loop
    await settle();
  }
  assert.deepEqual([runner.stats().live, runner.stats().discarded], [1, 0]);
});

const starts: readonly (readonly [what: string, state: string])[] = [
  ["a constant expression", "(global (ref $a) (array.new_default $a (i32.const 6000000)))"],
  [
    "a start function",
    `(global $g (mut (ref null $a)) (ref.null $a))
      (func $s (global.set $g (array.new_default $a (i32.const 6000000)))) (start $s)`,
  ],
];

for (const [what, state] of starts) {
  test(`heap limits: what ${what} made counts to every run, and to the budget while it lives`, async () => {
    const wat = `(module (type $a (array i8)) ${state}
      (func (export "run") (param i32) (drop (array.new_default $a (local.get 0)))))`;
    const engine = createEngine();
    const runner = await createRunner(wat, { execution: limits }, engine);
    await runner.warmUp(1);
    assert.ok(engine.heapBudget.usedBytes >= 6_000_000 && engine.heapBudget.usedBytes < 6_300_000);
    const small = await run(runner, "run", [1_000_000]);
    valueOf(small);
    assert.ok(small.metrics.memoryUsedBytes >= 7_000_000);
    assert.ok(errorOf(await run(runner, "run", [3_000_000])) instanceof MemoryLimitExceeded);
    runner.dispose();
    await settle();
    assert.equal(engine.heapBudget.usedBytes, 0);
  });
}

test("heap limits: constants over the limit are refused before V8 makes them", async () => {
  const array = "(module (type $a (array i8)) (global (ref $a) (array.new_default $a (i32.const 9000000))))";
  await assert.rejects(createRunner(array, { execution: limits }), MemoryLimitExceeded);
});

test("heap limits: a table that can hold exceptions counts them", async () => {
  const wat = `(module (table $t 0 exnref) (tag $e)
    (func (export "run") (param i32) (result i32) (table.grow $t (ref.null exn) (local.get 0))))`;
  const grow = async (count: number): Promise<unknown> =>
    valueOf(await runOnce(wat, "run", [count], { execution: limits }));
  assert.deepEqual(await grow(24_966), [0]);
  assert.deepEqual(await grow(24_967), [-1]);
  await assert.rejects(createRunner("(module (table 24967 exnref))", { execution: limits }), MemoryLimitExceeded);
});

test("heap limits: the core instances of a component count together", async () => {
  const module = (name: string): string => `(core module $${name} (type $a (array i8))
    (func (export "f") (param i32) (drop (array.new_default $a (local.get 0)))))`;
  const wat = `(component ${module("a")} ${module("b")}
    (core module $main (import "a" "f" (func $a (param i32))) (import "b" "f" (func $b (param i32)))
      (func (export "run") (param i32 i32) (call $a (local.get 0)) (call $b (local.get 1))))
    (core instance $a (instantiate $a)) (core instance $b (instantiate $b))
    (core instance $main (instantiate $main (with "a" (instance $a)) (with "b" (instance $b))))
    (func (export "run") (param "a" u32) (param "b" u32) (canon lift (core func $main "run"))))`;
  const engine = createEngine();
  const compiled = await CompiledModule.fromAny(engine, await parseWat(wat));
  const runner = await createRunner(compiled, { execution: limits }, engine);
  const fits = await run(runner, "run", [4_000_000, 4_000_000]);
  valueOf(fits);
  assert.ok(fits.metrics.memoryUsedBytes >= 8_000_000);
  assert.ok(errorOf(await run(runner, "run", [5_000_000, 5_000_000])) instanceof MemoryLimitExceeded);
});

test("heap limits: what V8 needs for instances is taken from the budget as long as they live", async () => {
  const exports = Array.from({ length: 10_000 }, (_, index) => `(func (export "f${index}"))`).join("");
  const platform = { ...testPlatform(), guestHeapBytes: 10 << 20 };
  const engine = createEngine({ platform });
  const runner = await createRunner(`(module ${exports})`, {}, engine);
  const before = await run(runner, "f0");
  valueOf(before);
  assert.equal(before.metrics.memoryUsedBytes, 0);
  assert.equal(engine.heapBudget.usedBytes, 4_000_000);
  await runner.warmUp(2);
  await assert.rejects(runner.warmUp(3), (error: unknown) => error instanceof PoolExhausted);
  valueOf(await run(runner, "f1"));
  runner.dispose();
  await settle();
  assert.equal(engine.heapBudget.usedBytes, 0);
});

test("heap limits: runs together cannot take more than the platform has, each below its own limit", async () => {
  const platform = { ...testPlatform(), guestHeapBytes: 10 << 20 };
  const engine = createEngine({ platform });
  const wat = `(module (import "env" "wait" (func $wait)) (type $a (array i8))
    (func (export "run") (param i32) (local $kept (ref null $a))
      (local.set $kept (array.new_default $a (local.get 0))) (call $wait) (drop (local.get $kept))))`;
  const { hostInstance } = await import("../../src/index.ts");
  const releases: (() => void)[] = [];
  const wait = { kind: "async", call: () => new Promise<void>((resolve) => releases.push(resolve)) } as const;
  const imports = new Map([["env", hostInstance({ wait })]]);
  const runner = await createRunner(wat, { execution: limits, imports }, engine);
  const first = run(runner, "run", [6_000_000]);
  await settle();
  const error = errorOf(await run(runner, "run", [6_000_000]));
  assert.ok(error instanceof MemoryLimitExceeded && error.limitMb === 10);
  for (const release of releases) release();
  valueOf(await first);
  // What two instances themselves take is left.
  assert.equal(engine.heapBudget.usedBytes, 800);
  const third = run(runner, "run", [6_000_000]);
  await settle();
  for (const release of releases) release();
  valueOf(await third);
});
