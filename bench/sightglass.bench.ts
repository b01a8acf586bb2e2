// The sightglass programs on exactly the binary that an engine serves, against the original on plain V8, each output
// verified: with fuel, with fuel and marked pages (what the pool serves where memories are large), with the deadline only.
// Programs that take less than `shortestUs` are left out by name: what they measure is how code warms up.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { geomean } from "./interleave.ts";
import type { BenchOptions, Results } from "./results.ts";
import type { Ratios } from "./sightglass-subject.ts";
import { listPrograms } from "./sightglass-program.ts";

const folder = new URL("../../shared/conformance/sightglass/", import.meta.url);
const subject = new URL("sightglass-subject.ts", import.meta.url).pathname;
const shortestUs = 300;

export async function benchSightglass(results: Results, { quick }: BenchOptions): Promise<void> {
  if (!existsSync(folder)) {
    process.stdout.write("skipped: the sightglass programs are not beside the checkout\n");
    return;
  }
  const ratios: Ratios[] = [];
  const short: string[] = [];
  for (const program of listPrograms(folder.pathname)) {
    const { stdout } = await promisify(execFile)(process.execPath, [subject, program.name, quick ? "200" : "700"]);
    const measured = JSON.parse(stdout) as Ratios;
    if (measured.plainUs < shortestUs) {
      short.push(program.name);
      continue;
    }
    ratios.push(measured);
    const name = program.name.replaceAll("-", "_");
    const what = `over plain V8, which takes ${(measured.plainUs / 1000).toFixed(1)} ms`;
    results.add({ key: `sightglass_metered_${name}`, what, value: measured.fuel });
    if (measured.marked !== undefined) {
      results.add({ key: `sightglass_marked_${name}`, what, value: measured.marked });
    }
    results.add({ key: `sightglass_deadline_${name}`, what, value: measured.deadline });
  }
  process.stdout.write(`too short: ${short.join(", ")}\n`);
  const fuel = ratios.map((ratio) => ratio.fuel);
  const marked = ratios.flatMap((ratio) => ratio.marked ?? []);
  const deadline = ratios.map((ratio) => ratio.deadline);
  const what = `of ${ratios.length} sightglass programs, over plain V8`;
  results.add({ key: "metered_geomean", what: `geomean ${what}`, value: geomean(fuel), target: "1.15" });
  results.add({ key: "metered_worst", what: `worst ${what}`, value: Math.max(...fuel), target: "1.6" });
  const markedWhat = `of the ${marked.length} whose pages are marked`;
  results.add({ key: "marked_geomean", what: `geomean ${markedWhat}`, value: geomean(marked), target: "1.3" });
  results.add({ key: "marked_worst", what: `worst ${markedWhat}`, value: Math.max(...marked) });
  results.add({ key: "deadline_geomean", what: `geomean ${what}`, value: geomean(deadline), target: "1.08" });
  results.add({ key: "deadline_worst", what: `worst ${what}`, value: Math.max(...deadline), target: "1.3" });
}
