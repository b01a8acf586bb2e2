// Components that own resources of the host, many at once: leaking them, dropping them, trapping and being cancelled while
// they wait. Each resource is dropped once, at the latest when its run ends, and no run finds another's handle.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createEngine, createRunner, generous, newContext, settle } from "../support/runs.ts";
import { host } from "./living-component.ts";

/** `run(end)` opens a file (handle 1), waits, and then 0 drops it, 1 leaks it, 2 traps, 3 opens and leaks three more. */
const component = `(component
  (import "fs" (instance $fs (export "file" (type $file (sub resource)))
    (export "open" (func (result (own $file)))) (export "wait" (func))))
  (alias export $fs "file" (type $file))
  (core func $open (canon lower (func $fs "open"))) (core func $wait (canon lower (func $fs "wait")))
  (core func $drop (canon resource.drop $file))
  (core module $m
    (import "" "open" (func $open (result i32))) (import "" "wait" (func $wait)) (import "" "drop" (func $drop (param i32)))
    (memory 1)
    (func (export "run") (param i32) (result i32) (local i32)
      (local.set 1 (call $open)) (call $wait)
      (if (i32.eqz (local.get 0)) (then (call $drop (local.get 1))))
      (if (i32.eq (local.get 0) (i32.const 2)) (then unreachable))
      (if (i32.eq (local.get 0) (i32.const 3)) (then (drop (call $open)) (drop (call $open)) (drop (call $open)) (call $wait)))
      (local.get 1)))
  (core instance $m (instantiate $m (with "" (instance
    (export "open" (func $open)) (export "wait" (func $wait)) (export "drop" (func $drop))))))
  (func (export "run") (param "end" u32) (result u32) (canon lift (core func $m "run"))))`;

const runs = 1200;

for (const poolingAllocator of [true, false]) {
  test(`hammer: handles of components, pooling ${poolingAllocator}`, async () => {
    const drops = new Map<number, number>();
    const waits: (() => void)[] = [];
    let opened = 0;
    const imports = host({
      fs: {
        file: {
          kind: "resource",
          drop: (file) => void drops.set(Number(file), (drops.get(Number(file)) ?? 0) + 1),
        },
        open: { kind: "sync", reads: "nothing", call: () => (opened += 1) },
        wait: { kind: "async", reads: "nothing", call: () => new Promise<void>((resolve) => void waits.push(resolve)) },
      },
    });
    const engine = createEngine({ engine: { poolingAllocator, maxInstances: 12 } });
    const runner = await createRunner(component, { imports, execution: generous }, engine);
    const seen = new Map<string, number>();
    const pending: Promise<void>[] = [];
    for (let number = 0; number < runs; number++) {
      const { result, cancel } = runner.start("run", [(number * 7) % 4], { context: newContext() });
      const ended = result.then(
        (done) => (done.kind === "success" ? `handle ${String(done.value)}` : done.code),
        (error: unknown) => (error as { code: string }).code,
      );
      pending.push(ended.then((ending) => void seen.set(ending, (seen.get(ending) ?? 0) + 1)));
      if (number % 11 === 0) setImmediate(() => cancel("the client left"));
      while (waits.length > (number * 13) % 60) waits.splice((number * 5) % waits.length, 1)[0]?.();
      // oxlint-disable-next-line no-await-in-loop
      if (number % 3 === 0) await settle();
    }
    for (let turn = 0; turn < 200; turn++) {
      for (const resume of waits.splice(0)) resume();
      // oxlint-disable-next-line no-await-in-loop
      await settle();
    }
    await Promise.all(pending);
    // Handles begin at 1 in every run.
    assert.deepEqual([...seen.keys()].toSorted(), [
      "ERR_EDGE_EXECUTION_CANCELLED",
      "ERR_EDGE_POOL_EXHAUSTED",
      "ERR_EDGE_TRAP",
      "handle 1",
    ]);
    assert.ok(opened > runs / 3);
    assert.equal(drops.size, opened);
    assert.deepEqual(new Set(drops.values()), new Set([1]));
    const { verifiedResets, faultyResets, running } = runner.stats();
    assert.deepEqual([faultyResets, running], [0, 0]);
    assert.ok(poolingAllocator ? verifiedResets > 100 : verifiedResets === 0, `${verifiedResets} resets verified`);
    runner.dispose();
    assert.equal(engine.stats().instances, 0);
  });
}
