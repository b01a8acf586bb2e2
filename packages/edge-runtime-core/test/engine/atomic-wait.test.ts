// Waiting on shared memory: the guest is suspended, never the thread; its deadline ends it; whoever notifies wakes it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ExecutionTimeout, Trap } from "edge-runtime-common";
import { fakePlatform, parseWat } from "edge-runtime-testing";
import { hostInstance } from "../../src/index.ts";
import type { HostImports } from "../../src/index.ts";
import { Waiters } from "../../src/engine/waiters.ts";
import { createRunner, errorOf, generous, run, runOnce, settle, valueOf } from "../support/runs.ts";

const module = `(module (memory (export "memory") 1 1 shared) (memory $own 1)
  (func (export "wait32") (param i32 i32 i64) (result i32)
    (memory.atomic.wait32 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wait64") (param i32 i64 i64) (result i32)
    (memory.atomic.wait64 offset=8 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "notify") (param i32 i32) (result i32)
    (memory.atomic.notify offset=4 (local.get 0) (local.get 1)))
  (func (export "notifyFar") (result i32) (memory.atomic.notify offset=0xffffffff (i32.const 4) (i32.const 0)))
  (func (export "waitOwn") (result i32) (memory.atomic.wait32 $own (i32.const 0) (i32.const 0) (i64.const 0)))
  (func (export "notifyOwn") (result i32) (memory.atomic.notify $own (i32.const 0) (i32.const 1))))`;

const ms = 1_000_000n;

test("atomic wait: a value that differs is told at once", async () => {
  assert.deepEqual(valueOf(await runOnce(module, "wait32", [0, 1, -1n])), [1]);
  assert.deepEqual(valueOf(await runOnce(module, "wait64", [0, 1n, -1n])), [1]);
});

for (const [name, expected] of [
  ["wait32", 0],
  ["wait64", 0n],
] as const) {
  test(`atomic wait: ${name} ends when its time is over, and the event loop runs meanwhile`, async () => {
    const platform = fakePlatform();
    const runner = await createRunner(module, { platform });
    let done = false;
    const waiting = run(runner, name, [0, expected, 50n * ms]).finally(() => {
      done = true;
    });
    await settle();
    platform.advance(49);
    await settle();
    assert.equal(done, false);
    platform.advance(1);
    assert.deepEqual(valueOf(await waiting), [2]);
    assert.deepEqual(valueOf(await run(runner, name, [0, expected, 0n])), [2]);
    assert.equal(platform.pendingTimers(), 0);
  });
}

for (const timeout of [-1n, 100n * ms, 1n << 62n]) {
  test(`atomic wait: the deadline ends a wait of ${timeout} ns`, async () => {
    const platform = fakePlatform();
    const runner = await createRunner(module, { platform, execution: { timeoutMs: 100 } });
    const waiting = run(runner, "wait32", [0, 0, timeout]);
    await settle();
    platform.advance(100);
    assert.ok(errorOf(await waiting) instanceof ExecutionTimeout);
    assert.equal(platform.pendingTimers(), 0);
    assert.deepEqual(valueOf(await run(runner, "wait32", [0, 1, -1n])), [1]);
  });
}

/** Arguments at which V8's own operators trap: not aligned, out of bounds, not shared. */
const traps: readonly (readonly [entry: string, args: readonly unknown[]])[] = [
  ["wait32", [1, 0, 0n]],
  ["wait32", [2, 0, -1n]],
  ["wait32", [65_536, 0, 0n]],
  ["wait32", [65_533, 0, 0n]],
  ["wait32", [-4, 0, 0n]],
  ["wait64", [4, 0n, 0n]],
  ["wait64", [65_528, 0n, 0n]],
  ["wait64", [-8, 0n, 0n]],
  ["notify", [1, 1]],
  ["notify", [65_532, 1]],
  ["notifyFar", []],
  ["waitOwn", []],
];

test("atomic wait: addresses trap as V8's own operators do", async () => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(await parseWat(module)));
  for (const [entry, args] of traps) {
    const plain = exports[entry] as unknown as (...args: readonly unknown[]) => unknown;
    let message = "";
    assert.throws(
      () => plain(...args),
      (error: unknown) => {
        assert.ok(error instanceof WebAssembly.RuntimeError);
        message = error.message;
        return true;
      },
    );
    // oxlint-disable-next-line no-await-in-loop -- row by row
    const error = errorOf(await runOnce(module, entry, args));
    assert.ok(error instanceof Trap && error.cause instanceof Error, entry);
    assert.equal(error.cause.message, message, `${entry}(${args.join()})`);
  }
});

test("atomic wait: nobody waits, nobody is woken; memories that are not shared never have waiters", async () => {
  assert.deepEqual(valueOf(await runOnce(module, "notify", [0, -1])), [0]);
  assert.deepEqual(valueOf(await runOnce(module, "notifyOwn")), [0]);
});

test("atomic wait: fuel is that of one operator", async () => {
  const result = await runOnce(module, "wait32", [0, 1, 0n]);
  assert.equal(result.metrics.fuelConsumed, 5);
});

test("atomic wait: loops of waits meet the deadline, with handlers around them", async () => {
  const wat = `(module (memory 1 1 shared) (func (export "run")
    (loop $l (block $h (try_table (catch_all $h)
      (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 1000000))))) (br $l))))`;
  for (const fuelMetering of [true, false]) {
    const execution = { ...generous, timeoutMs: 50, fuelMetering };
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.ok(errorOf(await runOnce(wat, "run", [], { execution })) instanceof ExecutionTimeout);
  }
});

test("atomic wait: a guest that waits delays no other", async () => {
  const served: string[] = [];
  const imports: HostImports = new Map([["env", hostInstance({})]]);
  const runner = await createRunner(module, { execution: generous, imports });
  const waiting = run(runner, "wait32", [0, 0, 20n * ms]).then(() => served.push("waiter"));
  const other = run(runner, "wait32", [0, 1, 0n]).then(() => served.push("other"));
  await Promise.all([waiting, other]);
  assert.deepEqual(served, ["other", "waiter"]);
});

test("waiters: notify wakes so many, the first first, at its place only", async () => {
  const { schedule } = fakePlatform();
  const waiters = new Waiters(schedule);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const other = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const order: string[] = [];
  const wait = (name: string, place: WebAssembly.Memory, address: number): Promise<void> =>
    waiters.wait({ memory: place, address }, -1).then((result) => void order.push(`${name} ${result}`));
  const all = ["a", "b", "c"].map((name) => wait(name, memory, 8));
  void wait("elsewhere", memory, 16);
  void wait("other memory", other, 8);
  assert.equal(waiters.notify({ memory, address: 8 }, 0), 0);
  assert.equal(waiters.notify({ memory, address: 8 }, 2), 2);
  assert.equal(waiters.notify({ memory, address: 8 }, 0xffff_ffff), 1);
  assert.equal(waiters.notify({ memory, address: 8 }, 1), 0);
  await Promise.all(all);
  assert.deepEqual(order, ["a 0", "b 0", "c 0"]);
});

test("waiters: time over and being woken exclude each other, and forgotten waiters have no timers", async () => {
  const platform = fakePlatform();
  const waiters = new Waiters(platform.schedule);
  const place = { memory: new WebAssembly.Memory({ initial: 1 }), address: 0 };
  const timed = waiters.wait(place, 10);
  platform.advance(10);
  assert.equal(await timed, 2);
  assert.equal(waiters.notify(place, 1), 0);
  const woken = waiters.wait(place, 10);
  assert.equal(waiters.notify(place, 1), 1);
  assert.equal(await woken, 0);
  assert.equal(platform.pendingTimers(), 0);
  void waiters.wait(place, 10);
  waiters.clear();
  assert.equal(platform.pendingTimers(), 0);
  assert.equal(waiters.notify(place, 1), 0);
});

test("atomic wait: memories with 64-bit addresses, by their index", async () => {
  const wat = `(module (memory 1) (memory $far i64 1 1 shared)
    (func (export "wait") (param i64 i32) (result i32)
      (memory.atomic.wait32 $far offset=4 (local.get 0) (local.get 1) (i64.const 1000)))
    (func (export "notify") (param i64) (result i32) (memory.atomic.notify $far offset=4 (local.get 0) (i32.const 1))))`;
  assert.deepEqual(valueOf(await runOnce(wat, "wait", [8n, 0])), [2]);
  assert.deepEqual(valueOf(await runOnce(wat, "wait", [8n, 1])), [1]);
  assert.deepEqual(valueOf(await runOnce(wat, "notify", [8n])), [0]);
  for (const [entry, args] of [
    ["wait", [65_536n, 0]],
    ["wait", [-4n, 0]],
    ["notify", [1n << 40n]],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- row by row
    const error = errorOf(await runOnce(wat, entry, args));
    assert.ok(error instanceof Trap && error.trapCode === "out_of_bounds_memory_access", entry);
  }
});
