// Stores by hand, the engine itself, and what a run leaves in its context.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ExecutionTimeout, FuelExhausted } from "edge-runtime-common";
import { fakePlatform } from "edge-runtime-testing";
import { calculateFuelConsumed, createStore, getRemainingFuel, WorkerContext } from "../../src/index.ts";
import type { LogEntry } from "../../src/index.ts";
import { createEngine, executionDefaults } from "../support/runs.ts";

test("store: starts with full fuel and counts what is charged", () => {
  const engine = createEngine({ platform: fakePlatform() });
  const store = createStore(engine, { ...executionDefaults, maxFuel: 1_000_000 }, "request-1");
  const initial = getRemainingFuel(store);
  assert.equal(initial, 1_000_000);
  assert.equal(calculateFuelConsumed(initial, store), 0);
  store.charge(1234);
  assert.equal(calculateFuelConsumed(initial, store), 1234);
  store.charge(5_000_000);
  assert.equal(getRemainingFuel(store), 0);
  assert.equal(calculateFuelConsumed(initial, store), 1_000_000);
  assert.equal(store.context?.requestId, "request-1");
});

test("store: work that a run cannot pay is not begun", () => {
  const platform = fakePlatform();
  const store = createStore(
    createEngine({ platform }),
    { ...executionDefaults, maxFuel: 1_000_000, timeoutMs: 50 },
    "r",
  );
  store.pay(1_000_000);
  assert.throws(() => store.pay(1), /unreachable/);
  assert.ok(store.meter.stopped instanceof FuelExhausted);
});

test("store: what is paid looks at the clock once a slice", () => {
  const platform = fakePlatform();
  const store = createStore(
    createEngine({ platform }),
    { ...executionDefaults, maxFuel: 1_000_000, timeoutMs: 50 },
    "r",
  );
  platform.advance(60);
  store.pay(10_000);
  assert.throws(() => store.pay(10_000), /unreachable/);
  assert.ok(store.meter.stopped instanceof ExecutionTimeout);
});

test("store: without metering nothing is counted", () => {
  const engine = createEngine();
  const store = createStore(engine, { ...executionDefaults, fuelMetering: false }, "r");
  assert.equal(getRemainingFuel(store), Number.POSITIVE_INFINITY);
  store.charge(5);
  assert.equal(calculateFuelConsumed(Number.POSITIVE_INFINITY, store), 0);
});

test("engine: tells its switches, and gives V8's own API", () => {
  const engine = createEngine({ engine: { poolingAllocator: false } });
  assert.equal(engine.isPoolingEnabled(), false);
  assert.equal(createEngine().isPoolingEnabled(), true);
  assert.equal(engine.inner(), WebAssembly);
  assert.equal(engine.epoch, 0);
  engine.incrementEpoch();
  assert.equal(engine.epoch, 1);
});

function entryOf(message: string): LogEntry {
  return { level: "info", message, timestampMs: 1 };
}

test("context: logs are dropped without the grant, and counted", () => {
  const context = new WorkerContext({ requestId: "r", startedAtMs: 1 });
  context.log(entryOf("a"));
  assert.deepEqual([context.logs, context.droppedLogs], [[], 1]);
});

test("context: logs are bounded in number and length", () => {
  const heard: string[] = [];
  const context = new WorkerContext({
    requestId: "r",
    startedAtMs: 1,
    permissions: { loggingEnabled: true },
    maxLogEntries: 3,
    maxLogLength: 10,
    onLog: ({ message }) => heard.push(message),
  });
  for (const message of ["12345", "123456", "1234", "1", "", ""]) context.log(entryOf(message));
  assert.deepEqual(heard, ["12345", "1234", "1"]);
  assert.equal(context.droppedLogs, 3);
  assert.equal(context.metrics, undefined);
});
