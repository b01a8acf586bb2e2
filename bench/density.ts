// npm run density [-- KEY...]: resident memory of 10,000 living instances and of 10,000 guests that wait in host calls, each
// subject in a process of its own. A full run writes its figures to bench/results.json.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { densitySubjects } from "./density-guests.ts";
import type { DensityReport } from "./density-subject.ts";
import { Results } from "./results.ts";

const chosen = process.argv.slice(2);
const unknown = chosen.filter((key) => !densitySubjects.some((subject) => subject.key === key));
if (unknown.length > 0) {
  const keys = densitySubjects.map(({ key }) => key).join(", ");
  process.stderr.write(`unknown subject ${unknown.join(", ")}: choose from ${keys}\n`);
  process.exit(2);
}
const results = new Results();
const script = new URL("density-subject.ts", import.meta.url).pathname;
for (const { key, what } of densitySubjects) {
  if (chosen.length > 0 && !chosen.includes(key)) continue;
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", script, key]);
  const { guests, residentBytes, memoryRatio } = JSON.parse(stdout) as DensityReport;
  const how = `${guests} ${what}`;
  results.add({ key: `density_${key}_mb`, what: `resident with ${how}, MB`, value: residentBytes / 1e6 });
  results.add({
    key: `density_${key}_kb_each`,
    what: `resident for each of ${how}, KB`,
    value: residentBytes / guests / 1e3,
  });
  process.stdout.write(`${" ".repeat(57)}${(memoryRatio * 100).toFixed(0)} % of V8's ceiling on memories\n`);
}
if (chosen.length === 0) results.write(new URL("results.json", import.meta.url));
