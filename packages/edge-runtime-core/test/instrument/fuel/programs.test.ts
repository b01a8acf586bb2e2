// Own programs against the oracle: what Wasmtime consumes for them, recorded by scripts/record-fuel. Of every call that
// returns, results and fuel are the same, and the same limits end it.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { FuelExhausted } from "edge-runtime-common";
import type { ExecutionResult } from "../../../src/index.ts";
import { CompiledModule } from "../../../src/index.ts";
import { createEngine, createRunner, errorOf, generous, run, valueOf } from "../../support/runs.ts";

interface Call {
  readonly export: string;
  readonly args: readonly number[];
}

interface RecordedCall extends Call {
  /** Absent where the call did not return. */
  readonly trap?: string;
  /** As Python prints them. */
  readonly results: readonly string[];
  readonly fuel: number;
  /** The smallest limit with which the call returns. */
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

/** In the order of the recording: by file name. */
const programs = readdirSync(new URL("programs/", import.meta.url))
  .toSorted()
  .flatMap((file) => readJson<Program<Call>[]>(`programs/${file}`));
const recorded = readJson<{ wasmtime: string; programs: Omit<Program<RecordedCall>, "wat">[] }>(
  "programs-wasmtime.json",
);

/**
 * Where equality is impossible without Wasmtime's compiler: it knows a count of up to 128 as constant wherever its data
 * flow analysis does, we where the constant stands directly before. What differs is what we consume, and the least limit.
 */
const differences: ReadonlyMap<string, { readonly fuel: number; readonly leastFuel: number }> = new Map([
  // A check that Wasmtime leaves out.
  ["a fill whose count a local holds as a constant", { fuel: 13, leastFuel: 13 }],
  ["growth by a constant that a block returns", { fuel: 6, leastFuel: 6 }],
  // A refusal that Wasmtime charges like growth.
  ["growth over the maximum by a local that holds a constant", { fuel: 6, leastFuel: 2 }],
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
  const source = readFileSync(new URL("../../../src/instrument/cost-table.ts", import.meta.url), "utf8");
  assert.ok(source.includes(`Wasmtime ${recorded.wasmtime} `));
  const shape = (list: readonly Omit<Program<Call>, "wat">[]): unknown =>
    list.map(({ name, calls }) => [name, calls.map((call) => [call.export, call.args])]);
  assert.deepEqual(shape(recorded.programs), shape(programs));
});

test("fuel: each known difference is one", () => {
  for (const [name, ours] of differences) {
    const [call] = recorded.programs.find((program) => program.name === name)?.calls ?? [];
    assert.ok(call !== undefined && (call.fuel !== ours.fuel || call.leastFuel !== ours.leastFuel), name);
  }
});

for (const [index, program] of programs.entries()) {
  test(`fuel: ${program.name} consumes what Wasmtime does`, async () => {
    const module = await CompiledModule.fromWat(engine, program.wat, { proposals: { gc: true, threads: true } });
    for (const call of recorded.programs[index]?.calls ?? []) {
      const what = `f(${call.args.join()})`;
      const result = await runWith(module, call, 1e12);
      if (call.fuel === undefined) {
        assert.equal(result.kind, "trap", `${what}: ${call.trap}`);
        continue;
      }
      sameResults(valueOf(result), call.results);
      const { fuel, leastFuel } = differences.get(program.name) ?? call;
      assert.equal(result.metrics.fuelConsumed, fuel, what);
      for (const limit of new Set([1, Math.ceil(leastFuel / 2), leastFuel - 1, leastFuel, fuel - 1, fuel, fuel + 1])) {
        if (limit > 0) assert.equal(await isExhausted(module, call, limit), limit < leastFuel, `${what} with ${limit}`);
      }
    }
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
