// Properties of rewritten code over random structured programs: same behaviour, exact fuel, and a check within a
// bounded number of operators on every path.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { maxUnchecked } from "../../src/instrument/cost-table.ts";
import type { CounterPlace, Metering } from "../../src/instrument/plan.ts";
import { entryFuel, programBytes } from "../support/program-module.ts";
import type { Program } from "../support/random-program.ts";
import { largestBulk, programs } from "../support/random-program.ts";
import { instantiateRewritten } from "../support/rewritten-instance.ts";

const numRuns = Number(process.env["EDGE_PROPERTY_RUNS"] ?? 60);
const seeds = [0, -1, 0x5a5a, 12_345_678];

/** What a call did, and what the host saw of it. */
function observe(call: () => unknown, ticks: readonly number[], memory: WebAssembly.ExportValue | undefined): string {
  let outcome: string;
  try {
    outcome = `returned ${String(call())}`;
  } catch (error) {
    outcome = error instanceof WebAssembly.Exception ? "exception" : String(error);
  }
  const bytes = memory instanceof WebAssembly.Memory ? Buffer.from(memory.buffer).toString("latin1") : "";
  return JSON.stringify([outcome, ticks, bytes.replaceAll("\0", "")]);
}

function tickImports(ticks: number[]): WebAssembly.Imports {
  return { env: { tick: ((value: number) => ticks.push(value)) as unknown as WebAssembly.ExportValue } };
}

function runPlain(bytes: Uint8Array, seed: number): { readonly seen: string; readonly count: number } {
  const ticks: number[] = [];
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), tickImports(ticks));
  const seen = observe(() => (exports["run"] as unknown as (seed: number) => number)(seed), ticks, exports["memory"]);
  return { seen, count: (exports["count"] as WebAssembly.Global).value };
}

interface MeteredRun {
  readonly seen: string;
  readonly fuel: number;
  /** The most fuel between two checks, or from the last one to the end. */
  readonly unchecked: number;
}

function runMetered(bytes: Uint8Array, seed: number, way: { metering: Metering; counter: CounterPlace }): MeteredRun {
  const ticks: number[] = [];
  let unchecked = 0;
  let checkedAt = 0;
  const instance = instantiateRewritten(bytes, {
    ...way,
    imports: tickImports(ticks),
    slice: 1,
    onCheck: () => {
      noteCheck();
      return false;
    },
  });
  const noteCheck = (): void => {
    unchecked = Math.max(unchecked, instance.consumed() - checkedAt);
    checkedAt = instance.consumed();
  };
  const seen = observe(() => instance.call("run", seed), ticks, instance.exports["memory"]);
  noteCheck();
  return { seen, fuel: instance.consumed(), unchecked };
}

const bytesOf = (program: Program): Uint8Array => programBytes(program, { counting: false });

test("random programs: the generator makes valid ones that do something", () => {
  const sample = fc.sample(programs, { numRuns: 100, seed: 1 });
  const seen = sample.map((program) => runPlain(bytesOf(program), 1).seen);
  assert.ok(new Set(seen).size > 25);
  assert.ok(seen.some((outcome) => outcome.includes("exception")));
});

test("random programs: rewriting changes neither results, exceptions, host calls nor memory", () => {
  fc.assert(
    fc.property(programs, fc.constantFrom(...seeds), (program, seed) => {
      const bytes = bytesOf(program);
      const { seen } = runPlain(bytes, seed);
      for (const metering of ["fuel", "deadline", "none"] as const) {
        for (const counter of ["own", "imported"] as const) {
          assert.equal(runMetered(bytes, seed, { metering, counter }).seen, seen);
        }
      }
    }),
    { numRuns, seed: 1 },
  );
});

test("random programs: fuel is the number of operators that ran", () => {
  fc.assert(
    fc.property(programs, fc.constantFrom(...seeds), (program, seed) => {
      const { count } = runPlain(programBytes(program, { counting: true }), seed);
      for (const counter of ["own", "imported"] as const) {
        assert.equal(runMetered(bytesOf(program), seed, { metering: "fuel", counter }).fuel, count + entryFuel);
      }
    }),
    { numRuns, seed: 2 },
  );
});

test("random programs: deadline metering charges no less than a quarter of what ran", () => {
  fc.assert(
    fc.property(programs, fc.constantFrom(...seeds), (program, seed) => {
      const { count } = runPlain(programBytes(program, { counting: true }), seed);
      const { fuel } = runMetered(bytesOf(program), seed, { metering: "deadline", counter: "own" });
      assert.ok(4 * fuel >= count + entryFuel, `${fuel} charged, ${count + entryFuel} ran`);
    }),
    { numRuns, seed: 4 },
  );
});

test("random programs: no path runs on without a check", () => {
  // A check comes behind the operator that is one too many; one that moves bytes costs more than one.
  const slack = 1 + largestBulk;
  let most = 0;
  fc.assert(
    fc.property(programs, fc.constantFrom(...seeds), (program, seed) => {
      const { unchecked } = runMetered(bytesOf(program), seed, { metering: "fuel", counter: "own" });
      most = Math.max(most, unchecked);
      // A return drops a frame, and what ran in it since its last check.
      const frames = program.length + 1;
      assert.ok(unchecked <= (maxUnchecked + slack) * frames, `${unchecked} operators`);
    }),
    { numRuns, seed: 3 },
  );
  assert.ok(most > maxUnchecked, `the programs are too short: ${most}`);
});
