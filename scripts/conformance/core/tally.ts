// Counts of a folder or of everything, and the differences found.

import type { Verdict } from "./outcome.ts";

export interface Difference {
  readonly file: string;
  readonly line: number;
  readonly way: string;
  readonly text: string;
}

export type VerdictCounts = Record<Verdict, number>;

export interface Tally {
  scripts: number;
  /** Of all commands, by way. */
  readonly ways: Map<string, VerdictCounts>;
  /** Commands not run, by reason, in plain V8. */
  readonly skipped: Map<string, number>;
  /** Valid modules that the rewriter refused, by reason. */
  readonly refused: Map<string, number>;
  /** What pooling did. */
  readonly events: Map<string, number>;
  readonly differences: Difference[];
  /** Assertions that plain V8 does not fulfil: the data's or V8's fault, not the rewriter's. */
  readonly plainFailures: Difference[];
}

export function emptyTally(): Tally {
  return {
    scripts: 0,
    ways: new Map(),
    skipped: new Map(),
    refused: new Map(),
    events: new Map(),
    differences: [],
    plainFailures: [],
  };
}

export function addCount(counts: Map<string, number>, key: string, amount = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + amount);
}

export function addVerdict(tally: Tally, way: string, verdict: Verdict, amount = 1): void {
  const counts = tally.ways.get(way) ?? { passed: 0, failed: 0, skipped: 0 };
  counts[verdict] += amount;
  tally.ways.set(way, counts);
}

export function addTally(total: Tally, part: Tally): void {
  total.scripts += part.scripts;
  for (const [way, counts] of part.ways) {
    for (const verdict of ["passed", "failed", "skipped"] as const) addVerdict(total, way, verdict, counts[verdict]);
  }
  for (const key of ["skipped", "refused", "events"] as const) {
    for (const [reason, count] of part[key]) addCount(total[key], reason, count);
  }
  total.differences.push(...part.differences);
  total.plainFailures.push(...part.plainFailures);
}

export function tallyJson(tally: Tally): unknown {
  return {
    scripts: tally.scripts,
    ways: Object.fromEntries(tally.ways),
    skipped: Object.fromEntries(tally.skipped),
    refused: Object.fromEntries(tally.refused),
    events: Object.fromEntries(tally.events),
    differences: tally.differences,
    plainFailures: tally.plainFailures,
  };
}
