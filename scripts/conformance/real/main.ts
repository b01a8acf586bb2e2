// npm run conformance -- real: programs of many toolchains, as they were found.

import { writeFileSync } from "node:fs";
import { parseOptions } from "../options.ts";
import { UsageError } from "../usage-error.ts";
import { examine } from "./examine.ts";
import { findPrograms } from "./program-file.ts";
import type { Examined } from "./report.ts";
import { isFault, printReport } from "./report.ts";
import { Laboratory } from "./run-program.ts";

const help = `npm run conformance -- real --data DIR [--filter TEXT] [--json FILE]

Takes every module and component under DIR through validation, rewriting, compilation and linking, runs what can be
called without arguments (commands, and functions that have none) metered and in plain V8, and compares what they print,
return and how they end. Those with expected output beside them must print it.

  --data DIR     folder with an index.jsonl, or with .wasm files, their inputs and expected output
  --filter TEXT  only programs whose path contains TEXT
  --json FILE    writes what became of each program to FILE
  --help         this text

Exit status: 0 where all went as expected, 1 where not, 2 for a wrong command line.`;

export async function examineAll(data: string, filter: string): Promise<Examined[]> {
  const laboratory = new Laboratory();
  const all: Examined[] = [];
  for (const program of findPrograms(data, filter)) {
    // oxlint-disable-next-line no-await-in-loop
    all.push({ program, outcome: await examine(program, laboratory) });
  }
  return all;
}

/** Exit status of the command. */
export async function real(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === undefined) {
    console.log(help);
    return 0;
  }
  const { data, filter, json } = options;
  const all = await examineAll(data, filter);
  if (all.length === 0) throw new UsageError(`no program under ${data} has a path with ${JSON.stringify(filter)}`);
  console.log(printReport(all));
  if (json !== undefined) {
    const rows = all.map(({ program, outcome }) => ({ name: program.name, ...outcome }));
    writeFileSync(json, `${JSON.stringify(rows, undefined, 2)}\n`);
  }
  return all.some(isFault) ? 1 : 0;
}
