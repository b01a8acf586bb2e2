// Run time of metered guests over the same guest unmetered, on own programs of different shapes. Each guest runs in an
// instance that is kept, so that only the code differs.

import type { ExecutionConfig } from "edge-runtime-common";
import { CompiledModule, InstanceRunner } from "edge-runtime-core";
import { createBenchEngine, newContext } from "./bench-engine.ts";
import { geomean, interleave } from "./interleave.ts";
import { programs } from "./programs.ts";
import type { Results } from "./results.ts";

const unlimited: ExecutionConfig = { maxFuel: 1e15, timeoutMs: 600_000, maxMemoryMb: 64, fuelMetering: true };

const modes = [
  { key: "plain", fuelMetering: false, epochInterruption: false },
  { key: "metered", fuelMetering: true, epochInterruption: true },
  { key: "deadline", fuelMetering: false, epochInterruption: true },
] as const;

export async function benchMetering(results: Results): Promise<void> {
  const ratios = { metered: [] as number[], deadline: [] as number[] };
  for (const program of programs) {
    const subjects = await Promise.all(
      modes.map(async ({ key, fuelMetering, epochInterruption }) => {
        const engine = createBenchEngine({ epochInterruption });
        const module = await CompiledModule.fromWat(engine, program.wat, { fuelMetering });
        const runner = await InstanceRunner.create(engine, module, {
          execution: { ...unlimited, fuelMetering },
          imports: new Map(),
        });
        const run = async (times: number): Promise<void> => {
          for (let index = 0; index < times; index++) {
            const result = await runner.run(program.entry, program.args, { context: newContext() });
            const value = result.kind === "success" ? String(result.value) : result.message;
            if (value !== program.answer)
              throw new Error(`${program.name} (${key}) answered ${value}, not ${program.answer}`);
          }
        };
        return { name: key, run };
      }),
    );
    const [plain, metered, deadline] = await interleave(subjects, { rounds: 9, roundMs: 120 });
    if (plain === undefined || metered === undefined || deadline === undefined) throw new Error("a mode is missing");
    ratios.metered.push(metered.medianUs / plain.medianUs);
    ratios.deadline.push(deadline.medianUs / plain.medianUs);
    results.add({
      key: `metered_${program.name}`,
      what: "metered over unmetered run time",
      value: metered.medianUs / plain.medianUs,
    });
    results.add({
      key: `deadline_${program.name}`,
      what: "deadline only over unmetered",
      value: deadline.medianUs / plain.medianUs,
    });
  }
  results.add({ key: "own_metered_geomean", what: "geomean over own programs", value: geomean(ratios.metered) });
  results.add({ key: "own_metered_worst", what: "worst own program", value: Math.max(...ratios.metered) });
  results.add({ key: "own_deadline_geomean", what: "geomean over own programs", value: geomean(ratios.deadline) });
  results.add({ key: "own_deadline_worst", what: "worst own program", value: Math.max(...ratios.deadline) });
}
