// The figures of one run: printed as a table, written as flat keys beside a description of the machine. What other
// scripts measured stays in the file.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";

export interface Row {
  readonly key: string;
  readonly what: string;
  readonly value: number;
  /** What the value is measured against; empty for absolute values, which only describe. */
  readonly target?: string;
}

/** How a bench is asked to run. */
export interface BenchOptions {
  /** Short, for a look: its figures are not worth keeping. */
  readonly quick: boolean;
}

export class Results {
  readonly #rows: Row[] = [];

  add(row: Row): void {
    this.#rows.push(row);
    process.stdout.write(
      `${row.key.padEnd(44)} ${row.value.toFixed(3).padStart(10)}  ${row.what}${row.target === undefined ? "" : ` (target ${row.target})`}\n`,
    );
  }

  /** Prints why there is no figure; one of an earlier run stays in the file. */
  skip(key: string, why: string): void {
    process.stdout.write(`${key.padEnd(44)} ${"skipped".padStart(10)}  ${why}\n`);
  }

  write(path: URL): void {
    const known = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>) : {};
    const figures = Object.fromEntries(this.#rows.map(({ key, value }) => [key, Number(value.toPrecision(4))]));
    const machine = {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: availableParallelism(),
      memoryGb: Math.round(totalmem() / 2 ** 30),
      platform: `${process.platform}-${process.arch}`,
      node: process.versions.node,
      v8: process.versions.v8,
    };
    const text = JSON.stringify(
      { ...known, date: new Date().toISOString().slice(0, 10), machine, ...figures },
      undefined,
      2,
    );
    writeFileSync(path, `${text}\n`);
  }
}
