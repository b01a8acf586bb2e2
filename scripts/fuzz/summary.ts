// Totals of a run, and the report for people.

import type { CaseReport } from "./messages.ts";

export interface Failure {
  readonly number: number;
  readonly findings: readonly string[];
}

export class Summary {
  readonly executed = new Set<string>();
  readonly failures: Failure[] = [];
  cases = 0;
  #opcodes: readonly string[] = [];
  #calls = 0;
  #reset = 0;
  #corrupt = 0;
  #corruptAccepted = 0;
  readonly #kinds = new Map<string, number>();
  readonly #reasons = new Map<string, number>();

  set opcodes(names: readonly string[]) {
    this.#opcodes = names;
  }

  add(report: CaseReport): void {
    this.cases += 1;
    this.#calls += report.calls;
    this.#corrupt += 1;
    if (report.corruptAccepted) this.#corruptAccepted += 1;
    count(this.#kinds, `${report.source}: ${report.kind}`);
    if (report.reason !== undefined && report.reason !== "") count(this.#reasons, `${report.kind}: ${report.reason}`);
    if (report.kind === "compared") {
      if (report.notReset === undefined) this.#reset += 1;
      else count(this.#reasons, `not reset: ${report.notReset}`);
    }
    for (const opcode of report.executed) this.executed.add(opcode);
    if (report.findings.length > 0) this.failures.push({ number: report.number, findings: report.findings });
  }

  /** Opcodes that V8 accepts and that nobody saw running. */
  get missing(): string[] {
    return this.#opcodes.filter((opcode) => !this.executed.has(opcode));
  }

  print(): string {
    const { missing } = this;
    const accepted = this.#opcodes.length;
    return [
      `${this.cases} cases; ${this.#calls} calls in each way; ${this.#reset} instances reset and compared with their snapshot`,
      ...lines(this.#kinds),
      ...lines(this.#reasons),
      `${this.#corrupt} corrupt inputs: ${this.#corruptAccepted} compiled, the rest refused by a typed error`,
      `opcodes executed: ${accepted - missing.length} of the ${accepted} that V8 accepts`,
      ...(missing.length === 0 ? [] : [`opcodes missing: ${missing.join(", ")}`]),
    ].join("\n");
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function lines(counts: ReadonlyMap<string, number>): string[] {
  const sorted = [...counts].toSorted(([, left], [, right]) => right - left).slice(0, 20);
  return sorted.map(([key, value]) => `  ${String(value).padStart(7)}  ${key.slice(0, 120)}`);
}
