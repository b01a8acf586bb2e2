import assert from "node:assert/strict";
import { test } from "node:test";
import { ExecutionCancelled, FuelExhausted } from "edge-runtime-common";
import type { RunLimits } from "../../src/engine/limits.ts";
import { sliceFuel, yieldAfterMs } from "../../src/engine/limits.ts";
import { Meter } from "../../src/engine/meter.ts";
import { checkFor, verdict } from "../../src/instrument/slow-check.ts";

const limits: RunLimits = { maxFuel: 50_000, timeoutMs: 100, memoryMb: 1 };

interface Bench {
  readonly meter: Meter;
  /** What guest code does: the counter goes down. */
  readonly burn: (fuel: number) => void;
  readonly clock: { now: number; epoch: number };
}

function bench(overrides: Partial<RunLimits> = {}): Bench {
  const clock = { now: 0, epoch: 0 };
  const meter = new Meter({ now: () => clock.now, epoch: () => clock.epoch });
  meter.start({ ...limits, ...overrides });
  const burn = (fuel: number): void => {
    meter.counter.value -= fuel;
  };
  return { meter, burn, clock };
}

test("meter: a run starts with a slice, not with all its fuel", () => {
  const { meter } = bench();
  assert.equal(meter.counter.value, sliceFuel);
  assert.equal(bench({ maxFuel: 7 }).meter.counter.value, 7);
  assert.equal(bench({ maxFuel: Number.POSITIVE_INFINITY }).meter.counter.value, sliceFuel);
  assert.equal(meter.remaining, limits.maxFuel);
});

test("meter: fuel is exact between checks, over them, and after overshooting a slice", () => {
  const { meter, burn } = bench();
  burn(123);
  assert.equal(meter.consumed, 123);
  burn(sliceFuel);
  assert.equal(meter.consumed, 123 + sliceFuel);
  assert.equal(meter.check(), verdict.go);
  assert.equal(meter.consumed, 123 + sliceFuel);
  assert.equal(meter.counter.value, sliceFuel);
  burn(1);
  assert.equal(meter.remaining, limits.maxFuel - sliceFuel - 124);
});

test("meter: the last slice holds what is left", () => {
  const { meter, burn } = bench({ maxFuel: sliceFuel + 5 });
  burn(sliceFuel);
  assert.equal(meter.check(), verdict.go);
  assert.equal(meter.counter.value, 5);
  burn(4);
  assert.equal(meter.check(), verdict.go);
  burn(1);
  assert.equal(meter.check(), verdict.stop);
  assert.ok(meter.stopped instanceof FuelExhausted);
});

test("meter: what is consumed never exceeds the maximum in a report", () => {
  const { meter, burn } = bench({ maxFuel: 10 });
  burn(300);
  assert.equal(meter.consumed, 10);
  assert.equal(meter.remaining, 0);
  assert.equal(meter.check(), verdict.stop);
  assert.equal(meter.check(), verdict.stop);
  assert.equal(meter.consumed, 10);
});

test("meter: host work is charged without the counter ever falling below zero by it", () => {
  const { meter } = bench({ maxFuel: 1e12 });
  for (let count = 0; count < 300_000; count++) meter.charge(sliceFuel - 1);
  assert.ok(meter.counter.value >= 0);
  assert.equal(meter.consumed, 300_000 * (sliceFuel - 1));
  meter.charge(0);
  assert.equal(meter.consumed, 300_000 * (sliceFuel - 1));
});

test("meter: a charge over the maximum stops the guest at its next check", () => {
  const { meter } = bench();
  meter.charge(2 ** 40);
  assert.equal(meter.counter.value, 0);
  assert.equal(meter.check(), verdict.stop);
  assert.ok(meter.stopped instanceof FuelExhausted);
});

test("meter: a check for time alone ends a run over its fuel only where it is overdrawn, or the host charged it", () => {
  const { meter, burn } = bench({ maxFuel: 10 });
  burn(10);
  assert.equal(meter.check(checkFor.time), verdict.go);
  assert.equal(meter.counter.value, 0);
  burn(checkFor.time - 1);
  assert.equal(meter.check(checkFor.time), verdict.go);
  assert.equal(meter.consumed, 10);
  burn(1);
  assert.equal(meter.check(checkFor.time), verdict.stop);

  const other = bench({ maxFuel: 10 });
  other.burn(10);
  assert.equal(other.meter.check(checkFor.time), verdict.go);
  assert.equal(other.meter.check(checkFor.fuel), verdict.stop);

  const charged = bench({ maxFuel: 10 });
  charged.meter.charge(10);
  assert.equal(charged.meter.check(checkFor.time), verdict.stop);
  charged.meter.start({ ...limits, maxFuel: 10 });
  charged.burn(10);
  assert.equal(charged.meter.check(checkFor.time), verdict.go);
});

test("meter: deadline and epoch are compared at a check only", () => {
  const late = bench();
  late.clock.now = 99.9;
  assert.equal(late.meter.check(), verdict.yield);
  assert.ok(late.meter.remainingMs < 1);
  late.clock.now = 100;
  assert.equal(late.meter.stopped === undefined, true);
  assert.equal(late.meter.check(), verdict.stop);
  assert.equal(late.meter.stopped?.message, "Execution timeout after 100ms");
  assert.equal(late.meter.remainingMs, 0);

  const old = bench();
  old.meter.setEpochDeadline(2);
  assert.equal(old.meter.counter.value, 0);
  old.clock.epoch = 1;
  assert.equal(old.meter.check(), verdict.go);
  old.clock.epoch = 2;
  old.clock.now = 40.4;
  assert.equal(old.meter.check(), verdict.stop);
  assert.equal(old.meter.stopped?.message, "Execution timeout after 40ms");
});

test("meter: a guest that ran long is told to yield, until it has paused", () => {
  const { meter, clock } = bench();
  clock.now = yieldAfterMs - 0.1;
  assert.equal(meter.check(), verdict.go);
  clock.now = yieldAfterMs;
  assert.equal(meter.check(), verdict.yield);
  meter.paused();
  assert.equal(meter.check(), verdict.go);
});

test("meter: the first reason to stop stands, and the next run starts clean", () => {
  const { meter, burn, clock } = bench();
  const reason = new ExecutionCancelled("client left");
  meter.stop(reason);
  meter.stop(new FuelExhausted(1));
  assert.equal(meter.stopped, reason);
  assert.equal(meter.check(), verdict.stop);
  burn(5);
  clock.now = 1000;
  meter.setEpochDeadline(0);
  meter.start(limits);
  assert.equal(meter.stopped, undefined);
  assert.equal(meter.consumed, 0);
  assert.equal(meter.elapsedMs, 0);
  assert.equal(meter.check(), verdict.go);
});

test("meter: a lone module's counter takes over what the store's held", () => {
  const { meter } = bench();
  const own = new WebAssembly.Global({ value: "i32", mutable: true }, -5);
  meter.useCounter(own);
  assert.equal(meter.counter, own);
  assert.equal(own.value, sliceFuel);
  assert.equal(meter.consumed, 0);
});
