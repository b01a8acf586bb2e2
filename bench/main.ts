// npm run bench [-- NAME...] [--quick]: prints a table and, unless quick, puts its figures into bench/results.json.

import { benchComponent } from "./component.bench.ts";
import { benchDeadline } from "./deadline.bench.ts";
import { benchFairness } from "./fairness.bench.ts";
import { benchHttp } from "./http.bench.ts";
import { benchMetering } from "./metering.bench.ts";
import { benchPeers } from "./peers.bench.ts";
import { benchPool } from "./pool.bench.ts";
import { benchRewriter } from "./rewriter.bench.ts";
import { Results } from "./results.ts";
import { benchSightglass } from "./sightglass.bench.ts";

const benches = {
  pool: benchPool,
  component: benchComponent,
  metering: benchMetering,
  sightglass: benchSightglass,
  rewriter: benchRewriter,
  deadline: benchDeadline,
  fairness: benchFairness,
  http: benchHttp,
  peers: benchPeers,
} as const;
type Name = keyof typeof benches;

const all = Object.keys(benches) as Name[];
const quick = process.argv.includes("--quick");
const chosen = process.argv.slice(2).filter((argument) => argument !== "--quick");
const unknown = chosen.filter((name) => !(name in benches));
if (unknown.length > 0) {
  process.stderr.write(`unknown bench ${unknown.join(", ")}: choose from ${all.join(", ")}\n`);
  process.exit(2);
}
const results = new Results();
for (const name of all) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  process.stdout.write(`\n${name}\n`);
  await benches[name](results, { quick });
}
if (!quick) results.write(new URL("results.json", import.meta.url));
