// With the pool on and off random programs do the same: results, errors, fuel, memory used, host calls.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { HostImports } from "../../src/index.ts";
import { hostInstance } from "../../src/index.ts";
import { createRunner, generous, run } from "../support/runs.ts";
import { programBytes } from "../support/program-module.ts";
import type { Program } from "../support/random-program.ts";
import { programs } from "../support/random-program.ts";

const numRuns = Number(process.env["EDGE_PROPERTY_RUNS"] ?? 60);

/** What the runs of one program with these seeds give, one after the other in one runner. */
async function observe(program: Program, seeds: readonly number[], poolingAllocator: boolean): Promise<unknown> {
  const ticks: number[] = [];
  const tick = (_: unknown, value: number): void => void ticks.push(value);
  const imports: HostImports = new Map([["env", hostInstance({ tick: { kind: "sync", call: tick } })]]);
  const bytes = programBytes(program, { counting: false });
  const runner = await createRunner(bytes, { engine: { poolingAllocator }, execution: generous, imports });
  const seen: unknown[] = [];
  for (const seed of seeds) {
    // One after the other: each meets what the one before left.
    // oxlint-disable-next-line no-await-in-loop
    const result = await run(runner, "run", [seed]);
    const { fuelConsumed, memoryUsedBytes } = result.metrics;
    seen.push([result.kind === "success" ? result.value : result.message, fuelConsumed, memoryUsedBytes]);
  }
  runner.dispose();
  return [seen, ticks];
}

test("pooling: on and off give equal results over random programs", async () => {
  await fc.assert(
    fc.asyncProperty(programs, fc.array(fc.integer(), { minLength: 2, maxLength: 4 }), async (program, seeds) => {
      const twice = [...seeds, ...seeds];
      assert.deepEqual(await observe(program, twice, true), await observe(program, twice, false));
    }),
    { numRuns, seed: 1 },
  );
});
