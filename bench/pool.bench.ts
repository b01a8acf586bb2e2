// Acquire + release of a pooled instance against a new instance of the same rewritten modules with prepared imports, and
// against jco's instantiation of the same component.

import { readFileSync } from "node:fs";
import { defaultConfig } from "edge-runtime-common";
import { CompiledModule } from "edge-runtime-core";
import { createPool, instantiate, runLimits } from "edge-runtime-core/internal";
import { createHostImports } from "edge-runtime-host";
import { createBenchEngine, newContext } from "./bench-engine.ts";
import { benchDirtyPages } from "./dirty-pages.bench.ts";
import { interleave } from "./interleave.ts";
import type { Subject } from "./interleave.ts";
import { jcoComponent } from "./jco-component.ts";
import { pooledRuns } from "./pooled-runs.ts";
import type { Results } from "./results.ts";

const smallCore = `(module (memory (export "memory") 1) (global $count (mut i32) (i32.const 0))
  (data (i32.const 16) "initial contents")
  (func (export "run") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (i32.store (i32.const 64) (global.get $count)) (i32.load (i32.const 64))))`;

async function subjects(bytes: Uint8Array): Promise<Subject[]> {
  const engine = createBenchEngine();
  const module = await CompiledModule.fromAny(engine, bytes);
  const program = module.link(createHostImports({ platform: engine.platform }));
  const limits = runLimits(engine.config, defaultConfig().execution);
  const pool = createPool(engine, program, limits);
  await pool.prepare(1);
  const pooled = pooledRuns({ pool, limits, context: newContext() });
  const fresh = async (times: number): Promise<void> => {
    for (let index = 0; index < times; index++) await instantiate(unpooled, program, limits);
  };
  const unpooled = createBenchEngine({ poolingAllocator: false });
  return [
    { name: "pooled", run: pooled },
    { name: "new", run: fresh },
  ];
}

export async function benchPool(results: Results): Promise<void> {
  const build = new URL("../examples/build/", import.meta.url);
  const guests = [
    { key: "core", bytes: new TextEncoder().encode(smallCore), component: false },
    { key: "hello_wat", bytes: readFileSync(new URL("hello-wat.wasm", build)), component: true },
    { key: "hello_js", bytes: readFileSync(new URL("hello-js.wasm", build)), component: true },
    { key: "hello_ts", bytes: readFileSync(new URL("hello-ts.wasm", build)), component: true },
  ];
  await benchDirtyPages(results);
  for (const { key, bytes, component } of guests) {
    const list = await subjects(bytes);
    if (component) {
      const jco = await jcoComponent(bytes);
      const run = (times: number): void => {
        for (let index = 0; index < times; index++) jco.instantiate();
      };
      list.push({ name: "jco", run });
    }
    const [pooled, fresh, jco] = await interleave(list, { rounds: 15, roundMs: 60 });
    if (pooled === undefined || fresh === undefined) throw new Error("a subject is missing");
    const target = key === "hello_wat" ? { target: "10" } : {};
    results.add({ key: `pool_${key}_us`, what: "acquire + release of a pooled instance, us", value: pooled.medianUs });
    results.add({ key: `pool_${key}_new_us`, what: "new instance, us", value: fresh.medianUs });
    results.add({
      key: `pool_${key}_speedup`,
      what: "new over pooled",
      value: fresh.medianUs / pooled.medianUs,
      ...target,
    });
    if (jco === undefined) continue;
    results.add({ key: `pool_${key}_jco_us`, what: "jco's instantiation, us", value: jco.medianUs });
    results.add({ key: `pool_${key}_jco_speedup`, what: "jco over pooled", value: jco.medianUs / pooled.medianUs });
  }
}
