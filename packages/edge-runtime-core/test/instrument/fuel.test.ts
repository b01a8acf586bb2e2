// Fuel against the oracle: what Wasmtime consumes for the same programs, recorded by scripts/record-fuel.py. Equality
// holds for every call that returns. The smallest fuel with which a call succeeds is the same too, except where we
// check once more than Wasmtime.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FuelExhausted } from "edge-runtime-common";
import type { ExecutionResult } from "../../src/index.ts";
import { CompiledModule } from "../../src/index.ts";
import { createEngine, createRunner, errorOf, generous, run, valueOf } from "../support/runs.ts";

interface Call {
  readonly export: string;
  readonly args: readonly number[];
}

interface RecordedCall extends Call {
  /** As Python prints them. */
  readonly results: readonly string[];
  readonly fuel: number;
  readonly leastFuel: number;
}

interface Program<C> {
  readonly name: string;
  readonly wat: string;
  readonly calls: readonly C[];
}

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8")) as T;
}

const programs = readJson<Program<Call>[]>("fuel-programs.json");
const recorded = readJson<{ wasmtime: string; programs: Omit<Program<RecordedCall>, "wat">[] }>("fuel-wasmtime.json");

const landing = "we check where exceptions land: a loop of throws may have no other check";
const growth = "we check after growth that is refused, since asking costs time";
const bulk = "we check at every bulk operation and growth, Wasmtime at those of one 32-bit memory";
const straight = "we check after 256 operators on any path, so that the counter cannot wrap";

/** Programs whose least fuel is higher here, and why. */
const earlier: ReadonlyMap<string, string> = new Map([
  ["throw to a block by catch", landing],
  ["throw to a block by catch_all", landing],
  ["throw to a block by catch_ref", landing],
  ["throw to a block by catch_all_ref, then throw_ref", landing],
  ["catch label reached normally too", landing],
  ["catch label reached by falling through", landing],
  ["exception out of a callee", landing],
  ["exception out of a working callee", landing],
  ["callee that catches its own", landing],
  ["nested try_table, inner misses", landing],
  ["try_table in a loop without exceptions", landing],
  ["memory.grow over the maximum", growth],
  ["memory.grow by a huge number", growth],
  ["table.grow over the maximum", growth],
  ["64-bit memory", bulk],
  ["two memories", bulk],
  ["copy between address widths", bulk],
  ["straight line of 1,000 operators", straight],
  ["straight line of 1,000 operators after a loop", straight],
  ["straight line in one arm", straight],
]);

const engine = createEngine();

async function runWith(module: CompiledModule, call: Call, maxFuel: number): Promise<ExecutionResult> {
  const runner = await createRunner(module, { execution: { ...generous, maxFuel } }, engine);
  try {
    return await run(runner, call.export, call.args);
  } finally {
    runner.dispose();
  }
}

/** Results as the oracle prints them: whole floats carry `.0`. */
function sameResults(values: unknown, results: readonly string[]): void {
  assert.deepEqual((values as (number | bigint)[]).map(Number), results.map(Number));
}

async function isExhausted(module: CompiledModule, call: Call, maxFuel: number): Promise<boolean> {
  const result = await runWith(module, call, maxFuel);
  if (result.kind === "success") return false;
  assert.ok(result.error instanceof FuelExhausted, result.message);
  assert.equal(result.metrics.fuelConsumed, maxFuel);
  return true;
}

test("fuel: the recording is of the version that the cost table names, and of these programs", () => {
  const source = readFileSync(new URL("../../src/instrument/cost-table.ts", import.meta.url), "utf8");
  assert.ok(source.includes(`Wasmtime ${recorded.wasmtime} `));
  const shape = (list: readonly Omit<Program<Call>, "wat">[]): unknown =>
    list.map(({ name, calls }) => [name, calls.map((call) => [call.export, call.args])]);
  assert.deepEqual(shape(recorded.programs), shape(programs));
});

for (const [index, program] of programs.entries()) {
  test(`fuel: ${program.name} consumes what Wasmtime does`, async () => {
    const module = await CompiledModule.fromWat(engine, program.wat);
    let higher = 0;
    for (const call of recorded.programs[index]?.calls ?? []) {
      const result = await runWith(module, call, 1e12);
      sameResults(valueOf(result), call.results);
      assert.equal(result.metrics.fuelConsumed, call.fuel, `f(${call.args.join()})`);
      assert.equal(await isExhausted(module, call, call.leastFuel - 1), true);
      if (await isExhausted(module, call, call.leastFuel)) higher += 1;
      assert.equal(await isExhausted(module, call, call.fuel + 1), false);
    }
    assert.equal(higher > 0, earlier.has(program.name), earlier.get(program.name) ?? "unexpected");
  });
}

/** No oracle: Wasmtime refuses legacy exceptions. `catch` counts where the body falls into it, not where one lands. */
const legacy: readonly (readonly [name: string, body: string, results: readonly number[], fuel: number])[] = [
  ["try without exception", "try i32.const 1 drop catch_all i32.const 2 drop end", [], 1 + 1 + 1 + 1],
  ["catch", "try (result i32) i32.const 7 throw $v catch $v end", [7], 1 + 1 + 2],
  ["catch_all", "try throw $t catch_all i32.const 2 drop end", [], 1 + 1 + 1 + 1],
  [
    "rethrow",
    "try (result i32) try throw $t catch_all rethrow 0 end i32.const 1 catch_all i32.const 2 end",
    [2],
    1 + 2 + 1 + 1 + 1,
  ],
  ["delegate", "try (result i32) try throw $t delegate 0 i32.const 1 catch_all i32.const 2 end", [2], 1 + 2 + 1 + 1],
  ["delegate past an inner try", "try try throw $t delegate 1 catch_all i32.const 2 drop end", [], -1],
  [
    "branch to a try's label",
    "try i32.const 0 br_if 0 i32.const 1 br_if 0 i32.const 3 drop catch_all end i32.const 4 drop",
    [],
    1 + 1 + 4 + 1,
  ],
];

for (const [name, body, results, fuel] of legacy) {
  test(`fuel: legacy exceptions, ${name}`, async () => {
    const types = results.map(() => "i32").join(" ");
    const wat = `(module (tag $t) (tag $v (param i32)) (func (export "f") (result ${types}) ${body}))`;
    const module = await CompiledModule.fromWat(engine, wat);
    const result = await runWith(module, { export: "f", args: [] }, 1e12);
    if (fuel < 0) {
      assert.equal(errorOf(result).code, "ERR_EDGE_TRAP");
      return;
    }
    assert.deepEqual(valueOf(result), results);
    assert.equal(result.metrics.fuelConsumed, fuel);
  });
}
