// The report for people: a row for each folder, then what was skipped, refused and pooled, then every difference.

import type { RefusalReport } from "./refusals.ts";
import type { SuiteReport } from "./suite.ts";
import type { Difference, Tally } from "./tally.ts";

const shownDifferences = 50;

function row(cells: readonly string[]): string {
  return cells.map((cell, index) => (index === 0 ? cell.padEnd(28) : cell.padStart(12))).join("");
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function tallyRow(name: string, tally: Tally, ways: readonly string[]): string {
  const passed = ways.map((way) => {
    const counts = tally.ways.get(way);
    return counts === undefined ? "0" : `${counts.passed}${counts.failed > 0 ? ` -${counts.failed}` : ""}`;
  });
  const skipped = tally.ways.get(ways[0] ?? "")?.skipped ?? 0;
  const cells = [tally.scripts, ...passed, skipped, sum(tally.refused), tally.differences.length];
  return row([name, ...cells.map(String)]);
}

function reasons(title: string, counts: ReadonlyMap<string, number>): string[] {
  const lines = [...counts].toSorted(([, left], [, right]) => right - left);
  return lines.length === 0
    ? []
    : [title, ...lines.map(([reason, count]) => `  ${String(count).padStart(7)}  ${reason}`)];
}

function places(title: string, found: readonly Difference[]): string[] {
  if (found.length === 0) return [];
  const lines = found
    .slice(0, shownDifferences)
    .map(({ file, line, way, text }) => `  ${file}:${line} ${way}: ${text}`);
  const more = found.length > shownDifferences ? [`  and ${found.length - shownDifferences} more`] : [];
  return [`${title} (${found.length})`, ...lines, ...more];
}

export function printSuite({ folders, total }: SuiteReport, ways: readonly string[]): string {
  return [
    "passed (-failed) in each way; skipped, and modules refused by the rewriter, in all of them",
    row(["folder", "scripts", ...ways, "skipped", "refused", "differences"]),
    ...[...folders].map(([name, tally]) => tallyRow(name, tally, ways)),
    tallyRow("total", total, ways),
    ...reasons("skipped", total.skipped),
    ...reasons("refused", total.refused),
    ...reasons("pooling", total.events),
    ...places("plain V8 fails", total.plainFailures),
    ...places("differences", total.differences),
  ].join("\n");
}

export function printRefusals({ refused, rewritten, faults }: RefusalReport): string {
  const lines = faults.map(({ file, text }) => `  ${file}: ${text}`);
  const counts = `unsupported modules: ${refused} refused by a typed error, ${rewritten} rewritten, ${faults.length} faults`;
  return [counts, ...lines].join("\n");
}
