// Every switch of the configuration in both positions, through the file and the command as users have them.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { errHandler, GROW, SPIN, sumTo, textHandler } from "./guests.ts";
import { assertProblem, createWorkspace, requestIdOf } from "./serving-process.ts";
import type { LogLine, Serving } from "./serving-process.ts";

const UNLIMITED = Number.MAX_SAFE_INTEGER;

const workspace = createWorkspace();
after(() => workspace.close());

/** Status and body of some requests, one after another. */
async function askAll(serving: Serving, paths: readonly string[]): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const path of paths) {
    const response = await fetch(serving.origin + path);
    const text = await response.text();
    // The id of a problem is its request's own.
    answers.push([response.status, text.replace(requestIdOf(response), "id")]);
  }
  return answers;
}

async function lineOf(serving: Serving, path: string): Promise<LogLine> {
  return serving.requestLine(requestIdOf(await fetch(serving.origin + path)));
}

test("switches: pooling_allocator changes no answer", async () => {
  const functions = {
    text: { text: textHandler("text") },
    err: { text: errHandler("err") },
    sum: { text: sumTo(1000) },
    grow: { text: GROW, max_memory_mb: 2 },
  };
  const paths = ["/text", "/err", "/sum", "/grow", "/text", "/err", "/sum", "/grow"];
  const answers: unknown[] = [];
  for (const pooling_allocator of [true, false]) {
    const serving = await workspace.serve({ engine: { pooling_allocator }, functions });
    answers.push(await askAll(serving, paths));
    await serving.stop();
  }
  assert.deepEqual(answers[0], answers[1]);
});

test("switches: pooling_allocator decides which memory limit holds, and the error names that one", async () => {
  const large = '(module (memory 100) (func (export "_start")))';
  for (const [pooling_allocator, limitMb] of [
    [true, 2],
    [false, 5],
  ] as const) {
    const setup = { engine: { pooling_allocator, instance_memory_mb: 2 }, execution: { max_memory_mb: 5 } };
    const serving = await workspace.serve({ ...setup, functions: { grow: { text: GROW } } });
    assert.match(serving.announced, new RegExp(`^  grow  \\(.*, ${limitMb} MiB\\)$`, "m"));
    const line = await lineOf(serving, "/grow");
    assert.deepEqual(line["error"], {
      code: "ERR_EDGE_MEMORY_LIMIT_EXCEEDED",
      message: `Memory limit exceeded: ${limitMb}MB`,
    });
    await serving.stop();
    const config = workspace.configure({ ...setup, functions: { large: { text: large } } });
    const { code, stderr } = await workspace.run("serve", "--config", config, "--port", "0");
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`Function large cannot be served .*: Memory limit exceeded: ${limitMb}MB`));
  }
});

test("switches: max_memory_mb holds where it is the lower one, with pooling on too", async () => {
  const engine = { pooling_allocator: true, instance_memory_mb: 64 };
  const serving = await workspace.serve({ engine, functions: { grow: { text: GROW, max_memory_mb: 3 } } });
  const line = await lineOf(serving, "/grow");
  assert.equal(Reflect.get(Object(line["error"]), "message"), "Memory limit exceeded: 3MB");
  await serving.stop();
});

interface LoopEnd {
  readonly fuel_metering: boolean;
  readonly epoch_interruption: boolean;
  readonly max_fuel: number;
  readonly status: number;
  readonly code: string;
}

const FUEL = { status: 503, code: "ERR_EDGE_FUEL_EXHAUSTED" };
const TIMEOUT = { status: 504, code: "ERR_EDGE_EXECUTION_TIMEOUT" };
const LOOP_ENDS: readonly LoopEnd[] = [
  { fuel_metering: true, epoch_interruption: true, max_fuel: 100_000, ...FUEL },
  { fuel_metering: true, epoch_interruption: false, max_fuel: 100_000, ...FUEL },
  { fuel_metering: true, epoch_interruption: true, max_fuel: UNLIMITED, ...TIMEOUT },
  { fuel_metering: true, epoch_interruption: false, max_fuel: UNLIMITED, ...TIMEOUT },
  { fuel_metering: false, epoch_interruption: true, max_fuel: 100_000, ...TIMEOUT },
];

for (const { fuel_metering, epoch_interruption, max_fuel, status, code } of LOOP_ENDS) {
  const limit = max_fuel === UNLIMITED ? "any fuel" : `${max_fuel} fuel`;
  test(`switches: fuel_metering ${fuel_metering}, epoch_interruption ${epoch_interruption}, ${limit}: a loop ends with ${status}`, async () => {
    const serving = await workspace.serve({
      engine: { epoch_interruption },
      execution: { fuel_metering, max_fuel, timeout_ms: status === 504 ? 100 : 60_000 },
      functions: { spin: { text: SPIN }, sum: { text: sumTo(1000) } },
    });
    await assertProblem(await fetch(`${serving.origin}/spin`), status, code);
    const response = await fetch(`${serving.origin}/sum`);
    assert.equal(await response.text(), "500500\n");
    const line = await serving.requestLine(requestIdOf(response));
    assert.equal(line["fuel"], fuel_metering ? 11_004 : 0);
    assert.equal(
      serving.log().some((entry) => /nothing can stop/.test(String(entry["msg"]))),
      false,
    );
    assert.equal(/no fuel limit/.test(serving.announced), !fuel_metering);
    await serving.stop();
  });
}

test("switches: with both off a finite function runs, and serve warns of each that nothing can stop", async () => {
  const serving = await workspace.serve({
    engine: { epoch_interruption: false },
    execution: { fuel_metering: false },
    functions: { sum: { text: sumTo(1000) }, metered: { text: sumTo(1000), fuel_metering: true } },
  });
  assert.deepEqual(await askAll(serving, ["/sum", "/metered"]), [
    [200, "500500\n"],
    [200, "500500\n"],
  ]);
  const { stderr } = await serving.stop();
  const warned = serving.log().filter((line) => line["level"] === 40);
  assert.deepEqual(
    warned.map((line) => line["function"]),
    ["sum"],
    stderr,
  );
});

test("switches: fuel_metering of a function goes before that of the file", async () => {
  const serving = await workspace.serve({
    execution: { fuel_metering: false },
    functions: { sum: { text: sumTo(1000) }, metered: { text: sumTo(1000), fuel_metering: true } },
  });
  assert.equal((await lineOf(serving, "/sum"))["fuel"], 0);
  assert.equal((await lineOf(serving, "/metered"))["fuel"], 11_004);
  await serving.stop();
});

test("switches: an artifact without fuel checks is served only where fuel is not metered", async () => {
  const source = workspace.path("sum.wat");
  const artifact = workspace.path("sum.cwasm");
  workspace.write("sum.wat", sumTo(1000));
  assert.equal((await workspace.run("compile", source, "-o", artifact, "--no-fuel")).code, 0);
  const functions = { sum: { source: artifact } };
  const serving = await workspace.serve({ execution: { fuel_metering: false }, functions });
  assert.deepEqual(await askAll(serving, ["/sum"]), [[200, "500500\n"]]);
  await serving.stop();
  const config = workspace.configure({ functions });
  const { code, stderr } = await workspace.run("serve", "--config", config, "--port", "0");
  assert.equal(code, 2);
  assert.match(stderr, /Function sum cannot be served .*Artifact refused: .*metering/);
});

test("switches: permissions.logging decides whether a guest's entries reach the log", async () => {
  const spin = { text: SPIN, max_fuel: 100_000 };
  const serving = await workspace.serve({
    functions: {
      granted: { ...spin, permissions: { logging: true } },
      denied: { ...spin, permissions: { logging: false } },
      silent: spin,
    },
  });
  const lines: LogLine[] = [];
  for (const name of ["granted", "denied", "silent"]) lines.push(await lineOf(serving, `/${name}`));
  assert.deepEqual(
    lines.map((line) => [line["logs"], line["droppedLogs"]]),
    [
      [1, undefined],
      [0, 1],
      [0, 1],
    ],
  );
  const guests = serving.log().filter((line) => "guest" in line);
  assert.deepEqual(
    guests.map((line) => line["function"]),
    ["granted"],
  );
  await serving.stop();
});
