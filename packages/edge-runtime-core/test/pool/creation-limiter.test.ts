// A function that spoils its instances gets at most half of the thread for new ones, and others get theirs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PoolExhausted } from "edge-runtime-common";
import { fakePlatform } from "edge-runtime-testing";
import type { FakePlatform } from "edge-runtime-testing";
import type { ExecutionResult, InstanceRunner } from "../../src/index.ts";
import {
  CreationLimiter,
  creationMsPerWindow,
  discardsPerWindow,
  quietMs,
  throttledInstances,
  windowMs,
} from "../../src/pool/creation-limiter.ts";
import { gate } from "../support/gate.ts";
import { createEngine, createRunner, generous, run, settle, valueOf } from "../support/runs.ts";

interface Bench {
  readonly platform: FakePlatform;
  readonly limiter: CreationLimiter;
  /** Makes something that takes `ms` and spoils it. */
  readonly cycle: (ms: number) => Promise<void>;
}

function bench(): Bench {
  const platform = fakePlatform();
  const limiter = new CreationLimiter(platform);
  const cycle = async (ms: number): Promise<void> => {
    const made = limiter.create(1, async () => platform.advance(ms));
    // What is paused for passes.
    while (platform.pendingTimers() > 0) platform.advance(1);
    await made;
    limiter.spoilt();
  };
  return { platform, limiter, cycle };
}

async function throttle({ cycle }: Bench): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop
  for (let count = 0; count < discardsPerWindow; count++) await cycle(creationMsPerWindow / discardsPerWindow);
}

test("limiter: many discards whose creations took a tenth of the time throttle", async () => {
  const { limiter, cycle } = bench();
  for (let count = 0; count < discardsPerWindow - 1; count++) {
    // oxlint-disable-next-line no-await-in-loop
    await cycle(Math.ceil(creationMsPerWindow / (discardsPerWindow - 1)));
  }
  assert.equal(limiter.throttled, false);
  await cycle(0);
  assert.equal(limiter.throttled, true);
});

test("limiter: neither cheap instances nor few expensive ones throttle", async () => {
  const cheap = bench();
  // oxlint-disable-next-line no-await-in-loop
  for (let count = 0; count < 10 * discardsPerWindow; count++) await cheap.cycle(creationMsPerWindow / 1e5);
  assert.equal(cheap.limiter.throttled, false);
  const few = bench();
  await few.cycle(windowMs / 2);
  await few.cycle(windowMs / 4);
  assert.equal(few.limiter.throttled, false);
});

test("limiter: discards of different windows do not add up", async () => {
  const { platform, limiter, cycle } = bench();
  for (let count = 0; count < 3 * discardsPerWindow; count++) {
    // oxlint-disable-next-line no-await-in-loop
    await cycle(creationMsPerWindow / discardsPerWindow);
    platform.advance(windowMs / discardsPerWindow);
  }
  assert.equal(limiter.throttled, false);
});

test("limiter: throttled, each creation is followed by a pause as long, and one goes at a time", async () => {
  const set = bench();
  await throttle(set);
  const { platform, limiter } = set;
  platform.advance(windowMs);
  const opened: (() => void)[] = [];
  const make = (): Promise<void> => {
    const { promise, open } = gate();
    opened.push(open);
    return promise;
  };
  const all = [limiter.create(3, make), limiter.create(3, make), limiter.create(3, make)];
  await settle();
  assert.equal(opened.length, 1);
  platform.advance(70);
  opened[0]?.();
  await all[0];
  await settle();
  platform.advance(68);
  await settle();
  assert.equal(opened.length, 1, "less than the 70 ms that the first took");
  platform.advance(4);
  await settle();
  assert.equal(opened.length, 2);
  opened[1]?.();
  await all[1];
  platform.advance(1);
  await settle();
  assert.equal(opened.length, 3);
  opened[2]?.();
  await all[2];
});

test("limiter: throttled, more than a few at a time are refused with a typed error", async () => {
  const set = bench();
  await throttle(set);
  const make = (): Promise<number> => Promise.resolve(1);
  await assert.rejects(set.limiter.create(throttledInstances + 1, make), (error) => {
    assert.ok(error instanceof PoolExhausted);
    assert.deepEqual([error.limit, error.resource, error.httpStatus], [8, "throttled instance", 503]);
    return true;
  });
});

test("limiter: a creation that fails counts and paces like others", async () => {
  const { platform, limiter } = bench();
  for (let count = 0; count < discardsPerWindow; count++) {
    const failing = limiter.create(1, async () => {
      platform.advance(creationMsPerWindow / discardsPerWindow);
      throw new Error("start trapped");
    });
    // oxlint-disable-next-line no-await-in-loop
    await assert.rejects(failing, /start trapped/);
    limiter.spoilt();
  }
  assert.equal(limiter.throttled, true);
});

test("limiter: after a quiet time it is as before, and counts anew", async () => {
  const set = bench();
  await throttle(set);
  const { platform, limiter, cycle } = set;
  platform.advance(quietMs - 1);
  assert.equal(limiter.throttled, true);
  limiter.spoilt();
  platform.advance(quietMs - 1);
  assert.equal(limiter.throttled, true, "it was not quiet");
  platform.advance(1);
  assert.equal(limiter.throttled, false);
  await cycle(creationMsPerWindow);
  assert.equal(limiter.throttled, false);
});

/** Instances that take long to make, on a clock of its own; `grow` spoils one. */
async function slowToMake(platform: FakePlatform): Promise<InstanceRunner> {
  const engine = createEngine({ platform });
  const text = `(module (import "env" "slow" (func $slow)) (memory 1) (global $g (mut i32) (i32.const 0)) (start $slow)
    (func (export "get") (result i32) global.get $g)
    (func (export "set") i32.const 1 global.set $g)
    (func (export "grow") i32.const 1 global.set $g i32.const 1 memory.grow drop)
    (func (export "trap") i32.const 1 global.set $g unreachable))`;
  const slow = {
    kind: "sync",
    reads: "nothing",
    call: () => platform.advance(creationMsPerWindow / discardsPerWindow),
  } as const;
  const imports = new Map([["env", { kind: "instance", items: new Map([["slow", slow]]) }]] as const);
  return createRunner(text, { execution: generous, imports }, engine);
}

/** A run; the clock goes on while it waits for its turn. */
async function runOn(platform: FakePlatform, runner: InstanceRunner, entry: string): Promise<ExecutionResult> {
  let ended: ExecutionResult | undefined;
  const pending = run(runner, entry).then((result) => {
    ended = result;
  });
  for (let turn = 0; ended === undefined && turn < 10_000; turn++) {
    // oxlint-disable-next-line no-await-in-loop
    await Promise.resolve();
    if (platform.pendingTimers() > 0) platform.advance(1);
  }
  await pending;
  return ended ?? assert.fail("the run did not end");
}

for (const spoil of ["grow", "trap"]) {
  test(`limiter: a function whose runs ${spoil} is throttled, isolated, and recovers`, async () => {
    const platform = fakePlatform();
    const runner = await slowToMake(platform);
    // oxlint-disable-next-line no-await-in-loop
    for (let count = 0; !runner.stats().throttled && count < 200; count++) await runOn(platform, runner, spoil);
    const before = runner.stats();
    assert.deepEqual([before.throttled, before.discarded], [true, discardsPerWindow]);
    // One may have been made ahead before.
    await runOn(platform, runner, spoil);
    await settle();
    assert.equal(runner.stats().idle, 0, "nothing is made ahead");

    assert.deepEqual(valueOf(await runOn(platform, runner, "get")), [0]);
    valueOf(await runOn(platform, runner, "set"));
    assert.deepEqual(valueOf(await runOn(platform, runner, "get")), [0]);
    assert.equal(runner.stats().notRestorable, "its function spoils too many instances");
    assert.equal(runner.stats().live, 0, "for one run each");

    platform.advance(quietMs);
    assert.equal(runner.stats().throttled, false);
    await runOn(platform, runner, "get");
    await settle();
    assert.deepEqual([runner.stats().live, runner.stats().notRestorable], [1, undefined]);
  });
}

test("limiter: throttled, a burst is answered in part and refused in part, and nothing is lost", async () => {
  const platform = fakePlatform();
  const runner = await slowToMake(platform);
  // oxlint-disable-next-line no-await-in-loop
  for (let count = 0; !runner.stats().throttled && count < 200; count++) await runOn(platform, runner, "trap");
  const burst = Array.from({ length: 50 }, () =>
    run(runner, "trap").then(
      () => "ran",
      () => "refused",
    ),
  );
  for (let turn = 0; turn < 2000; turn++) {
    // oxlint-disable-next-line no-await-in-loop
    await Promise.resolve();
    platform.advance(1);
  }
  const outcomes = await Promise.all(burst);
  assert.equal(outcomes.filter((outcome) => outcome === "ran").length, throttledInstances);
  assert.deepEqual([runner.stats().live, runner.stats().running], [0, 0]);
});

test("limiter: start functions that trap throttle as well", async () => {
  const platform = fakePlatform();
  const text = `(module (import "env" "slow" (func $slow)) (func $s call $slow unreachable) (start $s) (func (export "f")))`;
  const slow = {
    kind: "sync",
    reads: "nothing",
    call: () => platform.advance(creationMsPerWindow / discardsPerWindow),
  } as const;
  const imports = new Map([["env", { kind: "instance", items: new Map([["slow", slow]]) }]] as const);
  const runner = await createRunner(text, { execution: generous, imports, platform });
  for (let count = 0; count < discardsPerWindow; count++) {
    assert.equal(runner.stats().throttled, false);
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await run(runner, "f")).kind, "trap");
  }
  assert.equal(runner.stats().throttled, true);
});
