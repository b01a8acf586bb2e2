// Type-checks the workspace: `npm run types`. One project has everything, with the types of Node.js; core's sources are
// checked again without them, and the examples as what their guests are. Each package has a project of its own too,
// for editors and `tsc -p`; to run those as well would check the packages at the bottom six times.

import { globSync } from "node:fs";
import { runSteps } from "./steps.ts";

const projects = [
  "tsconfig.json",
  "packages/edge-runtime-core/tsconfig.json",
  ...globSync("examples/*/tsconfig.json").toSorted(),
];

const passed = await runSteps(
  projects.map((project) => ({ name: project, command: ["tsc", "-p", project, "--noEmit"] as const })),
  2,
);
process.exitCode = passed ? 0 : 1;
