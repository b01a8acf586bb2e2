// The other side of the comparison with Wasmtime's pool, for ./__main__.py: prints the guests as text, or what
// one acquire, a call of `touch` and one release take in this pool, in microseconds. JSON by guest.

import { defaultConfig } from "edge-runtime-common";
import { CompiledModule } from "edge-runtime-core";
import { createPool, runLimits } from "edge-runtime-core/internal";
import { createBenchEngine, newContext } from "../../bench/bench-engine.ts";
import { interleave } from "../../bench/interleave.ts";
import { pooledRuns } from "../../bench/pooled-runs.ts";
import { touch, touchingGuests } from "../../bench/touching-guest.ts";

const [what] = process.argv.slice(2);
const answer: Record<string, unknown> = {};
for (const { key, wat } of touchingGuests) {
  if (what === "guests") {
    answer[key] = wat;
    continue;
  }
  const engine = createBenchEngine();
  // oxlint-disable-next-line no-await-in-loop
  const module = await CompiledModule.fromWat(engine, wat);
  const limits = runLimits(engine.config, defaultConfig().execution);
  const pool = createPool(engine, module.link(new Map()), limits);
  // oxlint-disable-next-line no-await-in-loop
  await pool.prepare(1);
  const run = pooledRuns({ pool, limits, context: newContext() }, touch);
  // oxlint-disable-next-line no-await-in-loop
  const [measured] = await interleave([{ name: key, run }], { rounds: 5, roundMs: 40 });
  answer[key] = measured?.medianUs;
}
process.stdout.write(`${JSON.stringify(answer)}\n`);
