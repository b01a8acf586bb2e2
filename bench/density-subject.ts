// One subject of the density figures in a process of its own, so that nothing but its guests weighs: prints resident
// memory before and with them, as JSON. Needs --expose-gc.

import { defaultConfig } from "edge-runtime-common";
import { CompiledModule, InstanceRunner } from "edge-runtime-core";
import type { HostFunction } from "edge-runtime-core";
import { createHostImports } from "edge-runtime-host";
import { createBenchEngine, newContext } from "./bench-engine.ts";
import { densitySubjects } from "./density-guests.ts";

export interface DensityReport {
  readonly guests: number;
  /** Resident bytes that came with the guests. */
  readonly residentBytes: number;
  /** Of V8's ceiling, with all guests alive. */
  readonly memoryRatio: number;
}

function residentBytes(): number {
  for (let round = 0; round < 3; round++) globalThis.gc?.();
  return process.memoryUsage().rss;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => void setImmediate(resolve));
}

const subject = densitySubjects.find(({ key }) => key === process.argv[2]);
if (subject === undefined) throw new Error(`no subject ${process.argv[2]}`);
if (globalThis.gc === undefined) throw new Error("run with --expose-gc");

const { promise: released, resolve: release } = Promise.withResolvers<void>();
const wait: HostFunction = { kind: "async", reads: "nothing", call: () => released };
const engine = createBenchEngine({ maxInstances: 10_000 });
const imports = new Map(createHostImports({ platform: engine.platform }));
imports.set("env", { kind: "instance", items: new Map([["wait", wait]]) });
const module = await CompiledModule.fromWat(engine, subject.text);
const execution = { ...defaultConfig().execution, maxFuel: 1e9, timeoutMs: 3_600_000 };
const runner = await InstanceRunner.create(engine, module, { execution, imports });

// Everything that is made once is made before it is weighed.
await runner.warmUp(1);
const before = residentBytes();
const results: Promise<unknown>[] = [];
if (subject.depth === undefined) {
  await runner.warmUp(subject.count);
} else {
  for (let guest = 0; guest < subject.count; guest++) {
    results.push(runner.run("wait", [subject.depth], { context: newContext() }));
  }
  await turns(5);
}
const { live, running } = runner.stats();
const alive = subject.depth === undefined ? live : running;
if (alive !== subject.count) throw new Error(`${alive} guests are alive, not ${subject.count}`);
const report: DensityReport = {
  guests: subject.count,
  residentBytes: residentBytes() - before,
  memoryRatio: engine.stats().memoryRatio,
};

// All of them must be well.
release();
const expected = JSON.stringify([(subject.depth ?? 0) + 1]);
for (const result of await Promise.all(results)) {
  const { kind, value } = result as { kind: string; value?: unknown };
  if (kind !== "success" || JSON.stringify(value) !== expected)
    throw new Error(`a guest answered ${JSON.stringify(result)}`);
}
runner.dispose();
await turns(5);
if (engine.stats().instances !== 0) throw new Error(`${engine.stats().instances} instances are left`);
process.stdout.write(`${JSON.stringify(report)}\n`);
