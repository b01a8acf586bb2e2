// Runs the tests with the Node.js that runs this script: `npm test` takes the workspace's own, CI's matrix calls
// others by `node scripts/test.ts --expect-node MAJOR`. Arguments are paths or globs of test files; `--integration`
// is those of the whole system; none is all.

import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const INTEGRATION = ["test/**/*.test.ts"];
const ALL = ["packages/*/test/**/*.test.ts", ...INTEGRATION];

const { values, positionals } = parseArgs({
  options: { integration: { type: "boolean", default: false }, "expect-node": { type: "string" } },
  allowPositionals: true,
});
process.exitCode = runTests();

function runTests(): number {
  console.log(`Node.js ${process.version}`);
  const major = values["expect-node"];
  if (major !== undefined && !process.version.startsWith(`v${major}.`)) {
    console.error(`expected Node.js ${major}`);
    return 1;
  }
  const selected = positionals.length > 0 ? positionals : ALL;
  const patterns = values.integration ? INTEGRATION : selected;
  if (globSync(patterns).length === 0) {
    console.error(`no test file matches ${patterns.join(" ")}`);
    return 1;
  }
  const options = ["--test", `--test-concurrency=${availableParallelism()}`];
  // Each test file is a process of its own; compiled sources kept between them save a fifth of the time.
  const cache = fileURLToPath(new URL("../.edge-runtime/compile-cache", import.meta.url));
  const env = { NODE_COMPILE_CACHE: cache, ...process.env };
  return spawnSync(process.execPath, [...options, ...patterns], { stdio: "inherit", env }).status ?? 1;
}
