// The answer to a request does not depend on any request served before it: random guests that change all kinds of
// state answer from a pool what they answer in an instance that nobody used before.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { instantiate } from "../../src/engine/instantiate.ts";
import { runLimits } from "../../src/engine/limits.ts";
import type { ExecutionResult, HostImports, InstanceRunner } from "../../src/index.ts";
import { CompiledModule, hostInstance } from "../../src/index.ts";
import {
  createEngine,
  createRunner,
  engineDefaults,
  executionDefaults,
  newContext,
  run,
  settle,
} from "../support/runs.ts";
import type { GuestRequest } from "../support/stateful-guest.ts";
import { guestRequests, statefulGuests } from "../support/stateful-guest.ts";

const numRuns = Number(process.env["EDGE_PROPERTY_RUNS"] ?? 60);
const execution = { maxFuel: 3_000_000, timeoutMs: 60_000 };

/** Every third call waits for the event loop. */
const imports: HostImports = new Map([
  [
    "env",
    hostInstance({
      wait: {
        kind: "async",
        reads: "nothing",
        call: (_: unknown, value: number) =>
          value % 3 > 0 ? value : new Promise((resolve) => setImmediate(() => resolve(value + 1))),
      },
    }),
  ],
]);

function answerOf(result: ExecutionResult): readonly unknown[] {
  const { fuelConsumed, memoryUsedBytes } = result.metrics;
  return [result.kind === "success" ? result.value : [result.code, result.message], fuelConsumed, memoryUsedBytes];
}

async function answer(runner: InstanceRunner, { operation, argument }: GuestRequest): Promise<readonly unknown[]> {
  return answerOf(await run(runner, "run", [operation, argument]));
}

/** How runs ended, by code of the error. */
type Endings = Map<string, number>;

function countEnding(endings: Endings, [value]: readonly unknown[]): void {
  const ending = Array.isArray(value) && value.length === 2 ? String(value[0]) : "success";
  endings.set(ending, (endings.get(ending) ?? 0) + 1);
}

/** Answers of the pool, two requests at a time, with resets before and between requests. */
async function pooledAnswers(runner: InstanceRunner, requests: readonly GuestRequest[]): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (let index = 0; index < requests.length; index += 2) {
    // oxlint-disable-next-line no-await-in-loop
    answers.push(...(await Promise.all(requests.slice(index, index + 2).map((request) => answer(runner, request)))));
    // oxlint-disable-next-line no-await-in-loop
    if (index % 4 === 0) await settle();
  }
  return answers;
}

for (const form of ["core", "component"] as const) {
  test(`independence: a random guest (${form}) answers as in an instance of its own`, async (context) => {
    const endings: Endings = new Map();
    const seen = { verified: 0, discarded: 0 };
    await fc.assert(
      fc.asyncProperty(statefulGuests, guestRequests, async (guest, requests) => {
        const pooled = await createRunner(guest[form], { execution, imports });
        const fresh = await createRunner(guest[form], { execution, imports, engine: { poolingAllocator: false } });
        const twice = [...requests, ...requests.toReversed()];
        const answers = await pooledAnswers(pooled, twice);
        for (const [index, request] of requests.entries()) {
          // oxlint-disable-next-line no-await-in-loop
          const expected = await answer(fresh, request);
          assert.deepEqual(answers[index], expected);
          assert.deepEqual(answers[twice.length - 1 - index], expected);
          countEnding(endings, expected);
        }
        await settle();
        const { verifiedResets, faultyResets, discarded } = pooled.stats();
        assert.equal(faultyResets, 0);
        seen.verified += verifiedResets;
        seen.discarded += discarded;
        pooled.dispose();
      }),
      { numRuns, seed: 3 },
    );
    context.diagnostic(JSON.stringify({ ...Object.fromEntries(endings), ...seen }));
    assert.ok(seen.verified > numRuns && seen.discarded > numRuns);
    assert.deepEqual([...endings.keys()].toSorted(), ["ERR_EDGE_FUEL_EXHAUSTED", "ERR_EDGE_TRAP", "success"]);
  });
}

test("independence: without a reset most of these guests answer otherwise", async () => {
  let differs = 0;
  const limits = runLimits(engineDefaults, { ...executionDefaults, ...execution });
  await fc.assert(
    fc.asyncProperty(statefulGuests, async ({ core }) => {
      const engine = createEngine();
      const program = (await CompiledModule.fromWat(engine, core)).link(imports);
      const answers = (operations: readonly number[]): Promise<unknown[]> => {
        const made = instantiate(engine, program, limits);
        return made.then(async ({ store, guest }) => {
          const list: unknown[] = [];
          for (const operation of operations) {
            store.startRun(limits, newContext());
            // oxlint-disable-next-line no-await-in-loop
            list.push(
              await guest
                .entry("run")?.([operation, 12_345])
                .catch(() => "trapped"),
            );
            if (store.meter.stopped === undefined) store.endRun();
          }
          return list;
        });
      };
      const used = await answers([0, 1, 2, 3, 4, 0]);
      const [unused] = await answers([0]);
      if (String(used.at(-1)) !== String(unused)) differs += 1;
    }),
    { numRuns, seed: 3 },
  );
  assert.ok(differs > numRuns * 0.6, `${differs} of ${numRuns}`);
});
