import assert from "node:assert/strict";
import { test } from "node:test";
import { InternalError, PoolExhausted } from "edge-runtime-common";
import { Capacity } from "../../src/engine/capacity.ts";
import type { Guest } from "../../src/engine/program.ts";
import type { Store } from "../../src/engine/store.ts";
import { emptyStore } from "../../src/engine/create-store.ts";
import type { PooledInstance, PoolOptions } from "../../src/pool/instance-pool.ts";
import { InstancePool, restoreInstance } from "../../src/pool/instance-pool.ts";
import { CreationLimiter } from "../../src/pool/creation-limiter.ts";
import { countsOf, createEngine } from "../support/runs.ts";

interface Bench {
  readonly pool: InstancePool;
  readonly capacity: Capacity;
  /** Does what was deferred. */
  readonly turn: () => Promise<void>;
  readonly made: () => number;
}

const store: Store = emptyStore(createEngine(), []);

/** An instance without state; `reset` of its guest says whether it can be kept. */
function instanceOf(reset: () => boolean = () => true, notRestorable?: string): PooledInstance {
  const guest: Guest = { entry: () => undefined, close: () => {}, notRestorable, state: () => new Map(), reset };
  return { store, guest, notRestorable };
}

function bench(limit: number, options: Partial<PoolOptions> = {}, capacity = new Capacity(limit)): Bench {
  const deferred: (() => void)[] = [];
  let made = 0;
  const pool = new InstancePool({
    capacity,
    memoryPlaces: 1,
    keeps: true,
    limiter: new CreationLimiter({ now: () => 0, schedule: () => {} }),
    restore: restoreInstance,
    verifier: undefined,
    onResetFault: () => {},
    create: async () => {
      made += 1;
      return instanceOf();
    },
    defer: (work) => deferred.push(work),
    ...options,
  });
  const turn = async (): Promise<void> => {
    for (const work of deferred.splice(0)) work();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  };
  return { pool, capacity, turn, made: () => made };
}

test("pool: an instance goes from made to running to used to idle", async () => {
  const { pool, capacity, turn, made } = bench(3);
  assert.equal(pool.take(), undefined);
  const instance = await pool.make();
  assert.deepEqual(countsOf(pool.stats), { live: 1, idle: 0, running: 1, discarded: 0 });
  pool.release(instance);
  assert.deepEqual(countsOf(pool.stats), { live: 1, idle: 1, running: 0, discarded: 0 });
  await turn();
  assert.equal(pool.take(), instance);
  assert.equal(made(), 1);
  assert.equal(capacity.live, 1);
});

test("pool: a request before the deferred reset resets for itself", async () => {
  let resets = 0;
  const reset = (): boolean => ++resets > 0;
  const { pool, turn } = bench(3, { create: async () => instanceOf(reset) });
  const instance = await pool.make();
  pool.release(instance);
  assert.equal(pool.take(), instance);
  assert.equal(resets, 1);
  await turn();
  assert.equal(resets, 1);
});

test("pool: what cannot be reset is discarded, and one is made ahead", async () => {
  const failures: (() => boolean)[] = [
    () => false,
    () => {
      throw new Error("an impossible state");
    },
  ];
  for (const reset of failures) {
    let first = true;
    const create = async (): Promise<PooledInstance> => {
      const instance = first ? instanceOf(reset) : instanceOf();
      first = false;
      return instance;
    };
    const { pool, capacity, turn } = bench(3, { create });
    // oxlint-disable-next-line no-await-in-loop
    pool.release(await pool.make());
    // oxlint-disable-next-line no-await-in-loop
    await turn();
    assert.deepEqual([pool.stats.discarded, pool.stats.live], [1, 0]);
    // oxlint-disable-next-line no-await-in-loop
    await turn();
    assert.deepEqual(countsOf(pool.stats), { live: 1, idle: 1, running: 0, discarded: 1 });
    assert.equal(capacity.live, 1);
  }
});

test("pool: instances that are not restorable are never kept", async () => {
  const { pool, capacity } = bench(3, { create: async () => instanceOf(undefined, "it has a shared memory") });
  pool.release(await pool.make());
  assert.equal(pool.take(), undefined);
  assert.deepEqual([pool.stats.live, capacity.live], [0, 0]);
});

test("pool: off, nothing is kept, counted as discarded or made ahead", async () => {
  const { pool, capacity, turn, made } = bench(3, { keeps: false });
  pool.release(await pool.make());
  await pool.prepare(2);
  await turn();
  assert.deepEqual(countsOf(pool.stats), { live: 0, idle: 0, running: 0, discarded: 0 });
  assert.equal(capacity.live, 0);
  assert.equal(made(), 1);
});

test("pool: over the limit it is exhausted, and recovers", async () => {
  const { pool, capacity } = bench(2);
  const first = await pool.make();
  await pool.make();
  await assert.rejects(pool.make(), (error: unknown) => {
    assert.ok(error instanceof PoolExhausted);
    assert.deepEqual([error.limit, error.message, error.httpStatus], [2, "No instance free: 2 in use", 503]);
    return true;
  });
  assert.deepEqual(countsOf(pool.stats), { live: 2, idle: 0, running: 2, discarded: 0 });
  pool.release(first);
  assert.equal(pool.take(), first);
  assert.equal(capacity.live, 2);
});

test("pool: a failed creation gives its place back", async () => {
  const { pool, capacity } = bench(1, { create: () => Promise.reject(new Error("start trapped")) });
  await assert.rejects(pool.make(), /start trapped/);
  await assert.rejects(pool.prepare(1), /start trapped/);
  assert.deepEqual([pool.stats.live, pool.stats.running, capacity.live], [0, 0, 0]);
});

test("pool: another's idle instance makes room, a running one does not", async () => {
  const capacity = new Capacity(2);
  const one = bench(2, {}, capacity);
  const two = bench(2, {}, capacity);
  const first = await one.pool.make();
  one.pool.release(await one.pool.make());
  await two.pool.make();
  assert.deepEqual([one.pool.stats.live, two.pool.stats.live, capacity.live], [1, 1, 2]);
  await assert.rejects(two.pool.make(), PoolExhausted);
  one.pool.release(first);
  await two.pool.make();
  assert.deepEqual([one.pool.stats.live, two.pool.stats.live, capacity.live], [0, 2, 2]);
});

test("pool: preparing stops at the limit and evicts nobody", async () => {
  const capacity = new Capacity(3);
  const one = bench(3, {}, capacity);
  const two = bench(3, {}, capacity);
  await one.pool.prepare(2);
  await two.pool.prepare(5);
  assert.deepEqual([one.pool.stats.idle, two.pool.stats.idle, capacity.live], [2, 1, 3]);
  await Promise.all([one.pool.prepare(9), two.pool.prepare(9)]);
  assert.deepEqual([one.pool.stats.idle, two.pool.stats.idle, capacity.live], [2, 1, 3]);
});

test("pool: preparing twice at once makes no more than asked for", async () => {
  const { pool, made } = bench(10);
  await Promise.all([pool.prepare(3), pool.prepare(3)]);
  assert.equal(made(), 3);
});

test("pool: disposed, idle instances go at once, running ones at their end, those being made as they come", async () => {
  const { pool, capacity, turn } = bench(5);
  const running = await pool.make();
  await pool.prepare(1);
  const preparing = pool.prepare(3);
  pool.dispose();
  assert.equal(pool.stats.idle, 0);
  await preparing;
  pool.release(running);
  await turn();
  assert.deepEqual(countsOf(pool.stats), { live: 0, idle: 0, running: 0, discarded: 0 });
  assert.equal(capacity.live, 0);
});

test("pool: releasing more than was taken is a bug that is told", async () => {
  const { pool } = bench(1);
  const instance = await pool.make();
  pool.release(instance);
  assert.throws(() => pool.release(instance), InternalError);
});

test("capacity: eviction goes round the holders", () => {
  const capacity = new Capacity(2);
  const evicted: string[] = [];
  const holder = (name: string, idle: number): (() => void) => {
    let left = idle;
    return capacity.register(() => {
      if (left === 0) return false;
      left -= 1;
      capacity.giveBack();
      evicted.push(name);
      return true;
    });
  };
  const leave = holder("a", 2);
  holder("b", 1);
  for (let taken = 0; taken < 5; taken++) capacity.take();
  assert.deepEqual(evicted, ["a", "b", "a"]);
  assert.throws(() => capacity.take(), PoolExhausted);
  assert.equal(capacity.live, 2);
  leave();
  assert.equal(capacity.hasRoom(), false);
});
