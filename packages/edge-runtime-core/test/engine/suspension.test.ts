// Guests suspended in host functions: others run meanwhile, limits hold, and a run that ended is never resumed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PermissionDenied } from "edge-runtime-common";
import { fakePlatform } from "edge-runtime-testing";
import type { HostFunction, HostImports, InstanceRunner } from "../../src/index.ts";
import { hostInstance } from "../../src/index.ts";
import { gate, waiting } from "../support/gate.ts";
import type { SetUp } from "../support/runs.ts";
import { countsOf, createRunner, errorOf, newContext, run, settle, valueOf } from "../support/runs.ts";

/** `f(id)` waits for the host between two marks, and answers what the wait gave plus its id. */
const wat = `(module
  (import "env" "wait" (func $wait (result i32))) (import "env" "mark" (func $mark (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "f") (param i32) (result i32) (local i32)
    local.get 0 i32.const 0 call $mark
    i32.const 0 local.get 0 i32.store
    call $wait local.set 1
    local.get 0 i32.const 1 call $mark
    i32.const 0 i32.load local.get 1 i32.add)
  (func (export "plain") (result i32) i32.const 3))`;

interface Scene {
  readonly runner: InstanceRunner;
  readonly wait: ReturnType<typeof waiting<number>>;
  readonly marks: string[];
}

async function scene(setUp: SetUp = {}): Promise<Scene> {
  const wait = waiting<number>();
  const marks: string[] = [];
  const mark = (_: unknown, id: number, point: number): void => {
    marks.push(`${id}.${point}`);
  };
  const imports: HostImports = new Map([["env", hostInstance({ wait: wait.fn, mark: { kind: "sync", call: mark } })]]);
  return { runner: await createRunner(wat, { ...setUp, imports }), wait, marks };
}

test("suspension: only the caller waits", async () => {
  const { runner, wait, marks } = await scene();
  const first = run(runner, "f", [10]);
  const second = run(runner, "f", [20]);
  await wait.called(2);
  assert.deepEqual(valueOf(await run(runner, "plain")), [3]);
  assert.deepEqual(countsOf(runner.stats()), { live: 3, idle: 1, running: 2, discarded: 0 });
  wait.gates[1]?.open(2);
  assert.deepEqual(valueOf(await second), [22]);
  wait.gates[0]?.open(1);
  assert.deepEqual(valueOf(await first), [11]);
  assert.deepEqual(marks, ["10.0", "20.0", "20.1", "10.1"]);
});

test("suspension: a host function of the async kind may answer at once", async () => {
  const imports: HostImports = new Map([["env", hostInstance({ now: { kind: "async", call: () => 5 } })]]);
  const text = `(module (import "env" "now" (func $now (result i32))) (func (export "f") (result i32) call $now))`;
  assert.deepEqual(valueOf(await run(await createRunner(text, { imports }), "f")), [5]);
});

test("suspension: a rejection ends the run with its error", async () => {
  const { runner, wait, marks } = await scene();
  const result = run(runner, "f", [1]);
  await wait.called(1);
  wait.gates[0]?.fail(new PermissionDenied("net"));
  assert.equal(errorOf(await result).message, "Host function error: Permission denied: net");
  assert.deepEqual(marks, ["1.0"]);
});

interface Ending {
  readonly name: string;
  readonly code: string;
  readonly end: (platform: ReturnType<typeof fakePlatform>, cancel: (reason: string) => void) => void;
}

const endings: readonly Ending[] = [
  { name: "the deadline", code: "ERR_EDGE_EXECUTION_TIMEOUT", end: (platform) => platform.advance(100) },
  { name: "the caller", code: "ERR_EDGE_EXECUTION_CANCELLED", end: (_, cancel) => cancel("client left") },
];

for (const { name, code, end } of endings) {
  test(`suspension: ended by ${name}, a guest is not resumed, its late answer is dropped`, async () => {
    const platform = fakePlatform();
    const { runner, wait, marks } = await scene({ platform });
    const context = newContext();
    const { result, cancel } = runner.start("f", [7], { context });
    await wait.called(1);
    end(platform, cancel);
    assert.equal(errorOf(await result).code, code);
    assert.deepEqual(context.metrics, (await result).metrics);
    wait.gates[0]?.open(1);
    await settle();
    assert.deepEqual(marks, ["7.0"]);
    assert.equal(runner.stats().discarded, 1);
    assert.equal(runner.stats().running, 0);
    assert.equal(platform.pendingTimers(), 0);
    // What the ended run wrote is in no later one.
    const next = run(runner, "f", [8]);
    await wait.called(2);
    wait.gates[1]?.open(100);
    assert.deepEqual(valueOf(await next), [108]);
  });

  test(`suspension: ended by ${name}, a late failure of the host is dropped too`, async () => {
    const platform = fakePlatform();
    const { runner, wait } = await scene({ platform });
    const { result, cancel } = runner.start("f", [7], { context: newContext() });
    await wait.called(1);
    end(platform, cancel);
    const ended = await result;
    wait.gates[0]?.fail(new Error("connection reset"));
    await settle();
    assert.equal(errorOf(ended).code, code);
  });
}

test("suspension: time before the deadline counts from the run's start, not from the wait", async () => {
  const platform = fakePlatform();
  const { runner, wait } = await scene({ platform });
  const pending = run(runner, "f", [1]);
  await wait.called(1);
  platform.advance(60);
  wait.gates[0]?.open(1);
  const result = await pending;
  assert.deepEqual(valueOf(result), [2]);
  assert.equal(result.metrics.durationMs, 60);
  assert.equal(platform.pendingTimers(), 0);
  const second = run(runner, "f", [1]);
  await wait.called(2);
  platform.advance(99);
  assert.equal(runner.stats().running, 1);
  platform.advance(1);
  assert.equal(errorOf(await second).message, "Execution timeout after 100ms");
});

test("suspension: a guest that resumes after its deadline does not go on", async () => {
  // The answer and the timer come in the same turn, the answer first.
  const platform = fakePlatform();
  const { wait, marks, runner } = await scene({ platform });
  const pending = run(runner, "f", [1]);
  await wait.called(1);
  wait.gates[0]?.open(1);
  platform.advance(100);
  assert.equal(errorOf(await pending).code, "ERR_EDGE_EXECUTION_TIMEOUT");
  assert.deepEqual(marks, ["1.0"]);
});

test("suspension: cancelling before the instance is there, twice, and after the end", async () => {
  const { runner, marks } = await scene();
  const early = runner.start("f", [1], { context: newContext() });
  early.cancel("at once");
  early.cancel("again");
  assert.equal(errorOf(await early.result).message, "Execution cancelled: at once");
  assert.deepEqual(marks, []);
  const done = runner.start("plain", [], { context: newContext() });
  assert.deepEqual(valueOf(await done.result), [3]);
  done.cancel("too late");
  assert.deepEqual(valueOf(await run(runner, "plain")), [3]);
});

test("suspension: cancelling a spinning guest ends it at its next check", async () => {
  const runner = await createRunner(`(module (func (export "f") loop br 0 end))`, {
    execution: { maxFuel: 1e15, timeoutMs: 60_000 },
  });
  const { result, cancel } = runner.start("f", [], { context: newContext() });
  setTimeout(() => cancel("client left"), 1);
  assert.equal(errorOf(await result).code, "ERR_EDGE_EXECUTION_CANCELLED");
});

test("suspension: a host function that cancels its own run is the last one called", async () => {
  let calls = 0;
  const imports: HostImports = new Map([
    [
      "env",
      hostInstance({
        end: {
          kind: "sync",
          call: () => {
            calls += 1;
            cancel();
          },
        },
      }),
    ],
  ]);
  const text = `(module (import "env" "end" (func $end)) (func (export "f") call $end call $end call $end))`;
  const runner = await createRunner(text, { imports });
  const started = runner.start("f", [], { context: newContext() });
  const cancel = (): void => started.cancel("itself");
  assert.equal(errorOf(await started.result).message, "Execution cancelled: itself");
  assert.equal(calls, 1);
  assert.equal(runner.stats().running, 0);
});

test("suspension: a run's context is out of reach once it has ended", async () => {
  const platform = fakePlatform();
  const later = gate();
  const seen: string[] = [];
  const wait = waiting<void>();
  const imports: HostImports = new Map([
    [
      "env",
      hostInstance({
        wait: {
          kind: "async",
          call: async (host) => {
            const done = wait.fn.call(host);
            await done;
            try {
              seen.push(host.context.requestId);
            } catch (error) {
              seen.push(String(error));
            }
            later.open();
          },
        },
      }),
    ],
  ]);
  const text = `(module (import "env" "wait" (func $wait)) (func (export "f") call $wait))`;
  const runner = await createRunner(text, { imports, platform });
  const pending = run(runner, "f");
  await wait.called(1);
  platform.advance(100);
  assert.equal(errorOf(await pending).code, "ERR_EDGE_EXECUTION_TIMEOUT");
  wait.gates[0]?.open();
  await later.promise;
  assert.match(seen.join(), /outside a run/);
});

test("suspension: start functions may wait, within the deadline", async () => {
  const platform = fakePlatform();
  const wait = waiting<void>();
  const imports: HostImports = new Map([["env", hostInstance({ wait: wait.fn })]]);
  const text = `(module (import "env" "wait" (func $wait)) (func $s call $wait) (start $s) (func (export "f")))`;
  const runner = await createRunner(text, { imports, platform });
  const first = run(runner, "f");
  await wait.called(1);
  wait.gates[0]?.open();
  assert.deepEqual(valueOf(await first), []);
  const second = await createRunner(text, { imports, platform });
  const late = run(second, "f");
  await wait.called(2);
  platform.advance(100);
  assert.equal(errorOf(await late).code, "ERR_EDGE_EXECUTION_TIMEOUT");
  wait.gates[1]?.open();
  await settle();
  assert.equal(second.stats().live, 0);
});

test("suspension: a guest without any checks is not resumed either", async () => {
  const platform = fakePlatform();
  const { runner, wait, marks } = await scene({
    platform,
    engine: { epochInterruption: false },
    execution: { fuelMetering: false },
  });
  const pending = run(runner, "f", [1]);
  await wait.called(1);
  platform.advance(100);
  assert.equal(errorOf(await pending).code, "ERR_EDGE_EXECUTION_TIMEOUT");
  wait.gates[0]?.open(1);
  await settle();
  assert.deepEqual(marks, ["1.0"]);
});

test("suspension: a guest that is cancelled while it yields does not go on to its next check", async () => {
  let marks = 0;
  let marksAtYield: number | undefined;
  const ticking = fakePlatform({ msPerReading: 1 });
  const platform = {
    ...ticking,
    yieldToEventLoop: async () => {
      if (marks === 0) return;
      marksAtYield ??= marks;
      started.cancel("client left");
    },
  };
  const mark: HostFunction = { kind: "sync", call: () => void (marks += 1) };
  const imports: HostImports = new Map([["env", hostInstance({ mark })]]);
  const text = `(module (import "env" "mark" (func $mark)) (func (export "f") loop call $mark call $mark br 0 end))`;
  const runner = await createRunner(text, { imports, platform, execution: { maxFuel: 1e12, timeoutMs: 1e6 } });
  const started = runner.start("f", [], { context: newContext() });
  assert.equal(errorOf(await started.result).code, "ERR_EDGE_EXECUTION_CANCELLED");
  await settle();
  assert.equal(marks, marksAtYield);
});
