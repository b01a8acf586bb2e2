// `edge-runtime inspect FILE`: what a module, component or artifact is and needs, without running any of it.

import type { ItemDescription, MemoryDescription, ModuleDescription, Platform } from "edge-runtime-core";
import { CompiledModule, isArtifact } from "edge-runtime-core";
import { createHostImports, printComponentWit } from "edge-runtime-host";
import { toVisible } from "../error-text.ts";
import type { ExitCode } from "../exit-code.ts";
import { readInputFile } from "../input-file.ts";
import { createLocalEngine } from "../local-engine.ts";
import type { InspectOptions } from "../program.ts";
import type { Terminal } from "../terminal.ts";

const PAGE_KIB = 64;

/** Prints the description as text or JSON. Throws UsageError, CompilationFailed, ArtifactRefused. */
export async function inspect(file: string, options: InspectOptions, terminal: Terminal): Promise<ExitCode> {
  const bytes = await readInputFile(file);
  const engine = createLocalEngine();
  // Without metering: the quickest way to compile, and artifacts of either form are accepted. Nothing runs, so every
  // proposal may be looked at.
  const compileOptions = { fuelMetering: false, proposals: { gc: true, threads: true } };
  const module = await CompiledModule.fromAny(engine, bytes, compileOptions);
  const description = module.describe(createHostImports({ platform: engine.platform }));
  const inspection: Inspection = {
    file,
    ...description,
    metering: isArtifact(bytes) ? description.metering : null,
    wit: description.kind === "component" ? await readWit(bytes, engine.platform) : null,
  };
  const text = options.json === true ? JSON.stringify(inspection, undefined, 2) : formatInspection(inspection);
  terminal.out(`${toVisible(text)}\n`);
  return 0;
}

interface Inspection extends Omit<ModuleDescription, "metering"> {
  readonly file: string;
  /** How an artifact was compiled; null for what is not compiled yet. */
  readonly metering: string | null;
  /** Null where there is none: core modules, artifacts, and components that the printer does not know. */
  readonly wit: string | null;
}

async function readWit(bytes: Uint8Array, platform: Platform): Promise<string | null> {
  if (isArtifact(bytes)) return null;
  try {
    const isBinary = bytes[0] === 0;
    return await printComponentWit(isBinary ? bytes : await platform.parseWat(new TextDecoder().decode(bytes)));
  } catch {
    return null;
  }
}

function formatInspection(inspection: Inspection): string {
  const { kind, hash, sizeBytes, coreModules, metering, features, wit } = inspection;
  const modules = kind === "core" ? kind : `${kind} of ${coreModules} core module${coreModules === 1 ? "" : "s"}`;
  return [
    inspection.file,
    `  kind        ${modules}${metering === null ? "" : `, compiled with metering "${metering}"`}`,
    `  hash        sha256:${hash}`,
    `  size        ${sizeBytes.toLocaleString("en")} bytes`,
    `  features    ${features.length === 0 ? "none beyond the first version" : features.join(", ")}`,
    `  memory      ${inspection.memories.map(formatMemory).join("; ") || "none"}`,
    `  restorable  ${formatRestorable(inspection)}`,
    ...formatItems("imports", inspection.imports, wit === null),
    ...formatItems("exports", inspection.exports, wit === null),
    ...(wit === null ? [] : ["  WIT", ...wit.trim().split("\n").map(indent)]),
  ].join("\n");
}

function formatRestorable({ restorable, restoreDecidedBy, restoreReason }: Inspection): string {
  if (restoreDecidedBy === "observation") return restoreReason;
  return `${restorable ? "yes" : "no"}: ${restoreReason}`;
}

/** Types are left out where the WIT that follows has them. */
function formatItems(title: string, items: readonly ItemDescription[], withTypes: boolean): string[] {
  if (items.length === 0) return [`  ${title}     none`];
  return [
    `  ${title}`,
    ...items.flatMap(({ name, kind, type = kind }) => `${name}: ${withTypes ? type : kind}`.split("\n").map(indent)),
  ];
}

function formatMemory({ minPages, maxPages, is64, shared }: MemoryDescription): string {
  const most = maxPages === undefined ? "no maximum" : `at most ${maxPages}`;
  const traits = `${is64 ? ", 64-bit" : ""}${shared ? ", shared" : ""}`;
  return `${minPages} page${minPages === 1 ? "" : "s"} (${minPages * PAGE_KIB} KiB), ${most}${traits}`;
}

function indent(line: string): string {
  return line === "" ? "" : `    ${line}`;
}
