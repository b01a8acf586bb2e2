// Calls of components: the `handle` of a handler that answers with what it was asked, 1 MiB of bytes in each direction,
// and a call without values, each against jco's code for the same component, in turns. jco's calls are plain ones
// without limits; ours are metered, can be suspended and stopped. All instances are kept.

import { readFileSync } from "node:fs";
import { defaultConfig } from "edge-runtime-common";
import { CompiledModule, InstanceRunner } from "edge-runtime-core";
import { createPool, runLimits } from "edge-runtime-core/internal";
import { createHostImports } from "edge-runtime-host";
import { createBenchEngine, newContext } from "./bench-engine.ts";
import { byteMover, echoHandler } from "./component-guests.ts";
import type { Measured, Plan, Subject } from "./interleave.ts";
import { interleave } from "./interleave.ts";
import { jcoComponent } from "./jco-component.ts";
import type { BenchOptions, Results } from "./results.ts";

const execution = { ...defaultConfig().execution, maxFuel: 1e15, timeoutMs: 600_000, maxMemoryMb: 64 };

type Call = (...args: readonly unknown[]) => unknown;

interface Callable {
  readonly metered: (entry: string) => Promise<Call>;
  /** The same without fuel and deadline. */
  readonly unmetered: (entry: string) => Promise<Call>;
  readonly jco: (entry: string) => Call;
}

async function keptCall(bytes: Uint8Array, entry: string, metered: boolean): Promise<Call> {
  const engine = createBenchEngine({ epochInterruption: metered });
  const module = await CompiledModule.fromAny(engine, bytes, { fuelMetering: metered });
  const limits = runLimits(engine.config, { ...execution, fuelMetering: metered });
  const pool = createPool(engine, module.link(createHostImports({ platform: engine.platform })), limits);
  await pool.prepare(1);
  const instance = pool.take();
  const fn = instance?.guest.entry(entry);
  if (instance === undefined || fn === undefined) throw new Error(`no function ${entry}`);
  const { store } = instance;
  const context = newContext();
  return (...args) => {
    // Each call is a run: its fuel and its time begin anew, and none is long enough to be paused.
    store.startRun(limits, context);
    return fn(args);
  };
}

async function callable(bytes: Uint8Array): Promise<Callable> {
  const jco = (await jcoComponent(bytes)).instantiate();
  return {
    metered: (entry) => keptCall(bytes, entry, true),
    unmetered: (entry) => keptCall(bytes, entry, false),
    jco: (entry) => jco[entry] as Call,
  };
}

function calls(name: string, call: Call, args: readonly unknown[]): Subject {
  return {
    name,
    run: async (times) => {
      for (let index = 0; index < times; index++) {
        const result = call(...args);
        // A call through jco is plain: it does not pay for a promise.
        // oxlint-disable-next-line no-await-in-loop
        if (result instanceof Promise) await result;
      }
    },
  };
}

const headers = Array.from({ length: 20 }, (_, index) => [`x-header-${index}`, `value number ${index} of the request`]);
const request = {
  method: "post",
  uri: "/some/path?with=a&query=string",
  headers,
  body: new Uint8Array(1024).fill(97),
};

/** Whole runs, as the server makes them: an instance from the pool, accounts, the call, release. */
async function runs(bytes: Uint8Array): Promise<Subject> {
  const engine = createBenchEngine();
  const module = await CompiledModule.fromAny(engine, bytes);
  const imports = createHostImports({ platform: engine.platform });
  const runner = await InstanceRunner.create(engine, module, { execution, imports });
  await runner.warmUp(1);
  const run = async (times: number): Promise<void> => {
    for (let index = 0; index < times; index++) {
      // One run after another: the time of one is asked.
      // oxlint-disable-next-line no-await-in-loop
      const result = await runner.run("handle", [request], { context: newContext() });
      if (result.kind !== "success") throw new Error(result.message);
    }
  };
  return { name: "run", run };
}

function us(measured: readonly Measured[], name: string): number {
  return measured.find((one) => one.name === name)?.medianUs ?? Number.NaN;
}

async function benchHandle(results: Results, plan: Plan): Promise<void> {
  const bytes = await echoHandler();
  const { metered, unmetered, jco } = await callable(bytes);
  const measured = await interleave(
    [
      calls("metered", await metered("handle"), [request]),
      calls("unmetered", await unmetered("handle"), [request]),
      calls("jco", jco("handle"), [request]),
      await runs(bytes),
    ],
    plan,
  );
  const base = us(measured, "jco");
  const add = (key: string, what: string, value: number, target?: string): void =>
    results.add({ key: `component_handle_${key}`, what, value, ...(target && { target }) });
  add("us", "handle, 20 headers and 1 KiB body both ways, us", us(measured, "metered"));
  add("jco_us", "the same through jco, us", base);
  add("over_jco", "handle over jco", us(measured, "metered") / base, "2");
  add("unmetered_over_jco", "without fuel and deadline, over jco", us(measured, "unmetered") / base);
  add("run_us", "a whole run: instance, accounts, handle, release, us", us(measured, "run"));
  add("run_over_jco", "a whole run over jco's call in a kept instance", us(measured, "run") / base);
}

/** Guests that work: what is dearer than through jco is the meter's share of the guest's own code. */
async function benchGuest(results: Results, name: string, plan: Plan): Promise<void> {
  const bytes = readFileSync(new URL(`../examples/build/${name}.wasm`, import.meta.url));
  const { metered, unmetered, jco } = await callable(bytes);
  const measured = await interleave(
    [
      calls("metered", await metered("handle"), [request]),
      calls("unmetered", await unmetered("handle"), [request]),
      calls("jco", jco("handle"), [request]),
    ],
    plan,
  );
  const key = `component_${name.replaceAll("-", "_")}`;
  const base = us(measured, "jco");
  results.add({ key: `${key}_us`, what: `handle of ${name}, us`, value: us(measured, "metered") });
  results.add({
    key: `${key}_over_jco`,
    what: "over jco's code without limits",
    value: us(measured, "metered") / base,
  });
  const plain = us(measured, "unmetered");
  results.add({ key: `${key}_unmetered_over_jco`, what: "without fuel and deadline, over jco", value: plain / base });
}

const mib = 1 << 20;

async function benchBytes(results: Results, plan: Plan): Promise<void> {
  const { metered, jco } = await callable(await byteMover());
  const source = new Uint8Array(mib).fill(1);
  const target = new Uint8Array(mib);
  const copy: Subject = {
    name: "copy",
    run: (times) => {
      for (let index = 0; index < times; index++) target.set(source);
    },
  };
  const slice: Subject = {
    name: "slice",
    run: async (times) => {
      for (let index = 0; index < times; index++) {
        source.slice();
        // As in the calls: V8 frees what is dropped between two turns.
        // oxlint-disable-next-line no-await-in-loop
        await Promise.resolve();
      }
    },
  };
  const measured = await interleave(
    [
      calls("take", await metered("take"), [source]),
      calls("take jco", jco("take"), [source]),
      copy,
      calls("give", await metered("give"), [mib]),
      calls("give jco", jco("give"), [mib]),
      slice,
      calls("nothing", await metered("nothing"), []),
      calls("nothing jco", jco("nothing"), []),
    ],
    plan,
  );
  const ratio = (key: string, what: string, name: string, base: string): void =>
    results.add({ key: `component_${key}`, what, value: us(measured, name) / us(measured, base) });
  results.add({
    key: "component_take_1_mib_us",
    what: "1 MiB of list<u8> to the guest, us",
    value: us(measured, "take"),
  });
  ratio("take_1_mib_over_copy", "over a copy of as many bytes", "take", "copy");
  ratio("take_1_mib_over_jco", "over jco", "take", "take jco");
  results.add({ key: "component_give_1_mib_us", what: "1 MiB of list<u8> from it, us", value: us(measured, "give") });
  ratio("give_1_mib_over_slice", "over a new copy of as many bytes", "give", "slice");
  ratio("give_1_mib_over_jco", "over jco", "give", "give jco");
  results.add({ key: "component_nothing_us", what: "a call without values, us", value: us(measured, "nothing") });
  results.add({
    key: "component_nothing_jco_us",
    what: "the same through jco, us",
    value: us(measured, "nothing jco"),
  });
}

export async function benchComponent(results: Results, { quick }: BenchOptions): Promise<void> {
  const plan = quick ? { rounds: 5, roundMs: 20 } : { rounds: 15, roundMs: 60 };
  await benchHandle(results, plan);
  await benchBytes(results, plan);
  for (const name of ["hello-js", "hello-ts"]) await benchGuest(results, name, plan);
}
