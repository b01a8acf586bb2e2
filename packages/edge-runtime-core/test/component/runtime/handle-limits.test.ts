// Handles cost the host memory that is not the guest's: they are charged to the heap of the thread, and given back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryLimitExceeded, Trap } from "edge-runtime-common";
import { testPlatform } from "edge-runtime-testing";
import { CompiledModule } from "../../../src/index.ts";
import type { InstanceRunner, WasmEngine } from "../../../src/index.ts";
import { MAX_HANDLES } from "../../../src/component/limits.ts";
import { createEngine, createRunner, errorOf, generous, run, valueOf } from "../../support/runs.ts";

/** What a thousand handles are charged; idle instances take a few hundred bytes each. */
const blockBytes = 262_144;

/** `make` makes `count` handles and drops none of them. */
const text = `(component
  (type $r (resource (rep i32)))
  (core func $new (canon resource.new $r))
  (core module $m (import "" "new" (func $new (param i32) (result i32)))
    (func (export "make") (param $count i32) (result i32) (local $last i32)
      (loop $l
        (local.set $last (call $new (i32.const 7)))
        (br_if $l (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
      (local.get $last)))
  (core instance $m (instantiate $m (with "" (instance (export "new" (func $new))))))
  (func (export "make") (param "count" u32) (result u32) (canon lift (core func $m "make"))))`;

async function createMaking(heapMib: number): Promise<{ engine: WasmEngine; runner: InstanceRunner }> {
  const set = { execution: generous, platform: { ...testPlatform(), guestHeapBytes: heapMib << 20 } };
  const engine = createEngine(set);
  const module = await CompiledModule.fromAny(engine, new TextEncoder().encode(text));
  return { engine, runner: await createRunner(module, set, engine) };
}

test("handles: a thousand cost nothing, more are charged to the heap until the run ends", async () => {
  const { engine, runner } = await createMaking(2);
  assert.equal(valueOf(await run(runner, "make", [1000])), 1000);
  const error = errorOf(await run(runner, "make", [20_000]));
  assert.ok(error instanceof MemoryLimitExceeded);
  assert.ok(engine.heapBudget.usedBytes < blockBytes);
  // Seven blocks of 256 KiB fit; another run has them anew.
  for (let round = 0; round < 3; round++) {
    // oxlint-disable-next-line no-await-in-loop
    assert.equal(valueOf(await run(runner, "make", [8000])), 8000);
  }
  assert.ok(engine.heapBudget.usedBytes < blockBytes);
});

test("handles: the table of an instance has an end", async () => {
  const { engine, runner } = await createMaking(128);
  assert.equal(valueOf(await run(runner, "make", [MAX_HANDLES])), MAX_HANDLES);
  const error = errorOf(await run(runner, "make", [MAX_HANDLES + 1]));
  assert.ok(error instanceof Trap);
  assert.match(error.message, /resource table has no free keys/);
  assert.ok(engine.heapBudget.usedBytes < blockBytes);
});
