// npm run conformance -- core: the specification's test suite, metered against plain V8.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseOptions } from "../options.ts";
import { UsageError } from "../usage-error.ts";
import { checkRefusals } from "./refusals.ts";
import { printRefusals, printSuite } from "./report.ts";
import { ways } from "./run-script.ts";
import { refusalFolder, runSuite } from "./suite.ts";
import { tallyJson } from "./tally.ts";

export const coreHelp = `npm run conformance -- core --data DIR [--filter TEXT] [--json FILE]

Runs the scripts of a converted specification test suite in five ways side by side: plain V8; metered; metered in a
pooled store that is reset and runs everything once more, by a whole copy and by marked pages; with deadline metering.
All must agree on every command, bit for bit. Modules under DIR/${refusalFolder} need only be refused by a typed error.

  --data DIR     folder with spec/, wasmtime/ and the like: <suite>/<group>/<stem>/<stem>.json and .wasm files
  --filter TEXT  only scripts whose name (spec/simd/simd_lane/simd_lane) contains TEXT
  --json FILE    writes the counts and every difference to FILE
  --help         this text

Exit status: 0 where all ways agree and plain V8 fulfils every assertion, 1 where not, 2 for a wrong command line.`;

/** Exit status of the command. */
export async function core(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === undefined) {
    console.log(coreHelp);
    return 0;
  }
  const { data, filter, json } = options;
  const suite = await runSuite(data, filter);
  const refusals = checkRefusals(join(data, refusalFolder), filter);
  if (suite.total.scripts === 0 && refusals.refused + refusals.rewritten === 0) {
    throw new UsageError(`no script under ${data} has a name with ${JSON.stringify(filter)}`);
  }
  console.log(
    printSuite(
      suite,
      ways.map((way) => way.name),
    ),
  );
  console.log(printRefusals(refusals));
  if (json !== undefined) {
    const folders = Object.fromEntries([...suite.folders].map(([name, tally]) => [name, tallyJson(tally)]));
    const report = { total: tallyJson(suite.total), folders, unsupported: refusals };
    writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  const { differences, plainFailures } = suite.total;
  return differences.length + plainFailures.length + refusals.faults.length === 0 ? 0 : 1;
}
