// Where a run's fuel went: all of it, to the functions that burnt it, the same each time; and the file that profile
// viewers read, by both of their ways to read it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { printGuestFrame } from "edge-runtime-common";
import type { GuestFrame } from "edge-runtime-common";
import { FuelProfile, toCpuProfile } from "../../src/index.ts";
import type { CpuProfile, ExecutionResult } from "../../src/index.ts";
import { createRunner, generous, run } from "../support/runs.ts";

/** `light` burns a tenth of what `heavy` does, a loop turn of which costs 6; `between` burns nothing itself. */
const wat = `(module
  (func $burn (param i32)
    (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func $heavy (loop $once) (call $burn (i32.const 100000)))
  (func $light (loop $once) (call $burn (i32.const 10000)))
  (func $between (loop $once) (call $heavy) (call $light))
  (func $main (export "run") (loop $once) (call $between) (call $light) (call $between))
  (memory 100)
  (func $fill (export "fill") (loop $once) (memory.fill (i32.const 0) (i32.const 1) (i32.const 5000000)))
  (func $spin (export "spin") (loop $l (br $l)))
  (func $tiny (export "tiny")))`;

async function profiled(entry: string, maxFuel = 1e9): Promise<{ profile: FuelProfile; result: ExecutionResult }> {
  const runner = await createRunner(wat, { execution: { ...generous, maxFuel } });
  const profile = new FuelProfile();
  return { profile, result: await run(runner, entry, [], { profile }) };
}

/** Fuel by the names on the stack, outermost first. */
function byStack(profile: FuelProfile): Map<string, number> {
  const path = (node: number): string[] => {
    const { frame, parent } = profile.nodes[node] ?? assert.fail();
    return frame === undefined || parent === undefined ? [] : [...path(parent), printGuestFrame(frame)];
  };
  const fuel = new Map<string, number>();
  for (const sample of profile.samples) {
    const key = path(sample.node).join(";");
    fuel.set(key, (fuel.get(key) ?? 0) + sample.fuel);
  }
  return fuel;
}

const total = (profile: FuelProfile): number => profile.samples.reduce((sum, { fuel }) => sum + fuel, 0);

test("fuel profile: all fuel is in it, within two intervals of where it was burnt, the same each time", async () => {
  const { profile, result } = await profiled("run");
  assert.equal(result.kind, "success");
  assert.equal(total(profile), result.metrics.fuelConsumed);
  const fuel = byStack(profile);
  const expected = new Map([
    ["main;between;heavy;burn", 2 * 100_000],
    ["main;between;light;burn", 2 * 10_000],
    ["main;light;burn", 10_000],
  ]);
  const turn = result.metrics.fuelConsumed / 230_000;
  for (const [stack, turns] of expected) {
    const found = fuel.get(stack) ?? 0;
    assert.ok(Math.abs(found - turns * turn) <= 4 * profile.interval, `${stack}: ${found}, not ${turns * turn}`);
  }
  const again = await profiled("run");
  assert.deepEqual(again.profile.samples, profile.samples);
  assert.deepEqual(again.profile.nodes, profile.nodes);
});

test("fuel profile: a run that is profiled consumes what it does otherwise", async () => {
  const runner = await createRunner(wat, { execution: generous });
  const plain = await run(runner, "run");
  const { result } = await profiled("run");
  assert.equal(result.metrics.fuelConsumed, plain.metrics.fuelConsumed);
  // The next run of the same instance is as fast as ever.
  const after = await run(runner, "run");
  assert.equal(after.metrics.fuelConsumed, plain.metrics.fuelConsumed);
});

test("fuel profile: a run that is ended has all of its fuel too", async () => {
  const { profile, result } = await profiled("spin", 123_456);
  assert.equal(result.kind === "trap" && result.code, "ERR_EDGE_FUEL_EXHAUSTED");
  assert.equal(total(profile), 123_456);
  assert.deepEqual([...byStack(profile).keys()], ["spin"]);
});

test("fuel profile: bulk operations count to who asked for them", async () => {
  const { profile, result } = await profiled("fill");
  assert.equal(total(profile), result.metrics.fuelConsumed);
  assert.ok((byStack(profile).get("fill") ?? 0) > 4_900_000);
});

test("fuel profile: a run without a check is all at the root", async () => {
  const { profile, result } = await profiled("tiny");
  assert.equal(result.metrics.fuelConsumed, 1);
  assert.deepEqual(profile.samples, [{ node: 0, fuel: 1 }]);
});

const frame = (index: number): GuestFrame => ({ module: 0, function: index, name: `f${index}`, offset: undefined });

test("fuel profile: a long run's samples are merged and nothing is lost", () => {
  const profile = new FuelProfile();
  let consumed = 0;
  for (let look = 0; consumed < 350e6; look++) {
    consumed += profile.interval;
    profile.look([frame(look % 2), frame(9)], consumed);
  }
  profile.end(consumed + 7);
  assert.ok(profile.samples.length <= 100_000);
  assert.equal(profile.interval, 4000);
  assert.equal(total(profile), consumed + 7);
});

/** Weights by function as speedscope reads them: the time until the next sample. */
function asSpeedscope({ samples, timeDeltas }: CpuProfile): Map<number, number> {
  const weights = new Map<number, number>();
  for (let index = 0; index + 1 < samples.length; index++) {
    const id = samples[index] ?? 0;
    weights.set(id, (weights.get(id) ?? 0) + (timeDeltas[index + 1] ?? 0));
  }
  return weights;
}

/** Samples by function as the Firefox profiler keeps them: those 500 microseconds or more behind the one kept last. */
function asFirefox({ samples, timeDeltas, startTime }: CpuProfile): Map<number, number> {
  const kept = new Map<number, number>();
  let lastSeen = startTime;
  let lastKept = 0;
  for (const [index, id] of samples.entries()) {
    lastSeen += timeDeltas[index] ?? 0;
    if (lastSeen - lastKept < 500) continue;
    lastKept = lastSeen;
    kept.set(id, (kept.get(id) ?? 0) + 1);
  }
  return kept;
}

test("cpu profile: nodes, samples and deltas are as the Chrome DevTools Protocol has them", async () => {
  const { profile } = await profiled("run");
  const file = toCpuProfile(profile);
  assert.equal(file.samples.length, file.timeDeltas.length);
  assert.deepEqual(
    file.nodes.map((node) => node.id),
    file.nodes.map((_, index) => index + 1),
  );
  assert.equal(file.nodes[0]?.callFrame.functionName, "(root)");
  // Each node but the root is the child of one that stands before it.
  const children = file.nodes.flatMap((node) => node.children.map((child) => [node.id, child] as const));
  assert.deepEqual(
    children.map(([, child]) => child).toSorted((left, right) => left - right),
    file.nodes.slice(1).map((node) => node.id),
  );
  for (const [parent, child] of children) assert.ok(parent < child);
  for (const id of file.samples) assert.ok(file.nodes[id - 1] !== undefined);
  assert.equal(
    file.timeDeltas.reduce((sum, delta) => sum + delta, 0),
    file.endTime - file.startTime,
  );
  assert.deepEqual(JSON.parse(JSON.stringify(file)), file);
});

test("cpu profile: both readers weigh every function as the profile does, to a unit of 1000", async () => {
  for (const entry of ["run", "fill"]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { profile, result } = await profiled(entry);
    const file = toCpuProfile(profile);
    const speedscope = asSpeedscope(file);
    const firefox = asFirefox(file);
    const all = [...speedscope.values()].reduce((sum, weight) => sum + weight, 0);
    assert.equal(all, result.metrics.fuelConsumed);
    profile.nodes.forEach((_, node) => {
      const fuel = profile.samples.reduce((sum, sample) => sum + (sample.node === node ? sample.fuel : 0), 0);
      assert.ok(Math.abs((speedscope.get(node + 1) ?? 0) - fuel) <= 2000, `${entry} speedscope ${node}`);
      assert.ok(Math.abs((firefox.get(node + 1) ?? 0) * 1000 - fuel) <= 2000, `${entry} firefox ${node}`);
    });
  }
});

test("cpu profile: a run of little fuel is a profile too", async () => {
  const { profile } = await profiled("tiny");
  const file = toCpuProfile(profile);
  assert.deepEqual(
    [file.samples, file.timeDeltas],
    [
      [1, 1],
      [0, 1],
    ],
  );
  const empty = toCpuProfile(new FuelProfile());
  assert.deepEqual([empty.samples, empty.timeDeltas, empty.nodes.length], [[1], [0], 1]);
});

test("cpu profile: long profiles have a bounded number of samples", () => {
  const profile = new FuelProfile();
  profile.look([frame(1)], 5e9);
  const { samples, timeDeltas, endTime, startTime } = toCpuProfile(profile);
  assert.ok(samples.length <= 1_000_001);
  assert.equal(
    timeDeltas.reduce((sum, delta) => sum + delta, 0),
    endTime - startTime,
  );
});
