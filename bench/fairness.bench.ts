// What a spinning guest costs its neighbours in the same thread: latency of 200 light requests a second, alone and beside
// one guest that spins for its whole deadline, again and again. The kinds take turns, so that the machine's noise hits
// all alike. A request's time counts from when it was due, not from when the thread got to it.

import { readFileSync } from "node:fs";
import type { ExecutionConfig } from "edge-runtime-common";
import { CompiledModule, InstanceRunner } from "edge-runtime-core";
import { createHostImports } from "edge-runtime-host";
import { createBenchEngine, newContext } from "./bench-engine.ts";
import { percentile } from "./percentile.ts";
import type { BenchOptions, Results } from "./results.ts";

const everyMs = 5;
/** Requests of each kind: rounds of so many. 6,000 in all. */
const plans = { full: { rounds: 10, requests: 600 }, quick: { rounds: 2, requests: 200 } } as const;

const light = `(module (func (export "f") (param i32) (result i32)
  (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (i32.const 7)))`;
const request = { method: "get", uri: "/", headers: [], body: undefined };

/** Runs a spinning guest once, for its whole deadline. */
type Spin = () => Promise<void>;

const execution: ExecutionConfig = { maxFuel: 1e15, timeoutMs: 1000, maxMemoryMb: 64, fuelMetering: true };

function handlerSource(): string {
  return readFileSync(new URL("../examples/hello-wat/hello.wat", import.meta.url), "utf8");
}

/** `hello.wat` with an endless loop at the start of one function. */
function spinningIn(name: "handle" | "cabi_realloc"): string {
  const source = handlerSource();
  const at = source.indexOf(`(func (export "${name}")`);
  const locals = name === "handle" ? "(result i32)" : "(local $missing i64)";
  const end = source.indexOf(locals, at) + locals.length;
  return `${source.slice(0, end)} (loop (br 0)) ${source.slice(end)}`;
}

async function spinner(wat: string, entry: string, args: readonly unknown[]): Promise<Spin> {
  const engine = createBenchEngine();
  const imports = createHostImports({ platform: engine.platform });
  const module = await CompiledModule.fromWat(engine, wat);
  return async () => {
    // A runner of its own each time: one whose guests fail again and again is slowed down.
    const runner = await InstanceRunner.create(engine, module, { execution, imports });
    const result = await runner.run(entry, args, { context: newContext() });
    runner.dispose();
    if (result.kind === "trap" && result.code === "ERR_EDGE_EXECUTION_TIMEOUT") return;
    throw new Error(`the spinner ended otherwise: ${result.kind === "trap" ? result.message : "it returned"}`);
  };
}

/** Latencies of light requests that come every `everyMs`, in milliseconds. */
async function lightLatencies(runner: InstanceRunner, count: number): Promise<number[]> {
  const startedAt = performance.now();
  const running: Promise<number>[] = [];
  const serve = async (dueAt: number): Promise<number> => {
    const result = await runner.run("f", [100], { context: newContext() });
    if (result.kind !== "success") throw new Error(result.message);
    return performance.now() - dueAt;
  };
  for (let index = 0; index < count; index++) {
    const dueAt = startedAt + index * everyMs;
    const left = dueAt - performance.now();
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
    running.push(serve(dueAt));
  }
  return Promise.all(running);
}

async function measure(runner: InstanceRunner, count: number, spin: Spin | undefined): Promise<number[]> {
  let going = true;
  const spinning = (async () => {
    while (going && spin !== undefined) await spin();
  })();
  const latencies = await lightLatencies(runner, count);
  going = false;
  await spinning;
  return latencies;
}

export async function benchFairness(results: Results, { quick }: BenchOptions): Promise<void> {
  const { rounds, requests } = quick ? plans.quick : plans.full;
  const engine = createBenchEngine();
  const module = await CompiledModule.fromWat(engine, light);
  const runner = await InstanceRunner.create(engine, module, { execution, imports: new Map() });
  await runner.warmUp(4);
  const start = `(module (func $s loop br 0 end) (start $s) (func (export "f")))`;
  const kinds = new Map<string, Spin | undefined>([
    ["alone", undefined],
    ["handle", await spinner(spinningIn("handle"), "handle", [request])],
    ["start", await spinner(start, "f", [])],
    ["realloc", await spinner(spinningIn("cabi_realloc"), "handle", [request])],
  ]);
  const latencies = new Map<string, number[]>([...kinds.keys()].map((kind) => [kind, []]));
  await measure(runner, 100, undefined);
  for (let round = 0; round < rounds; round++) {
    for (const [kind, spin] of kinds) latencies.get(kind)?.push(...(await measure(runner, requests, spin)));
  }
  const p99 = (kind: string): number => percentile(latencies.get(kind) ?? [], 0.99);
  const alone = p99("alone");
  const total = rounds * requests;
  results.add({ key: "fairness_alone_p99_ms", what: `${total} light requests alone, p99 in ms`, value: alone });
  for (const kind of ["handle", "start", "realloc"]) {
    const value = p99(kind) - alone;
    results.add({
      key: `fairness_${kind}_p99_excess_ms`,
      what: `beside a loop in ${kind}, over that`,
      value,
      target: "10",
    });
  }
}
