// Many guests at once, suspended, cancelled, trapping and finishing in a random order: every run sees its own state
// only, and all places come back.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostImports, InstanceRunner } from "../../src/index.ts";
import { CompiledModule, hostInstance } from "../../src/index.ts";
import { createEngine, createRunner, generous, newContext, settle } from "../support/runs.ts";

/** A linear congruential generator: the same order at every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** `f(id, end)` writes its id everywhere, waits twice, and answers whether it is still there; then ends as told. */
const wat = `(module (import "env" "wait" (func $wait))
  (memory 2) (global $g (mut i32) (i32.const 0)) (table $t 10 funcref) (tag $tag)
  (func $used (result i32)
    i32.const 100000 i32.load global.get $g i32.or i32.const 9 table.get $t ref.is_null i32.eqz i32.or)
  (func $f (export "f") (param $id i32) (param $end i32) (result i32)
    call $used if i32.const -1 return end
    i32.const 100000 local.get $id i32.store local.get $id global.set $g
    i32.const 9 ref.func $f table.set $t
    call $wait
    i32.const 100000 i32.load local.get $id i32.ne if i32.const -2 return end
    call $wait
    global.get $g local.get $id i32.ne if i32.const -3 return end
    block $trap block $grow block $done local.get $end br_table $done $grow $trap $done end local.get $id return end
      i32.const 1 memory.grow drop local.get $id return
    end unreachable))`;

const places = 60;

interface Outcome {
  readonly id: number;
  readonly text: string;
}

async function hammer(runners: readonly InstanceRunner[], seed: number, waits: (() => void)[]): Promise<Outcome[]> {
  const next = random(seed);
  const outcomes: Outcome[] = [];
  const pending = new Set<Promise<void>>();
  for (let id = 1; id <= 1500; id++) {
    const runner = runners[next(runners.length)];
    assert.ok(runner !== undefined);
    const { result, cancel } = runner.start("f", [id, next(10)], { context: newContext() });
    const ended: Promise<void> = result.then(
      (done) => {
        const text = done.kind === "success" ? String(done.value) : done.code;
        outcomes.push({ id, text });
        pending.delete(ended);
      },
      (error: unknown) => {
        outcomes.push({ id, text: (error as { code: string }).code });
        pending.delete(ended);
      },
    );
    pending.add(ended);
    if (next(20) === 0) setImmediate(() => cancel("the client left"));
    while (waits.length > next(2 * places)) waits.splice(next(waits.length), 1)[0]?.();
    // oxlint-disable-next-line no-await-in-loop
    if (next(3) === 0) await settle();
  }
  while (pending.size > 0) {
    for (const resume of waits.splice(0)) resume();
    // oxlint-disable-next-line no-await-in-loop
    await settle();
  }
  return outcomes;
}

for (const poolingAllocator of [true, false]) {
  test(`hammer: guests of two runners share ${places} places, pooling ${poolingAllocator}`, async () => {
    const waits: (() => void)[] = [];
    const wait = (): Promise<void> =>
      new Promise((resolve) => {
        waits.push(resolve);
      });
    const imports: HostImports = new Map([["env", hostInstance({ wait: { kind: "async", call: wait } })]]);
    const engine = createEngine({ engine: { poolingAllocator, maxInstances: places } });
    const module = await CompiledModule.fromWat(engine, wat);
    const setUp = { execution: generous, imports };
    const runners = [await createRunner(module, setUp, engine), await createRunner(module, setUp, engine)];

    const outcomes = await hammer(runners, 7, waits);

    const allowed = new Set(["ERR_EDGE_TRAP", "ERR_EDGE_EXECUTION_CANCELLED", "ERR_EDGE_POOL_EXHAUSTED"]);
    const seen = new Map<string, number>();
    for (const { id, text } of outcomes) {
      const kind = text === String(id) ? "own id" : text;
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
      assert.ok(kind === "own id" || allowed.has(kind), `run ${id} answered ${text}`);
    }
    assert.equal(outcomes.length, 1500);
    assert.equal(seen.size, 4, JSON.stringify([...seen]));
    await settle();
    for (const runner of runners) assert.equal(runner.stats().running, 0);
    // Every reset was verified; one that left something would have failed the test.
    const verified = runners.reduce((sum, runner) => sum + runner.stats().verifiedResets, 0);
    assert.ok(poolingAllocator ? verified > 100 : verified === 0, `${verified} resets verified`);
    const live = runners.reduce((sum, runner) => sum + runner.stats().live, 0);
    assert.equal(engine.capacity.live, live);
    for (const runner of runners) runner.dispose();
    assert.equal(engine.capacity.live, 0);
  });
}
