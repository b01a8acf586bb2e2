// The integration tests of the original design, by name.

import assert from "node:assert/strict";
import { test } from "node:test";
import { logImports } from "../support/host-log.ts";
import { createRunner, errorOf, newContext, run, runOnce, valueOf } from "../support/runs.ts";

test("basic execution", async () => {
  const wat = `(module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))`;
  const result = await runOnce(wat, "add", [2, 3]);
  assert.deepEqual(valueOf(result), [5]);
});

const fib = `(module (func $fib (export "fib") (param i32) (result i32)
  local.get 0 i32.const 2 i32.lt_s
  if (result i32) local.get 0
  else local.get 0 i32.const 1 i32.sub call $fib local.get 0 i32.const 2 i32.sub call $fib i32.add end))`;

test("fuel consumption", async () => {
  const runner = await createRunner(fib);
  const ten = await run(runner, "fib", [10]);
  assert.deepEqual(valueOf(ten), [55]);
  assert.equal(ten.metrics.fuelConsumed, 1766);
  const again = await run(runner, "fib", [10]);
  assert.equal(again.metrics.fuelConsumed, 1766);
  const one = await run(runner, "fib", [1]);
  assert.equal(one.metrics.fuelConsumed, 6);
});

test("fuel exhaustion in an infinite loop", async () => {
  const result = await runOnce(`(module (func (export "spin") loop br 0 end))`, "spin", [], {
    execution: { maxFuel: 100_000, timeoutMs: 60_000 },
  });
  assert.equal(errorOf(result).code, "ERR_EDGE_FUEL_EXHAUSTED");
  assert.equal(errorOf(result).message, "Fuel exhausted");
  assert.equal(result.metrics.fuelConsumed, 100_000);
});

const hello = `(module (import "env" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "Hello from WASM") (data (i32.const 100) "First") (data (i32.const 200) "Second")
  (func (export "_start") i32.const 1 i32.const 0 i32.const 15 call $log)
  (func (export "many")
    i32.const 0 i32.const 100 i32.const 5 call $log
    i32.const 2 i32.const 200 i32.const 6 call $log
    i32.const 3 i32.const 0 i32.const 5 call $log))`;

test("host function logging", async () => {
  const runner = await createRunner(hello, { imports: logImports() });
  const context = newContext();
  valueOf(await runner.run("_start", [], { context }));
  assert.deepEqual(context.logs, [{ level: "info", message: "Hello from WASM", timestampMs: 0 }]);
  assert.ok((context.metrics?.fuelConsumed ?? 0) > 0);
});

test("trap unreachable", async () => {
  const result = await runOnce(`(module (func (export "fail") unreachable))`, "fail");
  assert.equal(result.kind, "trap");
  assert.equal(errorOf(result).message, "Trap: unreachable executed");
  assert.deepEqual(errorOf(result).fields, { trapMessage: "unreachable executed", trapCode: "unreachable" });
});

test("multiple logs", async () => {
  const runner = await createRunner(hello, { imports: logImports() });
  const context = newContext();
  valueOf(await runner.run("many", [], { context }));
  assert.deepEqual(
    context.logs.map(({ level, message }) => [level, message]),
    [
      ["debug", "First"],
      ["warn", "Second"],
      ["error", "Hello"],
    ],
  );
});
