// Guests that are ended while they are suspended: none of their code runs again, and nothing of them stays. V8 takes
// suspended stacks for roots, so a stack that nobody unwinds would keep its instance and memory for good.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ExecutionCancelled } from "edge-runtime-common";
import { fakePlatform, testPlatform } from "edge-runtime-testing";
import { createPool } from "../../src/engine/instantiate.ts";
import { runLimits } from "../../src/engine/limits.ts";
import type { HostImports, Platform, Store } from "../../src/index.ts";
import { CompiledModule } from "../../src/index.ts";
import { host } from "../component/living-component.ts";
import {
  createEngine,
  createRunner,
  engineDefaults,
  errorOf,
  executionDefaults,
  generous,
  newContext,
  settle,
} from "../support/runs.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Waits where it is told, within all that could catch something, and marks whatever it does afterwards. */
const core = `(module
  (import "env" "wait" (func $wait)) (import "env" "mark" (func $mark)) (memory 4) (tag $t)
  (func $inner (block $h (try_table (catch_all $h) (call $wait)) (call $mark)) (call $mark))
  (func (export "f")
    (block $h (try_table (catch_all $h) (call $inner)) (call $mark))
    (call $mark))
  (func (export "spin") (block $h (try_table (catch_all $h) (loop (br 0)))) (call $mark)))`;

/** The same wait in a component that a sibling calls. */
const component = `(component
  (import "env" (instance $env (export "wait" (func)) (export "mark" (func))))
  (component $callee (import "env" (instance $env (export "wait" (func)) (export "mark" (func))))
    (core func $wait (canon lower (func $env "wait"))) (core func $mark (canon lower (func $env "mark")))
    (core module $m (import "" "wait" (func $wait)) (import "" "mark" (func $mark)) (memory 2)
      (func (export "f") (block $h (try_table (catch_all $h) (call $wait)) (call $mark)) (call $mark)))
    (core instance $m (instantiate $m (with "" (instance (export "wait" (func $wait)) (export "mark" (func $mark))))))
    (func (export "f") (canon lift (core func $m "f"))))
  (instance $callee (instantiate $callee (with "env" (instance $env))))
  (component $caller (import "f" (func $f)) (import "mark" (func $mark))
    (core func $f (canon lower (func $f))) (core func $mark (canon lower (func $mark)))
    (core module $m (import "" "f" (func $f)) (import "" "mark" (func $mark)) (memory 2)
      (func (export "f") (block $h (try_table (catch_all $h) (call $f)) (call $mark)) (call $mark)))
    (core instance $m (instantiate $m (with "" (instance (export "f" (func $f)) (export "mark" (func $mark))))))
    (func (export "f") (canon lift (core func $m "f"))))
  (instance $caller (instantiate $caller (with "f" (func $callee "f")) (with "mark" (func $env "mark"))))
  (export "f" (func $caller "f")))`;

/** Its start function waits. */
const starting = `(module (import "env" "wait" (func $wait)) (import "env" "mark" (func $mark)) (memory 2)
  (func $s (block $h (try_table (catch_all $h) (call $wait)) (call $mark)) (call $mark)) (start $s) (func (export "f")))`;

interface Scene {
  readonly imports: HostImports;
  readonly marks: () => number;
  readonly answer: () => void;
}

function scene(): Scene {
  let marks = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    imports: host({
      env: {
        wait: { kind: "async", reads: "nothing", call: () => promise },
        mark: { kind: "sync", reads: "nothing", call: () => void (marks += 1) },
      },
    }),
    marks: () => marks,
    answer: resolve,
  };
}

for (const [name, text] of [
  ["a core module", core],
  ["a sibling component", component],
  ["a start function", starting],
] as const) {
  for (const ending of ["cancelled", "past its deadline"]) {
    test(`unwinding: nothing of ${name} runs once it is ${ending}, before a late answer or after`, async () => {
      const platform = fakePlatform();
      const { imports, marks, answer } = scene();
      const runner = await createRunner(text, { imports, platform });
      const { result, cancel } = runner.start("f", [], { context: newContext() });
      await settle();
      const isStart = text === starting;
      if (ending === "cancelled" && !isStart) cancel("the client left");
      else platform.advance(executionDefaults.timeoutMs);
      const code = ending === "cancelled" && !isStart ? "ERR_EDGE_EXECUTION_CANCELLED" : "ERR_EDGE_EXECUTION_TIMEOUT";
      assert.equal(errorOf(await result).code, code);
      await settle();
      answer();
      await settle();
      assert.equal(marks(), 0);
      assert.equal(platform.pendingTimers(), 0);
    });
  }
}

test("unwinding: nor does a guest that was cancelled while it yields", async () => {
  const { imports, marks } = scene();
  const runner = await createRunner(core, { imports, execution: generous });
  const { result, cancel } = runner.start("spin", [], { context: newContext() });
  setImmediate(() => cancel("the client left"));
  assert.equal(errorOf(await result).code, "ERR_EDGE_EXECUTION_CANCELLED");
  await settle();
  assert.equal(marks(), 0);
});

/** Stores of guests that were ended while suspended, of which nothing else is kept. */
async function endedStores(text: string, entry: string, platform: Platform): Promise<WeakRef<Store>[]> {
  const { imports } = scene();
  const engine = createEngine({ platform });
  const limits = runLimits(engineDefaults, { ...executionDefaults, ...generous });
  const pool = createPool(engine, (await CompiledModule.fromWat(engine, text)).link(imports), limits);
  const stores: WeakRef<Store>[] = [];
  for (let count = 0; count < 20; count++) {
    // oxlint-disable-next-line no-await-in-loop
    const instance = await pool.make();
    const { store, guest } = instance;
    const ended = Promise.withResolvers<unknown>();
    store.startRun(limits, newContext(), { onAbort: ended.resolve });
    guest
      .entry(entry)?.([])
      .catch(() => {});
    // oxlint-disable-next-line no-await-in-loop
    await settle();
    store.abort(new ExecutionCancelled("the client left"));
    // oxlint-disable-next-line no-await-in-loop
    await ended.promise;
    guest.close();
    store.endRun();
    pool.release(instance);
    stores.push(new WeakRef(store));
  }
  pool.dispose();
  await settle();
  return stores;
}

for (const [name, text, entry] of [
  ["waits in a host call", core, "f"],
  ["waits in a sibling", component, "f"],
  ["yields", core, "spin"],
] as const) {
  test(`unwinding: a guest that is ended while it ${name} can be collected`, async () => {
    const stores = await endedStores(text, entry, testPlatform());
    for (let round = 0; round < 5; round++) {
      // Weak references hold until the turn ends in which they were read or made.
      // oxlint-disable-next-line no-await-in-loop
      await settle();
      collect();
    }
    // One may be in a register or a cache of the machine.
    assert.ok(stores.filter((store) => store.deref() !== undefined).length <= 1);
  });
}
