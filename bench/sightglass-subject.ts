// Measures one sightglass program, given its name and a budget in milliseconds, and prints its ratios as JSON. A process of
// its own, since node:wasi does not close the folders that it opened, and code of one program warms up no other.

import { readFileSync } from "node:fs";
import { median } from "./interleave.ts";
import { listPrograms, SightglassRunner } from "./sightglass-program.ts";
import type { SightglassProgram } from "./sightglass-program.ts";
import { plainVariant, rewrittenVariant } from "./sightglass-variants.ts";

/** Milliseconds that each variant runs beforehand, for V8 to optimize it. */
const warmUpMs = 300;
const mostRounds = 200;
const folder = new URL("../../shared/conformance/sightglass/", import.meta.url);

export interface Ratios {
  readonly plainUs: number;
  readonly fuel: number;
  /** Undefined where the memory is too small to be marked. */
  readonly marked: number | undefined;
  readonly deadline: number;
}

function measure(program: SightglassProgram, budgetMs: number): Ratios {
  using runner = new SightglassRunner(program);
  const bytes = new Uint8Array(readFileSync(program.path));
  const variants = [
    plainVariant(bytes),
    rewrittenVariant(bytes, "fuel", false),
    rewrittenVariant(bytes, "fuel", true),
    rewrittenVariant(bytes, "deadline", false),
  ];
  for (const variant of variants) {
    const until = performance.now() + warmUpMs;
    do runner.run(variant);
    while (performance.now() < until);
  }
  const samples = variants.map((): number[] => []);
  const startedAt = performance.now();
  const isUnderway = (round: number): boolean => round < 5 || performance.now() - startedAt < budgetMs;
  for (let round = 0; round < mostRounds && isUnderway(round); round++) {
    for (const [index, variant] of variants.entries()) samples[index]?.push(runner.run(variant));
  }
  const [plainUs = Number.NaN, fuelUs = Number.NaN, markedUs = Number.NaN, deadlineUs = Number.NaN] =
    samples.map(median);
  const isMarked = variants[2]?.name.includes("marked") === true;
  const marked = isMarked ? markedUs / plainUs : undefined;
  return { plainUs, fuel: fuelUs / plainUs, marked, deadline: deadlineUs / plainUs };
}

const [name, budgetMs] = process.argv.slice(2);
const program = listPrograms(folder.pathname).find((candidate) => candidate.name === name);
if (program === undefined) throw new Error(`no program ${name}`);
process.stdout.write(JSON.stringify(measure(program, Number(budgetMs))));
