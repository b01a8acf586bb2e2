// Where a guest was when its run ended: its own functions by name or place, whatever ended it, and nothing of the host.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { GuestFrame } from "edge-runtime-common";
import { printGuestFrame } from "edge-runtime-common";
import { fakePlatform, parseWat } from "edge-runtime-testing";
import type { ExecutionResult, HostImports } from "../../src/index.ts";
import { hostInstance } from "../../src/index.ts";
import { captureStack } from "../../src/engine/guest-stack.ts";
import { createRunner, generous, newContext, run, runOnce, settle } from "../support/runs.ts";
import type { SetUp } from "../support/runs.ts";

function stackOf(result: ExecutionResult): readonly GuestFrame[] {
  assert.equal(result.kind, "trap", "the run was expected to end badly");
  return result.kind === "trap" ? result.stack : [];
}

const printed = (result: ExecutionResult): string[] => stackOf(result).map(printGuestFrame);

/** `outer` calls `inner`, which does `code`. */
const nested = (code: string, more = ""): string => `(module ${more}
  (func $inner ${code})
  (func $outer (export "run") (call $inner) (call $inner)))`;

const never: Promise<void> = new Promise(() => {});
const imports: HostImports = new Map([
  [
    "env",
    hostInstance({
      fail: {
        kind: "sync",
        call: () => {
          throw new Error("host");
        },
      },
      reject: { kind: "async", call: () => Promise.reject(new Error("host")) },
      wait: { kind: "async", call: () => never },
      now: { kind: "async", call: () => Promise.resolve() },
    }),
  ],
]);

const imported = (name: string): string => `(import "env" "${name}" (func $host))`;
const loop = "(loop $l (br $l))";

interface Row {
  readonly what: string;
  readonly wat: string;
  readonly code: string;
  readonly setUp?: SetUp;
}

const rows: readonly Row[] = [
  { what: "fuel", wat: nested(loop), code: "ERR_EDGE_FUEL_EXHAUSTED" },
  {
    what: "fuel in a chunk of a bulk operation",
    wat: nested("(loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br $l))", "(memory 1)"),
    code: "ERR_EDGE_FUEL_EXHAUSTED",
  },
  {
    what: "the deadline, fuel metered",
    wat: nested(loop),
    code: "ERR_EDGE_EXECUTION_TIMEOUT",
    setUp: { execution: { ...generous, timeoutMs: 10 } },
  },
  {
    what: "the deadline, fuel not metered",
    wat: nested(loop),
    code: "ERR_EDGE_EXECUTION_TIMEOUT",
    setUp: { execution: { fuelMetering: false, timeoutMs: 10 } },
  },
  { what: "a trap", wat: nested("unreachable"), code: "ERR_EDGE_TRAP" },
  {
    what: "an access out of bounds",
    wat: nested("(drop (i32.load (i32.const -1)))", "(memory 1)"),
    code: "ERR_EDGE_TRAP",
  },
  {
    what: "the memory limit, by growth and an abort",
    wat: nested("(if (i32.eq (memory.grow (i32.const 60000)) (i32.const -1)) (then unreachable))", "(memory 1)"),
    code: "ERR_EDGE_MEMORY_LIMIT_EXCEEDED",
  },
  {
    what: "the memory limit, by objects",
    wat: nested("(loop $l (drop (array.new_default $a (i32.const 1000000))) (br $l))", "(type $a (array i8))"),
    code: "ERR_EDGE_MEMORY_LIMIT_EXCEEDED",
    setUp: { execution: generous },
  },
  { what: "a host function that fails", wat: nested("(call $host)", imported("fail")), code: "ERR_EDGE_INTERNAL" },
  { what: "a host function that rejects", wat: nested("(call $host)", imported("reject")), code: "ERR_EDGE_INTERNAL" },
  {
    what: "the deadline, in a host function that waits",
    wat: nested("(call $host)", imported("wait")),
    code: "ERR_EDGE_EXECUTION_TIMEOUT",
    setUp: { execution: { timeoutMs: 10 } },
  },
  {
    what: "the deadline, waiting on shared memory",
    wat: nested("(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))", "(memory 1 1 shared)"),
    code: "ERR_EDGE_EXECUTION_TIMEOUT",
    setUp: { execution: { timeoutMs: 10 } },
  },
  {
    what: "fuel, after a wait",
    wat: nested(`(call $host) ${loop}`, imported("now")),
    code: "ERR_EDGE_FUEL_EXHAUSTED",
  },
  {
    what: "fuel, with handlers around it",
    wat: nested(`(block $h (try_table (catch_all $h) ${loop}))`),
    code: "ERR_EDGE_FUEL_EXHAUSTED",
  },
];

for (const { what, wat, code, setUp } of rows) {
  test(`guest stack: ${what}`, async () => {
    const result = await runOnce(wat, "run", [], { imports, ...setUp });
    assert.deepEqual(printed(result), ["inner", "outer"]);
    assert.equal(result.kind === "trap" && result.code, code);
    assert.deepEqual(
      stackOf(result).map((frame) => frame.offset),
      [undefined, undefined],
    );
  });
}

test("guest stack: a run that is cancelled says where it waited", async () => {
  const runner = await createRunner(nested("(call $host)", imported("wait")), { imports });
  const under = runner.start("run", [], { context: newContext() });
  await settle();
  under.cancel("enough");
  assert.deepEqual(printed(await under.result), ["inner", "outer"]);
});

test("guest stack: a run that is cancelled while others have their turn says where it was", async () => {
  const platform = fakePlatform({ msPerReading: 1 });
  let cancel = (): void => {};
  const yieldToEventLoop = (): Promise<void> => {
    cancel();
    return Promise.resolve();
  };
  const set = { platform: { ...platform, yieldToEventLoop }, execution: { ...generous, maxFuel: 1e9 } };
  const runner = await createRunner(nested(loop), set);
  const under = runner.start("run", [], { context: newContext() });
  cancel = () => under.cancel("enough");
  const result = await under.result;
  assert.deepEqual(printed(result), ["inner", "outer"]);
  assert.equal(result.kind === "trap" && result.code, "ERR_EDGE_EXECUTION_CANCELLED");
});

test("guest stack: start functions too", async () => {
  const wat = `(module (func $deep unreachable) (func $begin (call $deep)) (start $begin) (func (export "run")))`;
  assert.deepEqual(printed(await runOnce(wat, "run")), ["deep", "begin"]);
  const spins = `(module (func $begin ${loop}) (start $begin) (func (export "run")))`;
  assert.deepEqual(printed(await runOnce(spins, "run")), ["begin"]);
});

test("guest stack: recursion is cut to 32 frames", async () => {
  const wat =
    '(module (func $f (export "run") (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.const 1))))';
  const result = await runOnce(wat, "run", [1], { execution: { maxFuel: 10_000 } });
  assert.deepEqual(new Set(printed(result)), new Set(["f"]));
  assert.equal(stackOf(result).length, 32);
});

test("guest stack: functions without a name are told by index and place in the original", async () => {
  const wat = `(module (import "env" "now" (func)) (func nop unreachable) (func (export "run") (call 1)))`;
  const bytes = await parseWat(wat);
  const frames = stackOf(await runOnce(bytes, "run", [], { imports }));
  assert.deepEqual(
    frames.map((frame) => [frame.module, frame.function, frame.name]),
    [
      [0, 1, undefined],
      [0, 2, undefined],
    ],
  );
  // No locals, then the code: nop unreachable, call 1.
  const [first, second] = frames.map((frame) => bytes.subarray(frame.offset, (frame.offset ?? 0) + 3));
  assert.deepEqual([...(first ?? [])], [0, 0x01, 0x00]);
  assert.deepEqual([...(second ?? [])], [0, 0x10, 1]);
});

test("guest stack: a component's modules are told apart", async () => {
  const wat = `(component
    (core module $a (func $deep (export "f") unreachable))
    (core module $b (import "a" "f" (func $f)) (func $shallow (export "run") (call $f)))
    (core instance $a (instantiate $a))
    (core instance $b (instantiate $b (with "a" (instance $a))))
    (func (export "run") (canon lift (core func $b "run"))))`;
  const { CompiledModule } = await import("../../src/index.ts");
  const { createEngine } = await import("../support/runs.ts");
  const engine = createEngine();
  const module = await CompiledModule.fromAny(engine, await parseWat(wat));
  const runner = await createRunner(module, {}, engine);
  assert.deepEqual(printed(await run(runner, "run")), ["deep", "module 1: shallow"]);
});

test("guest stack: names are the guest's text, and reach nobody with control characters or without end", async () => {
  const name = `a${"\\u{202e}"}\\n    at host (file:///etc/passwd:1:1)\\1b[2J${"x".repeat(400)}`;
  const wat = `(module (func $f (@name "${name}") (export "run") unreachable))`;
  const [frame] = stackOf(await runOnce(wat, "run"));
  assert.equal(frame?.name?.length, 256);
  assert.doesNotMatch(frame?.name ?? "", /\p{Cc}/u);
  assert.equal(stackOf(await runOnce(wat, "run")).length, 1);
});

test("guest stack: a name that looks like a frame of another module is only a name", async () => {
  const fake = "x (wasm://wasm/edge-guest-0-00000000:wasm-function[3]:0x1)";
  const wat = `(module (func $f (@name "${fake}") (export "run") unreachable))`;
  assert.deepEqual(
    stackOf(await runOnce(wat, "run")).map((frame) => [frame.function, frame.name]),
    [[0, fake]],
  );
});

test("guest stack: the host's own limit on stack traces is as it was", async () => {
  const limits = Error as unknown as { stackTraceLimit: number };
  const before = limits.stackTraceLimit;
  await runOnce(nested(loop), "run");
  captureStack(3);
  assert.equal(limits.stackTraceLimit, before);
});

test("guest stack: limits say what was used", async () => {
  const timeout = await runOnce(nested(loop), "run", [], { execution: { ...generous, timeoutMs: 10 } });
  assert.ok(timeout.kind === "trap");
  const { durationMs, elapsedMs } = timeout.error.fields;
  assert.equal(durationMs, 10);
  assert.ok(Number(elapsedMs) >= 10);
  const grown = await runOnce(
    nested("(drop (array.new_default $a (i32.const 9000000)))", "(type $a (array i8))"),
    "run",
    [],
    { execution: { maxMemoryMb: 8 } },
  );
  assert.ok(grown.kind === "trap");
  const { limitMb, usedBytes } = grown.error.fields;
  assert.equal(limitMb, 8);
  assert.equal(usedBytes, 9_000_024);
});
