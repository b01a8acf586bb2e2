// npm run conformance -- wasi: wasi-testsuite on the host's WASI.

import { writeFileSync } from "node:fs";
import { parseOptions } from "../options.ts";
import { UsageError } from "../usage-error.ts";
import { isFault, printReport, verdictOf } from "./report.ts";
import type { Finished } from "./report.ts";
import { runTest } from "./run-test.ts";
import { findTests } from "./test-case.ts";

const help = `npm run conformance -- wasi --data DIR [--filter TEXT] [--json FILE]

Runs the programs of wasi-testsuite, each in a copy of its folder: modules of preview 1, which go through the official
adapter, and components of WASI 0.2. Components of WASI 0.3 must be refused. Tests that are known to fail are listed
with the reason.

  --data DIR     folder with the tests: X.wasm and X.json (args, env, root, exit_code, stdout, stderr) at any depth
  --filter TEXT  only tests whose path contains TEXT
  --json FILE    writes what became of each test to FILE
  --help         this text

Exit status: 0 where all went as expected, 1 where a test failed that is not known to, or passed that is; 2 for a wrong
command line.`;

/** Exit status of the command. */
export async function wasi(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === undefined) {
    console.log(help);
    return 0;
  }
  const { data, filter, json } = options;
  const tests = findTests(data, filter);
  if (tests.length === 0) throw new UsageError(`no test under ${data} has a path with ${JSON.stringify(filter)}`);
  const all: Finished[] = [];
  for (const test of tests) {
    // One at a time: some measure time.
    // oxlint-disable-next-line no-await-in-loop
    all.push({ test, outcome: await runTest(test) });
  }
  console.log(printReport(all));
  if (json !== undefined) {
    const rows = all.map((finished) => ({
      name: finished.test.name,
      verdict: verdictOf(finished),
      ...finished.outcome,
    }));
    writeFileSync(json, `${JSON.stringify(rows, undefined, 2)}\n`);
  }
  return all.some(isFault) ? 1 : 0;
}
