// What differs between two records of the same calls.

import { stateDifferences } from "../wasm/state.ts";
import type { Played, PlayRecord } from "./play.ts";

/**
 * A trap leaves the counter as it was last saved, which checks do too: what it consumed depends on where the slice
 * ended.
 */
export function hasExactFuel(outcome: string | undefined): boolean {
  return outcome !== undefined && !outcome.startsWith("trap");
}

/** Findings about `way`: everything in which `found` differs from `wanted`. */
export function compare(way: string, wanted: PlayRecord, found: Played, withFuel: boolean): string[] {
  if (typeof found === "number") return [`${way}: call ${found} does not end, or exhausts the stack`];
  const differences = wanted.outcomes.flatMap((outcome, index) => {
    const other = found.outcomes[index];
    if (outcome !== other) return [`${way}: call ${index - 1} gives ${other ?? "nothing"}, not ${outcome}`];
    const fuel = found.fuel[index];
    if (!withFuel || !hasExactFuel(outcome) || fuel === wanted.fuel[index]) return [];
    return [`${way}: call ${index - 1} takes ${fuel} fuel, not ${wanted.fuel[index]}`];
  });
  if (found.outcomes.length !== wanted.outcomes.length) differences.push(`${way}: ${found.outcomes.length} calls`);
  // Nothing can be seen of an instance of plain V8 whose start function trapped.
  if (wanted.outcomes[0] !== "started") return differences;
  if (found.log !== wanted.log) differences.push(`${way}: the host saw ${found.log}, not ${wanted.log}`);
  return [...differences, ...stateDifferences(wanted.state, found.state).map((text) => `${way}: state ${text}`)];
}
