// How fast the rewriter is and how much its output grows, over the sightglass programs; beside it a copy of the same bytes.

import { existsSync, readFileSync } from "node:fs";
import { rewriteModule } from "edge-runtime-core/internal";
import { interleave } from "./interleave.ts";
import type { BenchOptions, Results } from "./results.ts";
import { listPrograms } from "./sightglass-program.ts";

const options = { metering: "fuel", counter: "own" } as const;
const folder = new URL("../../shared/conformance/sightglass/", import.meta.url);

export async function benchRewriter(results: Results, { quick }: BenchOptions): Promise<void> {
  if (!existsSync(folder)) {
    process.stdout.write("skipped: the sightglass programs are not beside the checkout\n");
    return;
  }
  const modules = listPrograms(folder.pathname).map(({ path }) => new Uint8Array(readFileSync(path)));
  const totalBytes = modules.reduce((sum, { length }) => sum + length, 0);
  const repeat = (times: number, work: (bytes: Uint8Array) => unknown): void => {
    for (let time = 0; time < times; time++) for (const bytes of modules) work(bytes);
  };
  const measured = await interleave(
    [
      { name: "rewrite", run: (times) => repeat(times, (bytes) => rewriteModule(bytes, options)) },
      { name: "copy", run: (times) => repeat(times, (bytes) => bytes.slice()) },
    ],
    { rounds: quick ? 3 : 9, roundMs: 1500 },
  );
  const [rewriteUs = Number.NaN, copyUs = Number.NaN] = measured.map(({ medianUs }) => medianUs);
  const growth = modules.map((bytes) => rewriteModule(bytes, options).bytes.length / bytes.length);
  results.add({
    key: "rewriter_mb_per_second",
    what: `rewriter, warm, over ${(totalBytes / 1e6).toFixed(1)} MB of sightglass programs`,
    value: totalBytes / rewriteUs,
    target: "40",
  });
  results.add({ key: "rewriter_over_memcpy", what: "over a copy of the same bytes", value: rewriteUs / copyUs });
  results.add({
    key: "rewritten_size_worst",
    what: "most growth of a program",
    value: Math.max(...growth),
    target: "1.6",
  });
}
