// npm run conformance -- component: Component Model suites, in the engine.

import { writeFileSync } from "node:fs";
import { printAbiVectors, runAbiVectors } from "../abi-vectors/abi-vectors.ts";
import { parseOptions } from "../options.ts";
import { UsageError } from "../usage-error.ts";
import { printSuite } from "./report.ts";
import { runSuite, scriptsOf } from "./suite.ts";

export const componentHelp = `npm run conformance -- component --data DIR [--filter TEXT] [--json FILE]

Runs the scripts of converted Component Model suites: what is valid must be accepted and instantiated, actions return
or trap as asserted, what is invalid is refused with the official validator's category and offset. Instances that can be
reset are, and repeat their actions. What needs a feature outside the synchronous Component Model must be refused by
that feature's name, and is listed with all that follows from it.

The canonical ABI vectors under DIR/abi-vectors are compared with types, signatures, loads and stores.

  --data DIR     folder with cm-values/ and the like: <folder>/<stem>/<stem>.json and .wasm files
  --filter TEXT  only scripts whose name (cm-values/transcode/transcode) contains TEXT; the vectors are 'abi-vectors'
  --json FILE    writes the counts, every failure and everything listed to FILE
  --help         this text

Exit status: 0 where every assertion that is judged passes, 1 where not, 2 for a wrong command line.`;

function mapToObject(_key: string, value: unknown): unknown {
  return value instanceof Map ? (Object.fromEntries(value) as unknown) : value;
}

/** Exit status of the command. */
export async function component(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === undefined) {
    console.log(componentHelp);
    return 0;
  }
  const { data, filter, json } = options;
  const vectors = "abi-vectors".includes(filter) ? runAbiVectors(data) : [];
  if (scriptsOf(data, filter).length === 0 && vectors.length === 0) {
    throw new UsageError(`no script under ${data} has a name with ${JSON.stringify(filter)}`);
  }
  const report = await runSuite(data, filter);
  console.log(printSuite(report));
  if (vectors.length > 0) console.log(printAbiVectors(vectors));
  if (json !== undefined) {
    const folders = Object.fromEntries(report.folders);
    const text = JSON.stringify({ total: report.total, folders, vectors }, mapToObject, 2);
    writeFileSync(json, `${text}\n`);
  }
  const failed = report.total.failures.length + vectors.reduce((sum, { failures }) => sum + failures.length, 0);
  return failed === 0 ? 0 : 1;
}
