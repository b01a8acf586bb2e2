// One program through all stages: parsed, validated, rewritten and compiled; linked with what the host offers; run, and
// compared with itself in plain V8, where it can be called without arguments.

import { readFileSync } from "node:fs";
import { RuntimeError } from "edge-runtime-common";
import type { CompiledModule } from "edge-runtime-core";
import type { ProgramFile } from "./program-file.ts";
import type { Ending, Laboratory } from "./run-program.ts";

export type Outcome =
  /** It did all that can be asked of it. `entries`: how many of its exports were called. */
  | { readonly kind: "ran"; readonly entries: number }
  /** A limit ended one of its exports, as it must end what has no end: that one was not run in plain V8. */
  | { readonly kind: "stopped"; readonly entry: string }
  /** It links, and has nothing that could be called alone. */
  | { readonly kind: "linked" }
  /** It compiles; it was made for the functions of another host. */
  | { readonly kind: "foreign"; readonly missing: string }
  /** It was to be refused, and was, saying why. */
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

const COMMAND = /^(?:_start|wasi:cli\/run@0\.2\.\d+#run)$/;
const MOST_ENTRIES = 40;

/** Exports to call: the command, or each that takes no arguments. */
function entriesOf(module: CompiledModule): string[] {
  const names = module.entryNames();
  const command = names.find((name) => COMMAND.test(name));
  if (command !== undefined) return [command];
  const isCallable = (name: string): boolean => {
    const type = module.entryType(name);
    if (type === undefined) return false;
    return (type.kind === "core" ? type.params : type.type.params).length === 0;
  };
  return names.filter(isCallable).slice(0, MOST_ENTRIES);
}

function difference(metered: Ending, plain: Ending): string | undefined {
  const part = (["how", "stdout", "stderr"] as const).find((name) => metered[name] !== plain[name]);
  if (part === undefined) return undefined;
  const show = (text: string): string => JSON.stringify(text.slice(0, 120));
  return `${part} is ${show(metered[part])} metered and ${show(plain[part])} plain`;
}

async function runEntries(program: ProgramFile, bytes: Uint8Array, laboratory: Laboratory): Promise<Outcome> {
  const metered = await laboratory.compile(bytes, "metered");
  const entries = entriesOf(metered);
  if (entries.length === 0) return { kind: "linked" };
  const plain = await laboratory.compile(bytes, "plain");
  let stopped: string | undefined;
  for (const entry of entries) {
    // One at a time: each shall have the machine for itself.
    // oxlint-disable-next-line no-await-in-loop
    const mine = await laboratory.run(program, metered, "metered", entry);
    const wrong = judge(program, mine);
    if (wrong !== undefined) return { kind: "failed", reason: `${entry}: ${wrong}` };
    // In plain V8 a program that a limit ends would not end.
    if (mine.isLimit) stopped = entry;
    if (mine.isLimit) continue;
    // oxlint-disable-next-line no-await-in-loop
    const other = difference(mine, await laboratory.run(program, plain, "plain", entry));
    if (other !== undefined) return { kind: "failed", reason: `${entry}: ${other}` };
  }
  return stopped === undefined ? { kind: "ran", entries: entries.length } : { kind: "stopped", entry: stopped };
}

function judge({ stdout }: ProgramFile, ending: Ending): string | undefined {
  if (stdout === undefined) return undefined;
  if (ending.isLimit || ending.stdout.trim() !== stdout) {
    return `${ending.how}, it printed ${JSON.stringify(ending.stdout.slice(0, 120))}`;
  }
  return undefined;
}

/** What it imports that is not WASI's, and so was never ours to offer; undefined where there is none. */
function foreignImport(module: CompiledModule, laboratory: Laboratory): string | undefined {
  const offered = laboratory.world();
  return module.describe().imports.find(({ name }) => !/^wasi[:_]/.test(name) && !offered.has(name))?.name;
}

async function examineModule(program: ProgramFile, bytes: Uint8Array, laboratory: Laboratory): Promise<Outcome> {
  const module = await laboratory.compile(bytes, "metered");
  const missing = program.mustBeRefused ? undefined : foreignImport(module, laboratory);
  if (missing !== undefined) return { kind: "foreign", missing };
  module.link(laboratory.world());
  if (program.mustBeRefused) return { kind: "failed", reason: "it was not refused" };
  return runEntries(program, bytes, laboratory);
}

/** Never rejects but for a fault of the runtime. */
export async function examine(program: ProgramFile, laboratory: Laboratory): Promise<Outcome> {
  const bytes = new Uint8Array(readFileSync(program.file));
  try {
    return await examineModule(program, bytes, laboratory);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const { message: reason } = error;
    return program.mustBeRefused ? { kind: "refused", reason } : { kind: "failed", reason };
  }
}
