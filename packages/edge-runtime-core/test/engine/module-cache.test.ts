// The two caches of compiled modules: in memory, and the artifacts that outlive the process.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CompilationFailed } from "edge-runtime-common";
import { fakePlatform } from "edge-runtime-testing";
import type { WasmEngine } from "../../src/index.ts";
import { CompiledModule } from "../../src/index.ts";
import type { MemoryCache } from "../support/memory-cache.ts";
import { memoryCache } from "../support/memory-cache.ts";
import { createEngine, createRunner, errorOf, run } from "../support/runs.ts";

const wat = `(module (func (export "f") loop br 0 end))`;

/** An engine of another process: its own memory, the same key and cache. */
function engineOf(cache: MemoryCache, options: { key?: string; on?: boolean; wallClockMs?: number } = {}): WasmEngine {
  const { key = "test key", on = true, wallClockMs = 1000 } = options;
  const platform = fakePlatform({ key, wallClockMs, msPerReading: 1 });
  return createEngine({ platform, cache, engine: { cacheCompiledModules: on } });
}

function onlyEntry(cache: MemoryCache): readonly [key: string, bytes: Uint8Array] {
  const [entry, ...others] = cache.entries;
  assert.ok(entry !== undefined && others.length === 0);
  return entry;
}

test("cache: a second start compiles nothing", async () => {
  const cache = memoryCache();
  const first = await CompiledModule.fromWat(engineOf(cache), wat);
  const second = await CompiledModule.fromWat(engineOf(cache, { wallClockMs: 2000 }), wat);
  assert.deepEqual(cache.log, ["read", "write", "read"]);
  assert.deepEqual(second.compiledAt, first.compiledAt);
  assert.deepEqual(second.describe(), first.describe());
});

test("cache: in one process the same bytes are the same module", async () => {
  const cache = memoryCache();
  const engine = engineOf(cache);
  const modules = await Promise.all([CompiledModule.fromWat(engine, wat), CompiledModule.fromWat(engine, wat)]);
  assert.equal(modules[0], modules[1]);
  assert.equal(await CompiledModule.fromWat(engine, wat), modules[0]);
  assert.deepEqual(cache.log, ["read", "write"]);
});

test("cache: off, it is neither read nor written, and every compilation is its own", async () => {
  const cache = memoryCache();
  const engine = engineOf(cache, { on: false });
  const modules = await Promise.all([CompiledModule.fromWat(engine, wat), CompiledModule.fromWat(engine, wat)]);
  assert.notEqual(modules[0], modules[1]);
  assert.deepEqual(cache.log, []);
});

test("cache: metering modes are entries of their own", async () => {
  const cache = memoryCache();
  const engine = engineOf(cache);
  const fuel = await CompiledModule.fromWat(engine, wat);
  const deadline = await CompiledModule.fromWat(engine, wat, { fuelMetering: false });
  assert.deepEqual([fuel.metering, deadline.metering], ["fuel", "deadline"]);
  assert.equal(cache.entries.size, 2);
});

const damages: readonly (readonly [name: string, damage: (bytes: Uint8Array) => Promise<Uint8Array> | Uint8Array])[] = [
  ["an empty entry", () => new Uint8Array()],
  ["garbage", () => new Uint8Array(100).fill(7)],
  ["a flipped bit", (bytes) => bytes.map((byte, index) => (index === bytes.length - 3 ? byte ^ 1 : byte))],
  ["half an entry", (bytes) => bytes.slice(0, bytes.length >> 1)],
  [
    "an entry of another key",
    async () => (await CompiledModule.fromWat(engineOf(memoryCache(), { key: "other" }), wat)).toArtifact(),
  ],
  [
    "an entry of another module",
    async () => (await CompiledModule.fromWat(engineOf(memoryCache()), "(module)")).toArtifact(),
  ],
  [
    "an entry of the same module with fewer checks",
    async () => {
      const unmetered = createEngine({ platform: fakePlatform(), engine: { epochInterruption: false } });
      return (await CompiledModule.fromWat(unmetered, wat, { fuelMetering: false })).toArtifact();
    },
  ],
];

for (const [name, damage] of damages) {
  test(`cache: ${name} is removed and made anew`, async () => {
    const cache = memoryCache();
    await CompiledModule.fromWat(engineOf(cache), wat);
    const [key, good] = onlyEntry(cache);
    cache.entries.set(key, await damage(good));
    cache.log.length = 0;
    const engine = engineOf(cache);
    const module = await CompiledModule.fromWat(engine, wat);
    assert.deepEqual(cache.log, ["read", "remove", "write"]);
    assert.equal(module.metering, "fuel");
    assert.deepEqual(onlyEntry(cache), [key, module.toArtifact()]);
    const runner = await createRunner(module, { execution: { maxFuel: 1000 } }, engine);
    assert.equal(errorOf(await run(runner, "f")).code, "ERR_EDGE_FUEL_EXHAUSTED");
  });
}

test("cache: a module that does not compile is not kept", async () => {
  const cache = memoryCache();
  const engine = engineOf(cache);
  const invalid = `(module (func (result i32)))`;
  await assert.rejects(CompiledModule.fromWat(engine, invalid), CompilationFailed);
  await assert.rejects(CompiledModule.fromWat(engine, invalid), CompilationFailed);
  assert.deepEqual(cache.log, ["read", "read"]);
});

test("cache: memory holds a bounded number of modules", async () => {
  const engine = engineOf(memoryCache());
  const first = await CompiledModule.fromWat(engine, "(module)");
  const texts = Array.from({ length: 130 }, (_, index) => `(module (global i32 (i32.const ${index})))`);
  for (const text of texts) {
    // oxlint-disable-next-line no-await-in-loop
    await CompiledModule.fromWat(engine, text);
  }
  assert.notEqual(await CompiledModule.fromWat(engine, "(module)"), first);
});
