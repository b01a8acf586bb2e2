// Totals of each folder, then every program that did not get through.

import type { Outcome } from "./examine.ts";
import { expectedFailures } from "./expected.ts";
import type { ProgramFile } from "./program-file.ts";

export interface Examined {
  readonly program: ProgramFile;
  readonly outcome: Outcome;
}

export function isNewFailure({ program, outcome }: Examined): boolean {
  return outcome.kind === "failed" && !expectedFailures.has(program.name);
}

/** New failures, and what got through though it is said not to. */
export function isFault(examined: Examined): boolean {
  const { program, outcome } = examined;
  return isNewFailure(examined) || (outcome.kind !== "failed" && expectedFailures.has(program.name));
}

const KINDS = ["ran", "stopped", "linked", "foreign", "refused", "failed"] as const;

const LEGEND = `ran: run metered and in plain V8, alike; stopped: by a limit, since they have no end; linked: nothing in it can be called without arguments;
foreign: compiled, made for functions of another host; refused: as it must be; failed: see below`;

function row(name: string, all: readonly Examined[]): string {
  const counts = KINDS.map((kind) => all.filter(({ outcome }) => outcome.kind === kind).length);
  return [name.padEnd(16), ...[all.length, ...counts].map((count) => String(count).padStart(8))].join("");
}

function describe({ program, outcome }: Examined): string {
  const reason = outcome.kind === "failed" ? outcome.reason : `it got through (${outcome.kind})`;
  const known = expectedFailures.get(program.name);
  const verdict = known === undefined ? "new failure" : outcome.kind === "failed" ? "expected" : "unexpected";
  return `${verdict}: ${program.name}: ${reason}${known === undefined ? "" : `\n    known: ${known}`}`;
}

export function printReport(all: readonly Examined[]): string {
  const folders = Map.groupBy(all, ({ program }) => program.folder);
  const head = ["folder".padEnd(16), ...["files", ...KINDS].map((word) => word.padStart(8))].join("");
  const notable = all.filter((one) => one.outcome.kind === "failed" || isFault(one));
  return [
    head,
    ...[...folders].map(([name, part]) => row(name, part)),
    row("total", all),
    LEGEND,
    ...notable.map(describe),
  ].join("\n");
}
