// The report for people: a row for each folder, every failure, then every command that was not judged, with its reason.

import type { Finding, SuiteReport, Tally } from "./suite.ts";

function row(cells: readonly string[]): string {
  return cells.map((cell, index) => (index === 0 ? cell.padEnd(40) : cell.padStart(9))).join("");
}

function tallyRow(name: string, { scripts, passed, failures, listed, resets }: Tally): string {
  return row([
    name,
    ...[scripts, passed, failures.length, listed.length, resets.instances, resets.actions].map(String),
  ]);
}

/** By script and reason, with the lines. */
function listedLines(listed: readonly Finding[]): string[] {
  const lines = new Map<string, string[]>();
  for (const { place, type, reason } of listed) {
    const at = place.lastIndexOf(":");
    const key = `${place.slice(0, at)}: ${reason}`;
    lines.set(key, [...(lines.get(key) ?? []), `${place.slice(at + 1)} ${type}`]);
  }
  return Array.from(lines, ([key, places]) => `  ${key}\n      ${places.join(", ")}`);
}

export function printSuite({ folders, total }: SuiteReport): string {
  const { failures, listed, resets } = total;
  return [
    row(["folder", "scripts", "passed", "failed", "listed", "reset", "repeated"]),
    ...Array.from(folders, ([name, tally]) => tallyRow(name, tally)),
    tallyRow("total", total),
    ...(failures.length === 0 ? [] : [`failed (${failures.length})`]),
    ...failures.map(({ place, type, reason }) => `  ${place} ${type}: ${reason}`),
    ...(listed.length === 0 ? [] : [`not judged (${listed.length}), by script and reason`]),
    ...listedLines(listed),
    ...(resets.notRestored.size === 0 ? [] : ["instances not reset"]),
    ...Array.from(resets.notRestored, ([reason, count]) => `  ${String(count).padStart(7)}  ${reason}`),
  ].join("\n");
}
