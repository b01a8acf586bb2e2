// npm run soak [-- --minutes N]: mixed guests, 24 at a time, for N minutes (default 30), with pooling and a share of the resets
// verified. Fails where memory grows, a run ends as it must not, a reset leaves something, or an instance is lost.

import { parseArgs } from "node:util";
import { defaultConfig, RuntimeError } from "edge-runtime-common";
import { CompiledModule, InstanceRunner, WasmEngine } from "edge-runtime-core";
import type { HostFunction } from "edge-runtime-core";
import { createHostImports } from "edge-runtime-host";
import { testPlatform } from "edge-runtime-testing";
import { newContext } from "./bench-engine.ts";
import type { SoakGuest } from "./soak-guests.ts";
import { soakGuests } from "./soak-guests.ts";
import type { MemoryWindow } from "./soak-verdict.ts";
import { judgeGrowth } from "./soak-verdict.ts";

const atOnce = 24;
const windowCount = 40;
const problems = new Set<string>();
const endings = new Map<string, number>();

const { values } = parseArgs({ options: { minutes: { type: "string", default: "30" } } });
const minutes = Number(values.minutes);
if (!(minutes >= 0.05)) {
  process.stderr.write("--minutes: expected a number from 0.05\n");
  process.exit(2);
}
const { gc } = globalThis;
if (gc === undefined) throw new Error("run with --expose-gc");

const config = defaultConfig();
const engine = new WasmEngine(
  { ...config.engine, maxInstances: 200, verifyResets: 0.02 },
  {
    platform: testPlatform(),
    onResetFault: ({ differences }) => problems.add(`a reset left ${differences.join(", ")}`),
  },
);
const wait: HostFunction = {
  kind: "async",
  reads: "nothing",
  call: () => new Promise<void>((resolve) => void setTimeout(resolve, 1)),
};
const imports = new Map(createHostImports({ platform: engine.platform }));
imports.set("env", { kind: "instance", items: new Map([["wait", wait]]) });
const execution = { ...config.execution, maxFuel: 2_000_000, timeoutMs: 30_000 };

interface Subject {
  readonly guest: SoakGuest;
  readonly runner: InstanceRunner;
}

async function subjectOf(guest: SoakGuest): Promise<Subject> {
  const module = await CompiledModule.fromWat(engine, guest.text);
  // Fuel ends it otherwise.
  const limits = guest.name === "spinning" ? { ...execution, maxFuel: 1e12, timeoutMs: 3 } : execution;
  return { guest, runner: await InstanceRunner.create(engine, module, { execution: limits, imports }) };
}

async function runOne({ guest, runner }: Subject, number: number): Promise<void> {
  const { result, cancel } = runner.start(guest.entry, guest.args, { context: newContext() });
  if (guest.cancels === true && number % 2 === 0) setTimeout(() => cancel("the client left"), 1);
  const ending = await result.then(
    (ended) => (ended.kind === "success" ? "success" : ended.code),
    (error: unknown) => (error instanceof RuntimeError ? error.code : String(error)),
  );
  endings.set(`${guest.name}: ${ending}`, (endings.get(`${guest.name}: ${ending}`) ?? 0) + 1);
  if (!guest.outcomes.includes(ending)) problems.add(`${guest.name} ended with ${ending}`);
  const ended = await result.catch(() => undefined);
  const clean = ended?.kind !== "success" || !Array.isArray(ended.value) || ended.value[0] === 0;
  if (!clean) problems.add(`${guest.name} found what another run left`);
}

const subjects = await Promise.all(soakGuests.map(subjectOf));
let count = 0;
let stopping = false;

async function client(first: number): Promise<void> {
  for (let number = first; !stopping; number++) {
    const subject = subjects[number % subjects.length];
    if (subject === undefined) return;
    await runOne(subject, count);
    count += 1;
    // Refusals come at once: others must have their turn.
    if (number % 8 === 0) await new Promise((resolve) => void setImmediate(resolve));
  }
}

function measure(): MemoryWindow {
  gc?.();
  gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { residentBytes: rss, heapBytes: heapUsed };
}

const windows: MemoryWindow[] = [];
const clients = Array.from({ length: atOnce }, (_, index) => client(index));
const windowMs = (minutes * 60_000) / windowCount;
process.stdout.write("window   runs   heap MB   resident MB   instances   memories\n");
for (let window = 1; window <= windowCount; window++) {
  await new Promise((resolve) => void setTimeout(resolve, windowMs));
  const measured = measure();
  windows.push(measured);
  const { instances, memories } = engine.stats();
  const columns = [window, count, (measured.heapBytes / 1e6).toFixed(2), (measured.residentBytes / 1e6).toFixed(1)];
  process.stdout.write(`${[...columns, instances, memories].map((cell) => String(cell).padStart(9)).join(" ")}\n`);
}
stopping = true;
await Promise.all(clients);

for (const [ending, times] of [...endings].toSorted(([left], [right]) => (left < right ? -1 : 1)))
  process.stdout.write(`${String(times).padStart(9)}  ${ending}\n`);
for (const { guest, runner } of subjects) {
  const { verifiedResets, discarded, throttled, running } = runner.stats();
  const state = throttled ? ", throttled" : "";
  process.stdout.write(`${guest.name}: ${verifiedResets} resets verified, ${discarded} discarded${state}\n`);
  if (running !== 0) problems.add(`${guest.name}: ${running} instances are still running`);
  const expected = guest.outcomes[0] ?? "success";
  if (!endings.has(`${guest.name}: ${expected}`)) problems.add(`${guest.name} never ended with ${expected}`);
  runner.dispose();
}
if (engine.stats().instances !== 0) problems.add(`${engine.stats().instances} instances are lost`);
for (const { what, firstBytes, lastBytes, boundBytes, isFlat } of judgeGrowth(windows)) {
  const [first, last, bound] = [firstBytes, lastBytes, boundBytes].map((bytes) => (bytes / 1e6).toFixed(2));
  process.stdout.write(`${what}: ${first} MB, then ${last} MB; at most ${bound} MB more\n`);
  if (!isFlat) problems.add(`${what} memory grew from ${first} to ${last} MB`);
}
for (const problem of problems) process.stdout.write(`FAIL ${problem}\n`);
if (problems.size === 0) process.stdout.write("flat\n");
process.exitCode = problems.size === 0 ? 0 : 1;
