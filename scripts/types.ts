// Type-checks every project of the workspace: `npm run types`. Each package's sources and tests are projects of their
// own because their environments differ: core's sources see neither Node.js nor the web.

import { globSync } from "node:fs";
import { runSteps } from "./steps.ts";

const projects = [
  "tsconfig.json",
  ...globSync(["packages/*/tsconfig.json", "packages/*/test/tsconfig.json", "examples/*/tsconfig.json"]).toSorted(),
];

const passed = await runSteps(
  projects.map((project) => ({ name: project, command: ["tsc", "--noEmit", "-p", project] as const })),
  2,
);
process.exitCode = passed ? 0 : 1;
