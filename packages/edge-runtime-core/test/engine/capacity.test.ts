// Memories are counted where instances are, since V8 has room for 16,364 of them in a process.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PoolExhausted } from "edge-runtime-common";
import { testPlatform } from "edge-runtime-testing";
import { Capacity } from "../../src/engine/capacity.ts";
import { memoryPlaces, v8MemoryPlaces } from "../../src/engine/limits.ts";
import { CompiledModule, WasmEngine } from "../../src/index.ts";
import type { InstanceRunner } from "../../src/index.ts";
import { host } from "../component/living-component.ts";
import { gate } from "../support/gate.ts";
import { createRunner, engineDefaults, errorOf, run, settle, valueOf } from "../support/runs.ts";

function engineWith(maxMemories: number): WasmEngine {
  return new WasmEngine({ ...engineDefaults, maxInstances: 10_000 }, { platform: testPlatform(), maxMemories });
}

const noMemory = (error: unknown): boolean => {
  assert.ok(error instanceof PoolExhausted);
  assert.deepEqual([error.resource, error.httpStatus], ["memory", 503]);
  return true;
};

test("capacity: memories of instances add up, and are refused before V8 would", () => {
  const capacity = new Capacity(100, 10);
  capacity.take(4);
  capacity.take(6);
  assert.throws(() => capacity.take(1), noMemory);
  capacity.take(0);
  assert.equal(capacity.hasRoom(), true);
  assert.equal(capacity.hasRoom(1), false);
  capacity.giveBack(4);
  capacity.take(4);
  assert.deepEqual(capacity.stats, {
    instances: 3,
    maxInstances: 100,
    memories: 10,
    maxMemories: 10,
    memoryCeiling: v8MemoryPlaces,
    memoryRatio: 10 / v8MemoryPlaces,
  });
});

test("capacity: idle instances are given up until the memories fit", () => {
  const capacity = new Capacity(100, 10);
  let idle = 5;
  capacity.register(() => {
    if (idle === 0) return false;
    idle -= 1;
    capacity.giveBack(2);
    return true;
  });
  for (let count = 0; count < 5; count++) capacity.take(2);
  capacity.take(3);
  assert.deepEqual([idle, capacity.live, capacity.memories], [3, 4, 9]);
});

test("capacity: by default an engine stays far below V8's ceiling", () => {
  assert.ok(memoryPlaces < v8MemoryPlaces * 0.75);
  assert.equal(new WasmEngine(engineDefaults, { platform: testPlatform() }).stats().maxMemories, memoryPlaces);
});

/** Two instances of a module with two memories, and one with a memory of 64 bits that a sibling imports. */
const component = `(component
  (core module $two (memory 1) (memory 1))
  (core module $wide (memory (export "m") i64 1))
  (core module $user (import "w" "m" (memory i64 1)) (func (export "f")))
  (core instance $a (instantiate $two)) (core instance $b (instantiate $two))
  (core instance $w (instantiate $wide))
  (core instance $u (instantiate $user (with "w" (instance $w))))
  (func (export "f") (canon lift (core func $u "f"))))`;

for (const [name, text, places] of [
  ["no memory", `(module (func (export "f")))`, 0],
  ["one", `(module (memory 1) (func (export "f")))`, 1],
  ["one that is empty", `(module (memory 0) (func (export "f")))`, 1],
  ["three", `(module (memory 1) (memory 1) (memory 1) (func (export "f")))`, 3],
  ["one of 64 bits", `(module (memory i64 1) (func (export "f")))`, 2],
  ["several in a component", component, 6],
] as const) {
  test(`capacity: an instance with ${name} takes ${places} places and gives them back`, async () => {
    const engine = engineWith(6);
    const runner = await createRunner(text, {}, engine);
    valueOf(await run(runner, "f"));
    await settle();
    assert.deepEqual([engine.stats().memories, engine.stats().instances], [places, 1]);
    runner.dispose();
    assert.deepEqual([engine.stats().memories, engine.stats().instances], [0, 0]);
  });
}

test("capacity: a run that finds no room for its memories rejects, and the next is served", async () => {
  const engine = engineWith(4);
  const waiting = gate();
  const imports = host({ env: { wait: { kind: "async", call: () => waiting.promise } } });
  const text = `(module (import "env" "wait" (func $wait)) (memory 1) (memory 1) (func (export "f") call $wait))`;
  const runner = await createRunner(text, { imports }, engine);
  const runs = [run(runner, "f"), run(runner, "f")];
  await settle();
  await assert.rejects(run(runner, "f"), noMemory);
  assert.equal(engine.stats().memoryRatio, 4 / v8MemoryPlaces);
  waiting.open();
  for (const result of await Promise.all(runs)) valueOf(result);
  valueOf(await run(runner, "f"));
});

/** Runs that wait, one for each instance, until the engine or V8 has no room. */
async function fill(runner: InstanceRunner, most: number): Promise<unknown> {
  let refused: unknown;
  const refuse = (error: unknown): void => {
    refused ??= error;
  };
  for (let count = 0; count < most && refused === undefined; count++) {
    run(runner, "f").then((result) => result.kind === "trap" && refuse(errorOf(result)), refuse);
    // At the ceiling V8 collects garbage three times for each refusal: notice the first.
    // oxlint-disable-next-line no-await-in-loop
    if (count > 950) await settle();
  }
  await settle();
  return refused;
}

test("capacity: without the limit V8's own refusal is the same typed error", async () => {
  const text = (count: number): string =>
    `(module (import "env" "wait" (func $wait)) ${"(memory 0)".repeat(count)} (func (export "f") call $wait))`;
  const imports = host({ env: { wait: { kind: "async", call: () => new Promise(() => {}) } } });
  const execution = { timeoutMs: 3_600_000 };
  const engine = engineWith(1_000_000);
  const runner = await createRunner(await CompiledModule.fromWat(engine, text(16)), { imports, execution }, engine);
  noMemory(await fill(runner, 1100));
  const { memories } = engine.stats();
  // Other memories of this process count too.
  assert.ok(memories > v8MemoryPlaces - 800 && memories <= v8MemoryPlaces + 16, `${memories} memories`);
});
