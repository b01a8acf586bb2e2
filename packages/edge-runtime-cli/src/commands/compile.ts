// `edge-runtime compile FILE -o OUT`: validates and rewrites once, so that later starts do not.

import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { ExitCode } from "../exit-code.ts";
import { createLocalEngine, loadModule } from "../local-engine.ts";
import type { CompileOptions } from "../program.ts";
import type { Terminal } from "../terminal.ts";
import { UsageError } from "../usage-error.ts";
import { writeWhole } from "../whole-file.ts";

/** Writes the artifact and prints what it is of. Throws UsageError, CompilationFailed. */
export async function compile(file: string, options: CompileOptions, terminal: Terminal): Promise<ExitCode> {
  const startedAt = performance.now();
  await checkOutput(file, options.output);
  const module = await loadModule(createLocalEngine(), file, {
    fuelMetering: options.fuel,
    proposals: options.allow ?? {},
  });
  const artifact = module.toArtifact();
  await writeWhole(options.output, artifact);
  const { kind, metering } = module.describe();
  terminal.out(`wrote ${options.output}\n`);
  terminal.out(`  kind      ${kind}\n`);
  terminal.out(`  metering  ${metering}\n`);
  terminal.out(`  source    sha256:${module.contentHash}\n`);
  terminal.out(`  size      ${artifact.length.toLocaleString("en")} bytes\n`);
  terminal.out(`  time      ${Math.round(performance.now() - startedAt)} ms\n`);
  return 0;
}

/** An artifact cannot be turned back into its source, so the source is never written over, under whatever name. */
async function checkOutput(file: string, output: string): Promise<void> {
  const folder = await stat(dirname(output)).catch(() => undefined);
  if (folder?.isDirectory() !== true) {
    throw new UsageError(`${output}: its folder does not exist; make it first or give another -o`);
  }
  const existing = await stat(output).catch(() => undefined);
  if (existing === undefined) return;
  if (!existing.isFile()) throw new UsageError(`${output}: exists and is no regular file; give a file name with -o`);
  const source = await stat(file).catch(() => undefined);
  if (source?.ino === existing.ino && source.dev === existing.dev) {
    throw new UsageError(`${output}: is the input itself; give another file name with -o`);
  }
}
