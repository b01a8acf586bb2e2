// Everything that must hold before a change is taken: `npm run check`. The tests come last, so that their totals end
// the output; `--without-tests` leaves them to whoever ran them already.

import { spawnSync } from "node:child_process";
import { runSteps } from "./steps.ts";
import type { Step } from "./steps.ts";

const STEPS: readonly Step[] = [
  { name: "types", command: ["node", "scripts/types.ts"] },
  { name: "lint", command: ["oxlint", "--deny-warnings"] },
  { name: "dead code", command: ["knip", "--no-progress"] },
  { name: "format", command: ["oxfmt", "--check"] },
  { name: "workspace", command: ["sherif", "--fail-on-warnings"] },
  { name: "dependencies", command: ["node", "scripts/deny.ts"] },
  { name: "API reports", command: ["node", "scripts/api-reports.ts"] },
  ...["common", "core", "host", "server", "cli", "testing"].map((name): Step => {
    return {
      name: `manifest of ${name}`,
      command: ["publint", "--strict", "--pack", "false", `packages/edge-runtime-${name}`],
    };
  }),
];

const passed = await runSteps(STEPS, 2);
const testStatus = process.argv.includes("--without-tests")
  ? 0
  : spawnSync(process.execPath, ["scripts/test.ts"], { stdio: "inherit" }).status;
process.exitCode = passed && testStatus === 0 ? 0 : 1;
