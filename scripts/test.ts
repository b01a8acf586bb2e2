// Runs the tests with the Node.js that runs this script: `npm test` takes the workspace's own, CI's matrix calls
// another one by `node scripts/test.ts`. Arguments are paths or globs of test files; `--integration` is those of the
// whole system; none is all.

import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

const INTEGRATION = ["test/**/*.test.ts"];
const ALL = ["packages/*/test/**/*.test.ts", ...INTEGRATION];

const given = process.argv.slice(2).filter((argument) => argument !== "--integration");
const patterns = process.argv.includes("--integration") ? INTEGRATION : given.length > 0 ? given : ALL;

console.log(`Node.js ${process.version}`);
const { status } = spawnSync(
  process.execPath,
  ["--test", `--test-concurrency=${availableParallelism()}`, ...patterns],
  { stdio: "inherit" },
);
process.exitCode = status ?? 1;
