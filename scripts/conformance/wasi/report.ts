// What became of the tests: totals of each folder, and what did not go as expected by name.

import { isOfWasi03, knownFailures } from "./expected.ts";
import type { Outcome } from "./run-test.ts";
import type { TestCase } from "./test-case.ts";

export interface Finished {
  readonly test: TestCase;
  readonly outcome: Outcome;
}

/** `new failure` and `unexpected pass` are what fails the command. */
export type Verdict = "passed" | "expected failure" | "refused as expected" | "new failure" | "unexpected pass";

export function verdictOf({ test, outcome }: Finished): Verdict {
  if (isOfWasi03(test.name)) return outcome.kind === "refused" ? "refused as expected" : "new failure";
  const known = knownFailures.get(test.name);
  if (outcome.kind !== "passed") return known === undefined ? "new failure" : "expected failure";
  return known === undefined || known.passesSometimes ? "passed" : "unexpected pass";
}

export function isFault(finished: Finished): boolean {
  const verdict = verdictOf(finished);
  return verdict === "new failure" || verdict === "unexpected pass";
}

function countVerdicts(all: readonly Finished[]): string {
  const counts = new Map<Verdict, number>();
  for (const finished of all) counts.set(verdictOf(finished), (counts.get(verdictOf(finished)) ?? 0) + 1);
  const passed = `${counts.get("passed") ?? 0} of ${all.length} passed`;
  const others = [...counts].filter(([verdict]) => verdict !== "passed");
  return [passed, ...others.map(([verdict, count]) => `${count} ${verdict}`)].join(", ");
}

function describe(finished: Finished): string {
  const { test, outcome } = finished;
  const reason = outcome.kind === "passed" ? "" : `: ${outcome.reason}`;
  const known = knownFailures.get(test.name);
  return `  ${verdictOf(finished)}: ${test.name}${reason}${known === undefined ? "" : `\n    known: ${known.reason}`}`;
}

/** Components that are refused as they should be are counted, and one of them shows how. */
export function printReport(all: readonly Finished[]): string {
  const folders = Map.groupBy(all, ({ test }) => test.folder);
  const totals = [...folders].map(([folder, finished]) => `${folder}: ${countVerdicts(finished)}`);
  const refused = all.filter((finished) => verdictOf(finished) === "refused as expected");
  const notable = all.filter((finished) => !["passed", "refused as expected"].includes(verdictOf(finished)));
  return [...totals, `total: ${countVerdicts(all)}`, ...[...notable, ...refused.slice(0, 1)].map(describe)].join("\n");
}
