// Verification finds whatever a reset leaves, and names it and nothing else. Leaks are planted by a restore step that
// skips one thing; only a test can put one into a pool.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createPool } from "../../src/engine/instantiate.ts";
import { runLimits } from "../../src/engine/limits.ts";
import { CompiledModule, hostInstance } from "../../src/index.ts";
import type { HostFunction, HostImports } from "../../src/index.ts";
import type { InstancePool, PooledInstance } from "../../src/pool/instance-pool.ts";
import { restoreInstance } from "../../src/pool/instance-pool.ts";
import { ResetVerifier } from "../../src/pool/reset-verifier.ts";
import { createEngine, engineDefaults, executionDefaults, generous, newContext, settle } from "../support/runs.ts";

const secret: HostFunction = { kind: "sync", reads: "nothing", call: () => ({ of: "another tenant" }) };
const imports: HostImports = new Map([["env", hostInstance({ secret })]]);

/** Global 0 to 6: i32, i64, f32, f64, v128, funcref, externref. Nothing is exported but functions. */
const wat = `(module
  (import "env" "secret" (func $secret (result externref)))
  (memory $m 3) (memory $n 1) (data (i32.const 70000) "initial") (data $d "passive")
  (table $f 50 funcref) (table $x 50 externref) (elem (table $f) (i32.const 3) func $a) (elem $e func $a)
  (global $i (mut i32) (i32.const 1)) (global $l (mut i64) (i64.const 2))
  (global $s (mut f32) (f32.const nan:0x200000)) (global $d (mut f64) (f64.const nan:0x4000000000000))
  (global $v (mut v128) (v128.const i64x2 3 4))
  (global $p (mut funcref) (ref.null func)) (global $r (mut externref) (ref.null extern))
  (global $constant i32 (i32.const 5))
  (func $a)
  (func $bytes (export "bytes") i32.const 0 i32.const 0xa5 i32.const 196608 memory.fill $m
    i32.const 0 i32.const 0x5a i32.const 65536 memory.fill $n)
  (func (export "everything") call $bytes
    call $i call $l call $s call $d call $v0 call $v1 call $p call $r call $f call $x)
  (func $i (export "i") i32.const -1 global.set $i)
  (func $l (export "l") i64.const 0x200000002 global.set $l)
  (func $s (export "s") f32.const nan:0x200001 global.set $s)
  (func $d (export "d") f64.const nan:0x4000000000001 global.set $d)
  (func $v0 (export "v0") global.get $v i64.const 9 i64x2.replace_lane 0 global.set $v)
  (func $v1 (export "v1") global.get $v i64.const 9 i64x2.replace_lane 1 global.set $v)
  (func $p (export "p") ref.func $a global.set $p)
  (func $r (export "r") call $secret global.set $r)
  (func $f (export "f") i32.const 49 ref.func $a table.set $f)
  (func $x (export "x") i32.const 49 call $secret table.set $x)
  (func (export "empty-slot") i32.const 3 ref.null func table.set $f)
  (func (export "grow") i32.const 1 memory.grow $m drop)
  (func (export "grow and write") i32.const 1 memory.grow $m drop i32.const 200000 i32.const 1 i32.store $m)
  (func (export "grow table") ref.null extern i32.const 2 table.grow $x drop)
  (func (export "drop data") data.drop $d)
  (func (export "drop elements") elem.drop $e)
  (func (export "nothing")))`;

type Restore = (instance: PooledInstance) => boolean;

interface Bench {
  readonly pool: InstancePool;
  readonly faults: (readonly string[])[];
  readonly capacity: () => number;
}

const limits = runLimits(engineDefaults, { ...executionDefaults, ...generous });

async function benchOf(text: string, restore: Restore, verifyResets = 1): Promise<Bench> {
  const engine = createEngine({ engine: { verifyResets } });
  const module = await CompiledModule.fromWat(engine, text);
  const faults: (readonly string[])[] = [];
  const onResetFault = (differences: readonly string[]): void => void faults.push(differences);
  const pool = createPool(engine, module.link(imports), limits, { restore, onResetFault });
  return { pool, faults, capacity: () => engine.capacity.live };
}

async function runIn({ store, guest }: PooledInstance, entry: string): Promise<void> {
  store.startRun(limits, newContext());
  await guest.entry(entry)?.([]);
  store.endRun();
}

/** One run in a new instance of the pool, released; then what verification reported. */
async function faultsAfter(bench: Bench, entry: string): Promise<readonly string[] | undefined> {
  const instance = await bench.pool.make();
  await runIn(instance, entry);
  instance.guest.close();
  bench.pool.release(instance);
  assert.equal(bench.pool.take(), bench.faults.length === 0 ? instance : undefined, "a faulty instance is not reused");
  return bench.faults[0];
}

/** Calls guest code after the reset, as if the reset had not undone what it did. */
function again(entry: string): Restore {
  return (instance) => {
    const restored = restoreInstance(instance);
    const fn = instance.store.instances[0]?.getExport(entry) ?? assert.fail(`no export ${entry}`);
    (fn as () => void)();
    return restored;
  };
}

/** Skips `length` bytes of a memory. */
function skip(memory: number, from: number, length: number): Restore {
  return (instance) => {
    const bytes = (): Uint8Array =>
      new Uint8Array(instance.store.instances[0]?.memories[memory]?.buffer ?? assert.fail()).subarray(
        from,
        from + length,
      );
    const kept = bytes().slice();
    const restored = restoreInstance(instance);
    bytes().set(kept);
    return restored;
  };
}

/** Says that all is well where the reset says that it is not. */
const blind: Restore = (instance) => {
  restoreInstance(instance);
  return true;
};

const core = "core instance 0: ";

const leaks: readonly (readonly [name: string, entry: string, restore: Restore, found: readonly string[]])[] = [
  ["a page", "everything", skip(0, 65_536, 65_536), ["memory 0 page 1 at byte 65536"]],
  ["a page of the guest's own 4 KiB", "everything", skip(0, 8192, 4096), ["memory 0 page 0 at byte 8192"]],
  ["the last byte", "everything", skip(0, 196_607, 1), ["memory 0 page 2 at byte 196604"]],
  ["the first byte of another memory", "everything", skip(1, 0, 1), ["memory 1 page 0 at byte 0"]],
  ["an i32 global", "everything", again("i"), ["global 0"]],
  ["the high half of an i64 global", "everything", again("l"), ["global 1"]],
  ["the payload of a NaN in an f32 global", "everything", again("s"), ["global 2"]],
  ["the payload of a NaN in an f64 global", "everything", again("d"), ["global 3"]],
  ["the low half of a v128 global", "everything", again("v0"), ["global 4"]],
  ["the high half of a v128 global", "everything", again("v1"), ["global 4"]],
  ["a funcref global", "everything", again("p"), ["global 5"]],
  ["an externref global", "everything", again("r"), ["global 6"]],
  ["a slot of a funcref table", "everything", again("f"), ["table 0 slot 49"]],
  ["a slot of an externref table", "everything", again("x"), ["table 1 slot 49"]],
  ["a slot that was emptied", "nothing", again("empty-slot"), ["table 0 slot 3"]],
  ["growth of a memory", "grow", blind, ["memory 0 size 262144, not 196608"]],
  [
    "what lies behind the size it had",
    "grow and write",
    blind,
    ["memory 0 size 262144, not 196608", "memory 0 page 3 at byte 200000"],
  ],
  ["growth of a table", "grow table", blind, ["table 1 length 52, not 50"]],
  ["a dropped data segment", "drop data", blind, ["dropped segment"]],
  ["a dropped element segment", "drop elements", blind, ["dropped segment"]],
];

for (const [name, entry, restore, found] of leaks) {
  test(`verification: ${name} that a reset skips is found, and nothing else`, async () => {
    const bench = await benchOf(wat, restore);
    const expected = found.map((difference) => core + difference);
    assert.deepEqual(await faultsAfter(bench, entry), expected);
    const { faultyResets, verifiedResets, discarded } = bench.pool.stats;
    assert.deepEqual([faultyResets, verifiedResets, discarded], [1, 1, 1]);
    assert.equal(bench.capacity(), 0);
  });
}

for (const entry of ["everything", "nothing"]) {
  test(`verification: a reset after ${entry} leaves nothing`, async () => {
    const bench = await benchOf(wat, restoreInstance);
    assert.equal(await faultsAfter(bench, entry), undefined);
    assert.equal(bench.pool.stats.verifiedResets, 1);
  });
}

test("verification: without a reset at most twenty places are reported", async () => {
  const bench = await benchOf(wat, () => true);
  assert.equal((await faultsAfter(bench, "everything"))?.length, 13);
  const many = `(module (memory 30) (func (export "all") i32.const 0 i32.const 1 i32.const 1966080 memory.fill))`;
  assert.equal((await faultsAfter(await benchOf(many, () => true), "all"))?.length, 20);
});

test("verification: typed function references are compared, in globals and tables", async () => {
  const text = `(module (type $f (func)) (func $a (type $f)) (func $b (type $f)) (elem declare func $a $b)
    (global $n (mut (ref null $f)) (ref.null $f)) (global $g (mut (ref $f)) (ref.func $a))
    (table $t 3 (ref null $f))
    (func (export "null") ref.func $a global.set $n) (func (export "other") ref.func $b global.set $g)
    (func (export "slot") i32.const 2 ref.func $b table.set $t))`;
  for (const [entry, found] of [
    ["null", "global 0"],
    ["other", "global 1"],
    ["slot", "table 0 slot 2"],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    assert.equal(await faultsAfter(await benchOf(text, restoreInstance), entry), undefined);
    // oxlint-disable-next-line no-await-in-loop
    assert.deepEqual(await faultsAfter(await benchOf(text, again(entry)), entry), [core + found]);
  }
});

test("verification: a run that did not end is found", async () => {
  const bench = await benchOf(wat, (instance) => {
    const restored = restoreInstance(instance);
    instance.store.startRun(limits, newContext());
    return restored;
  });
  assert.deepEqual(await faultsAfter(bench, "nothing"), ["the run that it served"]);
});

test("verification: tables that JavaScript reads otherwise, or not at all, are compared", async () => {
  const text = `(module (table $t i64 3 funcref) (elem (table $t) (i64.const 0) func $a) (func (export "a")) (func $a)
    (table $u 2 exnref))`;
  const bench = await benchOf(text, (instance) => {
    const restored = restoreInstance(instance);
    const [core] = instance.store.instances;
    core?.tables[0]?.set(2n as never, core.getExport("a"));
    return restored;
  });
  const instance = await bench.pool.make();
  bench.pool.release(instance);
  assert.equal(bench.pool.take(), undefined);
  assert.deepEqual(bench.faults, [[`${core}table 0 slot 2`]]);
});

const handles = `(component
  (type $thing' (resource (rep i32)))
  (export $thing "thing" (type $thing'))
  (core func $new (canon resource.new $thing'))
  (core func $drop (canon resource.drop $thing'))
  (core module $m (import "" "new" (func $new (param i32) (result i32))) (import "" "drop" (func $drop (param i32)))
    (func (export "keep") (drop (call $new (i32.const 7))))
    (func (export "reorder") (local i32 i32) (local.set 0 (call $new (i32.const 7))) (local.set 1 (call $new (i32.const 8)))
      (call $drop (local.get 0)) (call $drop (local.get 1))))
  (core instance $m (instantiate $m (with "" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
  (func (export "keep") (canon lift (core func $m "keep")))
  (func (export "reorder") (canon lift (core func $m "reorder"))))`;

const component = "component instance 0: ";

for (const [entry, found] of [
  ["keep", ["handle indices", "handle 1"]],
  ["reorder", ["handle indices"]],
] as const) {
  test(`verification: handles after ${entry} that a reset skips are found, and nothing else`, async () => {
    const bench = await benchOf(handles, ({ store }) => store.reset());
    const instance = await bench.pool.make();
    await runIn(instance, entry);
    bench.pool.release(instance);
    assert.equal(bench.pool.take(), undefined);
    assert.deepEqual(bench.faults, [found.map((name) => component + name)]);
  });

  test(`verification: handles after ${entry} are gone after a reset`, async () => {
    const bench = await benchOf(handles, restoreInstance);
    assert.equal(await faultsAfter(bench, entry), undefined);
    assert.equal(bench.pool.stats.verifiedResets, 1);
  });
}

test("verification: a share of resets is checked, evenly", async () => {
  const bench = await benchOf(wat, restoreInstance, 0.25);
  await bench.pool.prepare(1);
  const verified: number[] = [];
  for (let round = 0; round < 8; round++) {
    const instance = bench.pool.take();
    assert.ok(instance !== undefined);
    bench.pool.release(instance);
    // oxlint-disable-next-line no-await-in-loop
    await settle();
    verified.push(bench.pool.stats.verifiedResets);
  }
  assert.deepEqual(verified, [0, 0, 0, 1, 1, 1, 1, 2]);
  assert.deepEqual(bench.faults, []);
});

test("verification: off, nothing is captured or checked, and a leak goes through", async () => {
  const bench = await benchOf(wat, skip(0, 65_536, 1), 0);
  assert.equal(await faultsAfter(bench, "everything"), undefined);
  assert.equal(bench.pool.stats.verifiedResets, 0);
});

test("verification: what was never captured is no proof of anything", async () => {
  const bench = await benchOf(wat, restoreInstance, 0);
  const instance = await bench.pool.make();
  assert.deepEqual(new ResetVerifier(1).differences(instance), ["no state was captured"]);
});
