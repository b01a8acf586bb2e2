// npm run bench [-- pool metering http]: prints a table; a full run writes bench/results.json.

import { benchHttp } from "./http.bench.ts";
import { benchMetering } from "./metering.bench.ts";
import { benchPool } from "./pool.bench.ts";
import { Results } from "./results.ts";

const benches = { pool: benchPool, metering: benchMetering, http: benchHttp } as const;
type Name = keyof typeof benches;

const all = Object.keys(benches) as Name[];
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in benches));
if (unknown.length > 0) {
  process.stderr.write(`unknown bench ${unknown.join(", ")}: choose from ${all.join(", ")}\n`);
  process.exit(2);
}
const results = new Results();
for (const name of all) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  process.stdout.write(`\n${name}\n`);
  await benches[name](results);
}
if (chosen.length === 0) results.write(new URL("results.json", import.meta.url));
