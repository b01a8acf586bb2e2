// How late a deadline is met: guests that spin in different ways, in excess of a control, which is how late a timer of
// the same delay fires in the same thread. Another thread spins meanwhile, so that the machine's other core is busy.

import { Worker } from "node:worker_threads";
import type { ExecutionConfig } from "edge-runtime-common";
import { CompiledModule, hostInstance, InstanceRunner } from "edge-runtime-core";
import { createBenchEngine, newContext } from "./bench-engine.ts";
import { median } from "./interleave.ts";
import { percentile } from "./percentile.ts";
import type { BenchOptions, Results } from "./results.ts";

const declarations = `(import "env" "host" (func $host)) (memory 32) (tag $t) (func $noop)
  (func $tree (param i32) local.get 0 if
    local.get 0 i32.const 1 i32.sub call $tree local.get 0 i32.const 1 i32.sub call $tree end)`;

const spinners = [
  "loop br 0 end",
  "loop call $noop br 0 end",
  "i32.const 60 call $tree",
  "loop call $host br 0 end",
  "loop $l block $h try_table (catch_all $h) throw $t end end br $l end",
  "loop i32.const 0 i32.const 1 i32.const 0x200000 memory.fill br 0 end",
  "loop i32.const 0 memory.grow drop br 0 end",
] as const;

/** Milliseconds of the deadlines, in turn: short and long against the slice and the pauses. */
const deadlinesMs = [5, 10, 20, 50] as const;
const pairs = { full: 800, quick: 56 } as const;

async function createSpinners(timeoutMs: number): Promise<InstanceRunner[]> {
  const engine = createBenchEngine();
  const execution: ExecutionConfig = { maxFuel: 1e15, timeoutMs, maxMemoryMb: 64, fuelMetering: true };
  const imports = new Map([["env", hostInstance({ host: { kind: "sync", call: () => {} } })]]);
  return Promise.all(
    spinners.map(async (body) => {
      const module = await CompiledModule.fromWat(engine, `(module ${declarations} (func (export "f") ${body}))`);
      const runner = await InstanceRunner.create(engine, module, { execution, imports });
      await runner.warmUp(1);
      return runner;
    }),
  );
}

async function guestLatenessMs(runner: InstanceRunner, timeoutMs: number): Promise<number> {
  const startedAt = performance.now();
  const result = await runner.run("f", [], { context: newContext() });
  const late = performance.now() - startedAt - timeoutMs;
  if (result.kind !== "trap" || result.code !== "ERR_EDGE_EXECUTION_TIMEOUT") {
    throw new Error(`a spinning guest ended otherwise: ${result.kind === "trap" ? result.message : "it returned"}`);
  }
  return late;
}

function timerLatenessMs(delayMs: number): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    setTimeout(() => resolve(performance.now() - startedAt - delayMs), delayMs);
  });
}

export async function benchDeadline(results: Results, { quick }: BenchOptions): Promise<void> {
  const runners = new Map<number, InstanceRunner[]>();
  for (const timeoutMs of deadlinesMs) runners.set(timeoutMs, await createSpinners(timeoutMs));
  const busy = new Worker("for (;;) {}", { eval: true });
  const guests: number[] = [];
  const control: number[] = [];
  const count = quick ? pairs.quick : pairs.full;
  try {
    for (let pair = 0; pair < count; pair++) {
      const timeoutMs = deadlinesMs[pair % deadlinesMs.length] ?? 20;
      const runner = runners.get(timeoutMs)?.[Math.floor(pair / deadlinesMs.length) % spinners.length];
      if (runner === undefined) throw new Error("a spinner is missing");
      guests.push(await guestLatenessMs(runner, timeoutMs));
      control.push(await timerLatenessMs(timeoutMs));
    }
  } finally {
    await busy.terminate();
  }
  const add = (key: string, what: string, value: number, target?: string): void => {
    results.add({ key: `deadline_${key}`, what: `${what}, ${count} runs, ms`, value, ...(target && { target }) });
  };
  add("control_median_ms", "lateness of a timer, median", median(control));
  add("control_p99_ms", "lateness of a timer, p99", percentile(control, 0.99));
  add("excess_median_ms", "lateness of a spinning guest over that, median", median(guests) - median(control), "5");
  const excess = percentile(guests, 0.99) - percentile(control, 0.99);
  add("excess_p99_ms", "lateness of a spinning guest over that, p99", excess, "20");
}
