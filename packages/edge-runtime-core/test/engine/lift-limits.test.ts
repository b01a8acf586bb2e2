// What a guest may make the host lift: sizes are counted before anything is made, fuel and time are looked at on the
// way, and what waiting host functions hold has a limit over all runs of a thread.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ExecutionTimeout, FuelExhausted, MemoryLimitExceeded, Trap } from "edge-runtime-common";
import { fakePlatform, testPlatform } from "edge-runtime-testing";
import { CompiledModule } from "../../src/index.ts";
import type { HostFunction, HostImports, InstanceRunner } from "../../src/index.ts";
import type { SetUp } from "../support/runs.ts";
import { createEngine, createRunner, errorOf, generous, newContext, run, settle, valueOf } from "../support/runs.ts";

const pages = 512;
const mib = 1 << 20;

/**
 * Calls `take` with a list of `count` elements at 64 KiB, all of zeros but the first 64 KiB of them: pointers to the
 * same 32 KiB of `a`. The result of `give` is the same list.
 */
function passing(types: string, type: string): string {
  return `(component ${types}
    (import "take" (func $take (param "x" ${type})))
    (core module $libc (memory (export "memory") ${pages}))
    (core instance $libc (instantiate $libc))
    (core func $take (canon lower (func $take) (memory (core memory $libc "memory"))))
    (core module $m (import "" "memory" (memory ${pages})) (import "" "take" (func $take (param i32 i32)))
      (func $fill (local $i i32)
        (memory.fill (i32.const 4096) (i32.const 97) (i32.const 32768))
        (loop $l
          (i32.store offset=65536 (local.get $i) (i32.const 4096))
          (i32.store offset=65540 (local.get $i) (i32.const 32768))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 65536)))))
      (func (export "take") (param $count i32) (call $take (i32.const 65536) (local.get $count)))
      (func (export "take-filled") (param $count i32) (call $fill) (call $take (i32.const 65536) (local.get $count)))
      (func (export "give") (param $count i32) (result i32)
        (i32.store (i32.const 0) (i32.const 65536)) (i32.store (i32.const 4) (local.get $count)) (i32.const 0)))
    (core instance $m (instantiate $m (with "" (instance
      (export "memory" (memory $libc "memory")) (export "take" (func $take))))))
    (func (export "take") (param "count" u32) (canon lift (core func $m "take")))
    (func (export "take-filled") (param "count" u32) (canon lift (core func $m "take-filled")))
    (func (export "give") (param "count" u32) (result ${type})
      (canon lift (core func $m "give") (memory (core memory $libc "memory")))))`;
}

async function createPassing(
  types: string,
  type: string,
  take: HostFunction,
  setUp: SetUp = {},
): Promise<InstanceRunner> {
  const imports: HostImports = new Map([["take", take]]);
  const set = { execution: { ...generous, maxMemoryMb: 64 }, ...setUp, imports };
  const engine = createEngine(set);
  const module = await CompiledModule.fromAny(engine, new TextEncoder().encode(passing(types, type)));
  return createRunner(module, set, engine);
}

const never: HostFunction = { kind: "sync", call: () => assert.fail("the host was called") };

/** Elements that fit the memory, and more of which would fit the specification's 2^28 bytes. */
const amplifying: readonly (readonly [type: string, count: number, filled?: boolean])[] = [
  ["(list (tuple u8 u8))", 12 * mib],
  ["(list bool)", 30 * mib],
  ["(list (option u8))", 12 * mib],
  ["(list (tuple u8))", 30 * mib],
  ["(list (result u8))", 12 * mib],
  ["(list (list u8))", 3 * mib],
  ["(list string)", 3 * mib],
  ["(list string)", 8192, true],
  ["(list (list u8))", 8192, true],
  ["(list (list (tuple u8 u8)))", 8192, true],
  ["(list (option (option u8)))", 8 * mib],
];

for (const [type, count, filled = false] of amplifying) {
  test(`lift limits: ${count} of ${type}${filled ? ", filled," : ""} end the guest, not the process`, async () => {
    const runner = await createPassing("", type, never);
    const message = /more than 67108864 bytes of host memory/;
    const taken = await run(runner, filled ? "take-filled" : "take", [count]);
    assert.ok(errorOf(taken) instanceof Trap);
    assert.match(errorOf(taken).message, message);
    if (filled) return;
    const given = await run(runner, "give", [count]);
    assert.match(errorOf(given).message, message);
  });
}

/** Named types: flags, variants, records, enums. */
const named: readonly (readonly [definition: string, count: number])[] = [
  [`(flags ${Array.from({ length: 32 }, (_, index) => `"f${index}"`).join(" ")})`, 4 * mib],
  [`(variant (case "a" u8) (case "b"))`, 12 * mib],
  [`(record (field "a" u8) (field "b" u8))`, 12 * mib],
  [`(enum "a" "b")`, 30 * mib],
];

for (const [definition, count] of named) {
  test(`lift limits: ${count} of ${definition.slice(0, 30)} end the guest`, async () => {
    const types = `(type $t' ${definition}) (import "t" (type $t (eq $t')))`;
    const runner = await createPassing(types, "(list $t)", never);
    assert.match(errorOf(await run(runner, "take", [count])).message, /more than 67108864 bytes of host memory/);
  });
}

test("lift limits: 2^28 elements are over the specification's limit", async () => {
  const runner = await createPassing("", "(list (tuple u8 u8))", never);
  for (const count of [2 ** 28, 2 ** 28 - 1, 2 ** 27, 2 ** 32 - 1]) {
    assert.match(errorOf(await run(runner, "take", [count])).message, /list content out-of-bounds/);
    assert.match(errorOf(await run(runner, "give", [count])).message, /list content out-of-bounds/);
  }
});

test("lift limits: the arguments of a call share one budget", async () => {
  const both = `(component
    (import "take" (func $take (param "x" (list u8)) (param "y" (list u8))))
    (core module $libc (memory (export "memory") 1024)) (core instance $libc (instantiate $libc))
    (core func $take (canon lower (func $take) (memory (core memory $libc "memory"))))
    (core module $m (import "" "take" (func $take (param i32 i32 i32 i32)))
      (func (export "take") (param i32 i32)
        (call $take (i32.const 0) (local.get 0) (i32.const 0) (local.get 1))))
    (core instance $m (instantiate $m (with "" (instance (export "take" (func $take))))))
    (func (export "take") (param "x" u32) (param "y" u32) (canon lift (core func $m "take"))))`;
  const engine = createEngine();
  const module = await CompiledModule.fromAny(engine, new TextEncoder().encode(both));
  let seen = 0;
  const take: HostFunction = {
    kind: "sync",
    call: (_call, x: Uint8Array, y: Uint8Array) => void (seen = x.length + y.length),
  };
  const set = { execution: { ...generous, maxMemoryMb: 64 }, imports: new Map([["take", take]]) };
  const runner = await createRunner(module, set, engine);
  valueOf(await run(runner, "take", [31 * mib, 32 * mib]));
  assert.equal(seen, 63 * mib);
  assert.match(errorOf(await run(runner, "take", [32 * mib, 32 * mib])).message, /more than 67108864 bytes/);
});

test("lift limits: a list that the guest's fuel does not pay is not lifted", async () => {
  const set = { execution: { ...generous, maxFuel: 100_000, maxMemoryMb: 64 } };
  const runner = await createPassing("", "(list bool)", never, set);
  const result = await run(runner, "take", [mib]);
  assert.ok(errorOf(result) instanceof FuelExhausted);
  assert.equal(result.metrics.fuelConsumed, 100_000);
});

test("lift limits: a result is charged, and refused for its time only: its guest has done its part", async () => {
  const set = { execution: { ...generous, maxFuel: 100_000, maxMemoryMb: 64 } };
  const runner = await createPassing("", "(list bool)", never, set);
  const result = await run(runner, "give", [mib / 2]);
  assert.equal((valueOf(result) as unknown[]).length, mib / 2);
  assert.equal(result.metrics.fuelConsumed, 100_000);
  const platform = fakePlatform({ msPerReading: 1 });
  const execution = { maxFuel: 100_000, timeoutMs: 20, maxMemoryMb: 64 };
  const late = await createPassing("", "(list bool)", never, { platform, execution });
  assert.ok(errorOf(await run(late, "give", [mib])) instanceof ExecutionTimeout);
});

test("lift limits: a deadline is met in the middle of a list", async () => {
  const platform = fakePlatform({ msPerReading: 1 });
  const execution = { maxFuel: 1e12, timeoutMs: 20, maxMemoryMb: 64 };
  const runner = await createPassing("", "(list bool)", never, { platform, execution });
  assert.ok(errorOf(await run(runner, "take", [mib])) instanceof ExecutionTimeout);
});

/** A host function that waits until it is told to go on. */
function held(): { readonly take: HostFunction; readonly letGo: () => void; readonly waiting: () => number } {
  const waiting: (() => void)[] = [];
  const take: HostFunction = { kind: "async", call: () => new Promise<void>((resolve) => waiting.push(resolve)) };
  return {
    take,
    letGo: () => {
      for (const resolve of waiting.splice(0)) resolve();
    },
    waiting: () => waiting.length,
  };
}

const heldSetUp = (timeoutMs = 60_000): SetUp => ({
  platform: { ...testPlatform(), guestHeapBytes: 64 * mib },
  execution: { maxFuel: 1e12, timeoutMs, maxMemoryMb: 64 },
});

test("lift limits: what waiting host functions hold is limited over all guests, and given back", async () => {
  const { take, letGo, waiting } = held();
  const runner = await createPassing("", "(list (tuple u8 u8))", take, heldSetUp());
  // 72 bytes an element.
  const large = mib / 2;
  const first = run(runner, "take", [large]);
  await settle();
  const second = await run(runner, "take", [large]);
  assert.ok(errorOf(second) instanceof MemoryLimitExceeded);
  assert.equal(waiting(), 1);
  // Others whose arguments are small go on.
  const small = run(runner, "take", [100]);
  await settle();
  assert.equal(waiting(), 2);
  letGo();
  valueOf(await first);
  valueOf(await small);
  const third = run(runner, "take", [large]);
  await settle();
  letGo();
  valueOf(await third);
});

test("lift limits: what a host function held is given back where the run was ended meanwhile", async () => {
  const { take, letGo } = held();
  const runner = await createPassing("", "(list (tuple u8 u8))", take, heldSetUp());
  for (let round = 0; round < 3; round++) {
    const { result, cancel } = runner.start("take", [mib / 2], { context: newContext() });
    // One run after another: each needs most of the budget.
    // oxlint-disable-next-line no-await-in-loop
    await settle();
    cancel("test");
    // oxlint-disable-next-line no-await-in-loop
    assert.equal(errorOf(await result).code, "ERR_EDGE_EXECUTION_CANCELLED");
    letGo();
  }
});

test("lift limits: what a call with a wrong argument owed is not the next run's", async () => {
  const text = `(component
    (core module $m (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
      (func (export "f") (param i32 i32 i32)))
    (core instance $m (instantiate $m))
    (func (export "f") (param "s" string) (param "n" u8)
      (canon lift (core func $m "f") (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))`;
  const engine = createEngine();
  const module = await CompiledModule.fromAny(engine, new TextEncoder().encode(text));
  const runner = await createRunner(module, { execution: generous }, engine);
  const fuelOf = async (): Promise<number> => (await run(runner, "f", ["x".repeat(100), 1])).metrics.fuelConsumed;
  const alone = await fuelOf();
  assert.ok(alone > 100);
  await assert.rejects(run(runner, "f", ["x".repeat(500), 256]), { name: "SignatureMismatch" });
  assert.equal(await fuelOf(), alone);
});
