// Nothing that a guest does keeps it running: deadline, epoch, fuel and kills against loops of every kind.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExecutionConfig } from "edge-runtime-common";
import { PermissionDenied } from "edge-runtime-common";
import { fakePlatform } from "edge-runtime-testing";
import type { HostImports } from "../../src/index.ts";
import { hostInstance } from "../../src/index.ts";
import type { SetUp } from "../support/runs.ts";
import {
  countsOf,
  createEngine,
  createRunner,
  errorOf,
  generous,
  run,
  runOnce,
  settle,
  valueOf,
} from "../support/runs.ts";

const spin = `(module (func (export "f") loop br 0 end))`;

/** A platform on which every look at the clock takes a millisecond, so that a spinning guest meets its deadline. */
function tickingPlatform(): ReturnType<typeof fakePlatform> {
  return fakePlatform({ msPerReading: 1 });
}

/** Loops that try to survive what ends them. */
const loops: readonly (readonly [name: string, body: string])[] = [
  ["an empty loop", "loop br 0 end"],
  ["a loop of work", "(local i64) loop local.get 0 i64.const 3 i64.mul local.set 0 br 0 end"],
  ["a loop by br_table", "loop i32.const 5 br_table 0 0 0 end"],
  ["a loop of calls", "loop call $noop br 0 end"],
  ["a loop of indirect calls", "loop i32.const 0 call_indirect br 0 end"],
  ["tail calls without end", "return_call $tail"],
  ["indirect tail calls without end", "i32.const 1 return_call_indirect"],
  ["throwing and catching", "loop $l try_table (catch_all $l) throw $t end end"],
  ["catching and looping", "loop $l block $h try_table (catch_all $h) throw $t end end br $l end"],
  [
    "exceptions by reference",
    "loop $l block $h (result exnref) try_table (catch_all_ref $h) throw $t end unreachable end drop br $l end",
  ],
  ["a caught loop", "loop $l block $h try_table (catch_all $h) loop br 0 end end end br $l end"],
  ["a legacy caught loop", "loop $l try loop br 0 end catch_all end br $l end"],
  ["a caught callee", "loop $l block $h try_table (catch_all $h) call $spin end end br $l end"],
  ["large fills", "loop i32.const 0 i32.const 1 i32.const 0x200000 memory.fill br 0 end"],
  ["large copies", "loop i32.const 0 i32.const 8 i32.const 0x1f0000 memory.copy br 0 end"],
  ["growth that is refused", "loop i32.const 1000 memory.grow drop br 0 end"],
  ["growth by nothing", "loop i32.const 0 memory.grow drop br 0 end"],
];

function loopModule(body: string): string {
  return `(module (memory 32 64) (tag $t) (table funcref (elem $noop $tail2))
    (func $noop) (func $spin loop br 0 end) (func $tail return_call $tail) (func $tail2 i32.const 1 return_call_indirect)
    (func (export "f") ${body}))`;
}

const endings: readonly (readonly [name: string, execution: Partial<ExecutionConfig>, code: string])[] = [
  ["fuel", { maxFuel: 500_000, timeoutMs: 3_600_000 }, "ERR_EDGE_FUEL_EXHAUSTED"],
  ["the deadline", { maxFuel: 1e15, timeoutMs: 40 }, "ERR_EDGE_EXECUTION_TIMEOUT"],
  ["the deadline without fuel", { fuelMetering: false, timeoutMs: 40 }, "ERR_EDGE_EXECUTION_TIMEOUT"],
];

for (const [ending, execution, code] of endings) {
  test(`interruption: ${ending} ends every kind of loop`, async () => {
    for (const [name, body] of loops) {
      const platform = tickingPlatform();
      // One guest after the other: each must end by itself.
      // oxlint-disable-next-line no-await-in-loop
      const result = await runOnce(loopModule(body), "f", [], { execution, platform });
      assert.equal(errorOf(result).code, code, name);
      const expected = execution.fuelMetering === false ? 0 : ending === "fuel" ? execution.maxFuel : undefined;
      if (expected !== undefined) assert.equal(result.metrics.fuelConsumed, expected, name);
    }
  });
}

test("interruption: an infinite loop ends in real time, with metering on and off", async () => {
  for (const fuelMetering of [true, false]) {
    // oxlint-disable-next-line no-await-in-loop
    const result = await runOnce(spin, "f", [], { execution: { maxFuel: 1e15, timeoutMs: 20, fuelMetering } });
    assert.equal(errorOf(result).message, "Execution timeout after 20ms");
  }
});

test("interruption: with metering and epoch interruption off a guest that ends runs uninstrumented", async () => {
  const setUp: SetUp = { engine: { epochInterruption: false }, execution: { fuelMetering: false } };
  const runner = await createRunner(
    `(module (func (export "f") (param i32) (result i32)
      loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end local.get 0))`,
    setUp,
  );
  assert.equal(runner.module.metering, "none");
  const result = await run(runner, "f", [100_000]);
  assert.deepEqual(valueOf(result), [0]);
  assert.equal(result.metrics.fuelConsumed, 0);
});

test("interruption: with fuel metering the deadline holds though epoch interruption is off", async () => {
  const setUp: SetUp = {
    engine: { epochInterruption: false },
    execution: { maxFuel: 1e15 },
    platform: tickingPlatform(),
  };
  assert.equal(errorOf(await runOnce(spin, "f", [], setUp)).code, "ERR_EDGE_EXECUTION_TIMEOUT");
});

interface EpochRow {
  readonly name: string;
  readonly epochInterruption: boolean;
  readonly fuelMetering: boolean;
  readonly epochsToLive?: number;
  readonly increments: number;
  /** The guest asks this often before it ends by itself. */
  readonly ended: boolean;
}

const epochs: readonly EpochRow[] = [
  {
    name: "one epoch to live, one passes",
    epochInterruption: true,
    fuelMetering: true,
    epochsToLive: 1,
    increments: 1,
    ended: true,
  },
  { name: "metering off", epochInterruption: true, fuelMetering: false, epochsToLive: 1, increments: 1, ended: true },
  {
    name: "two to live, one passes",
    epochInterruption: true,
    fuelMetering: true,
    epochsToLive: 2,
    increments: 1,
    ended: false,
  },
  {
    name: "two to live, two pass",
    epochInterruption: true,
    fuelMetering: true,
    epochsToLive: 2,
    increments: 2,
    ended: true,
  },
  { name: "none to live", epochInterruption: true, fuelMetering: true, epochsToLive: 0, increments: 0, ended: true },
  { name: "no epoch deadline", epochInterruption: true, fuelMetering: true, increments: 5, ended: false },
  {
    name: "epoch interruption off",
    epochInterruption: false,
    fuelMetering: true,
    epochsToLive: 1,
    increments: 5,
    ended: false,
  },
];

for (const { name, epochInterruption, fuelMetering, epochsToLive, increments, ended } of epochs) {
  test(`interruption: incrementEpoch, ${name}: the run ${ended ? "ends" : "goes on"}`, async () => {
    const engine = createEngine({ engine: { epochInterruption } });
    const call = (): void => {
      for (let count = 0; count < increments; count++) engine.incrementEpoch();
    };
    const imports: HostImports = new Map([["env", hostInstance({ pass: { kind: "sync", call } })]]);
    const wat = `(module (import "env" "pass" (func $pass)) (func (export "f") (result i32) (local i32)
      call $pass i32.const 100000 local.set 0
      loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end i32.const 7))`;
    const runner = await createRunner(wat, { imports, execution: { ...generous, fuelMetering } }, engine);
    const result = await run(runner, "f", [], epochsToLive === undefined ? {} : { epochsToLive });
    if (ended) assert.equal(errorOf(result).code, "ERR_EDGE_EXECUTION_TIMEOUT");
    else assert.deepEqual(valueOf(result), [7]);
  });
}

test("interruption: an epoch deadline of one run does not reach the next one", async () => {
  const engine = createEngine();
  const runner = await createRunner(`(module (func (export "f") (result i32) i32.const 1))`, {}, engine);
  assert.equal(errorOf(await run(runner, "f", [], { epochsToLive: 0 })).code, "ERR_EDGE_EXECUTION_TIMEOUT");
  engine.incrementEpoch();
  assert.deepEqual(valueOf(await run(runner, "f")), [1]);
});

test("interruption: a killed guest runs nothing more, whatever it catches", async () => {
  const after: string[] = [];
  const imports: HostImports = new Map([
    [
      "env",
      hostInstance({
        kill: {
          kind: "sync",
          call: () => {
            throw new PermissionDenied("x");
          },
        },
        killLater: { kind: "async", call: () => Promise.reject(new PermissionDenied("x")) },
        after: { kind: "sync", call: () => after.push("ran") },
      }),
    ],
  ]);
  const hosts = `(import "env" "kill" (func $kill)) (import "env" "killLater" (func $later))
    (import "env" "after" (func $after)) (func $calls (param i32) local.get 0 if call $kill else call $later end)`;
  const modules = [
    `(module ${hosts}
      (func $g (param i32) block $h try_table (catch_all $h) local.get 0 call $calls end end call $after)
      (func (export "f") (param i32) block $h try_table (catch_all $h) local.get 0 call $g end end call $after))`,
    `(module ${hosts}
      (func $g (param i32) try local.get 0 call $calls catch_all call $after end call $after)
      (func (export "f") (param i32) try local.get 0 call $g delegate 0 call $after))`,
  ];
  for (const wat of modules) {
    for (const flag of [0, 1]) {
      // oxlint-disable-next-line no-await-in-loop
      const error = errorOf(await runOnce(wat, "f", [flag], { imports }));
      assert.equal(error.message, "Host function error: Permission denied: x");
    }
  }
  assert.deepEqual(after, []);
});

test("interruption: a stack overflow cannot be caught and is a trap", async () => {
  const wat = `(module (func $deep (export "f") (param i32)
    block $h try_table (catch_all $h) local.get 0 i32.const 1 i32.add call $deep end end
    loop br 0 end))`;
  const result = await runOnce(wat, "f", [0], { execution: { ...generous, maxFuel: 1e8 } });
  assert.equal(errorOf(result).fields["trapCode"], "call_stack_exhausted");
});

test("interruption: guests recursing without end leave the engine usable", async () => {
  const runner = await createRunner(
    `(module (func $r (export "f") call $r) (func (export "g") (result i32) i32.const 1))`,
  );
  for (let count = 0; count < 5; count++) {
    // oxlint-disable-next-line no-await-in-loop
    assert.equal(errorOf(await run(runner, "f")).fields["trapCode"], "call_stack_exhausted");
  }
  assert.deepEqual(valueOf(await run(runner, "g")), [1]);
});

const startLoops: readonly (readonly [execution: Partial<ExecutionConfig>, code: string])[] = [
  [{ maxFuel: 100_000 }, "ERR_EDGE_FUEL_EXHAUSTED"],
  [{ maxFuel: 1e15, timeoutMs: 30 }, "ERR_EDGE_EXECUTION_TIMEOUT"],
  [{ fuelMetering: false, timeoutMs: 30 }, "ERR_EDGE_EXECUTION_TIMEOUT"],
];

for (const [execution, code] of startLoops) {
  test(`interruption: an infinite start function ends with ${code}, fuel ${execution.fuelMetering ?? true}`, async () => {
    const wat = `(module (func $s loop br 0 end) (start $s) (func (export "f")))`;
    const runner = await createRunner(wat, { execution, platform: tickingPlatform() });
    assert.equal(errorOf(await run(runner, "f")).code, code);
    await assert.rejects(runner.warmUp(1), { code });
    await settle();
    assert.deepEqual(countsOf(runner.stats()), { live: 0, idle: 0, running: 0, discarded: 0 });
  });
}

test("interruption: a trapping start function is the run's result", async () => {
  const wat = `(module (func $s unreachable) (start $s) (func (export "f")))`;
  const runner = await createRunner(wat);
  const result = await run(runner, "f");
  assert.equal(errorOf(result).message, "Trap: unreachable executed");
  assert.equal(runner.stats().live, 0);
});

test("interruption: straight lines of slow host calls meet the deadline", async () => {
  for (const call of ["call $slow", "i32.const 0 call_indirect", "ref.func $slow call_ref $t"]) {
    for (const fuelMetering of [true, false]) {
      const platform = fakePlatform();
      let calls = 0;
      const slow = (): void => {
        calls += 1;
        platform.advance(10);
      };
      const imports: HostImports = new Map([["env", hostInstance({ slow: { kind: "sync", call: slow } })]]);
      const wat = `(module (type $t (func)) (import "env" "slow" (func $slow)) (table funcref (elem $slow))
        (func (export "f") ${`${call} `.repeat(200)}))`;
      // oxlint-disable-next-line no-await-in-loop
      const result = await runOnce(wat, "f", [], { imports, platform, execution: { fuelMetering } });
      assert.equal(errorOf(result).code, "ERR_EDGE_EXECUTION_TIMEOUT", `${call} ${fuelMetering}`);
      assert.equal(calls, 10);
    }
  }
});

test("interruption: each growth makes the guest look at the clock, with metering on and off", async () => {
  // Charged by the page alone, twenty thousand units of growth would take ten milliseconds.
  for (const grow of [
    "i32.const 0 memory.grow drop",
    "local.get 0 memory.grow drop",
    "i32.const 999 memory.grow drop",
  ]) {
    for (const fuelMetering of [true, false]) {
      const platform = tickingPlatform();
      const wat = `(module (memory 1 9) (func (export "f") (param i32) ${`${grow} `.repeat(100)}))`;
      const execution = { ...generous, fuelMetering };
      // oxlint-disable-next-line no-await-in-loop
      const result = await runOnce(wat, "f", [0], { platform, execution });
      assert.deepEqual(valueOf(result), []);
      assert.ok(result.metrics.durationMs >= 100, `${grow}: ${result.metrics.durationMs} looks`);
    }
  }
});

test("interruption: straight code behind the last check of a limit ends where it is overdrawn", async () => {
  // 1,000 operators behind each of the calls: Wasmtime runs them all, since it looks at entries and loops only.
  const wat = `(module (func $r (export "f") (param i32)
    local.get 0 if local.get 0 i32.const 1 i32.sub call $r end ${"i32.const 1 drop ".repeat(1000)}))`;
  const runner = await createRunner(wat, { execution: { ...generous, maxFuel: 30_000 } });
  const entries = (depth: number): number => 1 + depth * 6;
  // Enough for all entries: what comes behind them is over the limit, but only by a little.
  assert.deepEqual(valueOf(await run(runner, "f", [50])), []);
  assert.ok(entries(1000) < 30_000);
  const error = errorOf(await run(runner, "f", [1000]));
  assert.equal(error.code, "ERR_EDGE_FUEL_EXHAUSTED");
});

test("interruption: host calls that charge fuel exhaust it", async () => {
  let calls = 0;
  const imports: HostImports = new Map([
    [
      "env",
      hostInstance({
        work: {
          kind: "sync",
          call: (host) => {
            calls += 1;
            host.charge(19_000);
          },
        },
      }),
    ],
  ]);
  const wat = `(module (import "env" "work" (func $work)) (func (export "f") ${"call $work ".repeat(1000)}))`;
  const result = await runOnce(wat, "f", [], { imports, execution: { maxFuel: 1_000_000 } });
  assert.equal(errorOf(result).code, "ERR_EDGE_FUEL_EXHAUSTED");
  assert.equal(calls, 53);
  assert.equal(result.metrics.fuelConsumed, 1_000_000);
});

test("interruption: a spinning guest lets the event loop serve others", async () => {
  const runner = await createRunner(spin, { execution: { maxFuel: 1e15, timeoutMs: 300 } });
  const order: string[] = [];
  const timer = new Promise<void>((resolve) => {
    setTimeout(() => {
      order.push("timer");
      resolve();
    }, 5);
  });
  const quick = await createRunner(`(module (func (export "f") (result i32) i32.const 1))`);
  const spinning = run(runner, "f").then((result) => order.push(errorOf(result).code));
  await timer;
  valueOf(await run(quick, "f"));
  order.push("quick");
  await spinning;
  assert.deepEqual(order, ["timer", "quick", "ERR_EDGE_EXECUTION_TIMEOUT"]);
});

test("interruption: yields come as often as the guest ran long", async () => {
  const platform = tickingPlatform();
  const result = await runOnce(spin, "f", [], { platform, execution: { maxFuel: 1e15, timeoutMs: 50 } });
  assert.equal(errorOf(result).code, "ERR_EDGE_EXECUTION_TIMEOUT");
  assert.ok(platform.yieldCount() >= 10);
});
