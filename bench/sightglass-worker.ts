// The side of scripts/compare-wasmtime that runs here: a line with a program's name selects it, an empty line runs it
// metered in a fresh instance and is answered with microseconds.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { rewrittenVariant } from "./sightglass-variants.ts";
import type { Variant } from "./sightglass-program.ts";
import { listPrograms, SightglassRunner } from "./sightglass-program.ts";

const folder = new URL("../../shared/conformance/sightglass/", import.meta.url);
const programs = new Map(listPrograms(folder.pathname).map((program) => [program.name, program]));
let runner: SightglassRunner | undefined;
let variant: Variant | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "") {
    const elapsedUs = runner === undefined || variant === undefined ? Number.NaN : runner.run(variant);
    process.stdout.write(`${elapsedUs}\n`);
    continue;
  }
  const program = programs.get(line);
  runner?.[Symbol.dispose]();
  runner = program === undefined ? undefined : new SightglassRunner(program);
  variant =
    program === undefined ? undefined : rewrittenVariant(new Uint8Array(readFileSync(program.path)), "fuel", false);
  process.stdout.write(program === undefined ? "unknown\n" : "ready\n");
}
runner?.[Symbol.dispose]();
