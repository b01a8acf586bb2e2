// A reset that does not do its work, as seen by a server: the engine is told, the instance is gone, and the next request
// finds nothing.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { testPlatform } from "edge-runtime-testing";
import { MemoryAccounts } from "../../src/engine/memory-accounts.ts";
import type { InstanceRunner, ResetFault } from "../../src/index.ts";
import { WasmEngine } from "../../src/index.ts";
import { createRunner, engineDefaults, run, settle, valueOf } from "../support/runs.ts";

const wat = `(module (memory 2)
  (func (export "set") i32.const 65540 i32.const 7 i32.store)
  (func (export "get") (result i32) i32.const 65540 i32.load))`;

async function serve(verifyResets: number): Promise<{ runner: InstanceRunner; faults: ResetFault[] }> {
  const faults: ResetFault[] = [];
  const options = { platform: testPlatform(), onResetFault: (fault: ResetFault) => void faults.push(fault) };
  const runner = await createRunner(wat, {}, new WasmEngine({ ...engineDefaults, verifyResets }, options));
  return { runner, faults };
}

/** Resets say that they restored memories, and do not. */
function breakResets(context: TestContext): void {
  context.mock.method(MemoryAccounts.prototype, "restore", () => true);
  context.mock.method(MemoryAccounts.prototype, "restoreAhead", () => true);
}

test("reset fault: it is reported with the module and the place, and does not reach the next request", async (context) => {
  const { runner, faults } = await serve(1);
  breakResets(context);
  for (let round = 1; round <= 3; round++) {
    // oxlint-disable-next-line no-await-in-loop
    valueOf(await run(runner, "set"));
    // oxlint-disable-next-line no-await-in-loop
    assert.deepEqual(valueOf(await run(runner, "get")), [0]);
    assert.deepEqual(faults.at(-1), {
      contentHash: runner.module.contentHash,
      differences: ["core instance 0: memory 0 page 1 at byte 65540"],
    });
    const { faultyResets, discarded } = runner.stats();
    assert.deepEqual([faults.length, faultyResets, discarded], [round, round, round]);
  }
});

test("reset fault: one that listens badly harms nobody", async (context) => {
  const onResetFault = (): never => {
    throw new Error("the log is full");
  };
  const engine = new WasmEngine(engineDefaults, { platform: testPlatform(), onResetFault });
  const runner = await createRunner(wat, {}, engine);
  breakResets(context);
  valueOf(await run(runner, "set"));
  await settle();
  assert.deepEqual(valueOf(await run(runner, "get")), [0]);
  assert.equal(runner.stats().faultyResets, 1);
});

test("reset fault: nobody notices where nothing is verified", async (context) => {
  const { runner, faults } = await serve(0);
  breakResets(context);
  valueOf(await run(runner, "set"));
  assert.deepEqual(valueOf(await run(runner, "get")), [7]);
  assert.deepEqual(faults, []);
});
