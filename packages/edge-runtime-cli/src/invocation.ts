// Which function a command line means, and its arguments as values.

import { bug } from "edge-runtime-common";
import type { CompiledModule, EntryType, Field } from "edge-runtime-core";
import { parseCoreArguments } from "./core-values.ts";
import { findEntry, isCommandEntry, suggestEntries } from "./entry-name.ts";
import { UsageError } from "./usage-error.ts";
import { parseInvocation, parseWave, parseWaveArguments } from "./wave/index.ts";

/** The part of a module that decides. */
export type EntryTable = Pick<CompiledModule, "kind" | "entryNames" | "entryType">;

export interface InvocationRequest {
  /** For messages. */
  readonly file: string;
  /** Name, or call in WAVE; undefined: the default of the module's kind. */
  readonly invoke: string | undefined;
  readonly args: readonly string[];
}

export interface Invocation {
  readonly entry: string;
  readonly type: EntryType;
  readonly args: readonly unknown[];
  /** It runs as a program does: `programArgs` are what it is given, and its result is its exit code. */
  readonly isCommand: boolean;
  /** Empty for functions that are called. */
  readonly programArgs: readonly string[];
}

const CALLED = { isCommand: false, programArgs: [] } as const;

/** Throws UsageError where nothing is named and there is no default or arguments do not fit, and ExportNotFound. */
export function resolveInvocation(module: EntryTable, request: InvocationRequest): Invocation {
  return module.kind === "core" ? resolveCore(module, request) : resolveComponent(module, request);
}

function resolveCore(module: EntryTable, { file, invoke, args }: InvocationRequest): Invocation {
  const names = module.entryNames();
  if (invoke === undefined && !names.includes("_start")) {
    throw new UsageError(`${file}: exports no _start; ${suggestEntries(names)}`);
  }
  const entry = findEntry(names, invoke ?? "_start");
  const type = module.entryType(entry);
  if (type?.kind !== "core") bug(`${entry} is listed and has no type`);
  return { entry, type, args: parseCoreArguments(entry, type.params, args), ...CALLED };
}

function resolveComponent(module: EntryTable, { file, invoke, args }: InvocationRequest): Invocation {
  const names = module.entryNames();
  const call = invoke?.includes("(") === true ? parseInvocation(invoke) : undefined;
  if (call !== undefined && args.length > 0) {
    throw new UsageError(`${invoke}: has its arguments in parentheses, got ${args.length} more after the file`);
  }
  const command = invoke === undefined && !names.includes("run") ? names.find(isCommandEntry) : undefined;
  if (command !== undefined) {
    return { entry: command, type: typeOf(module, command), args: [], isCommand: true, programArgs: args };
  }
  const name = call?.name ?? invoke ?? names.find((entry) => entry === "run");
  if (name === undefined) throw new UsageError(`${file}: exports no run; ${suggestEntries(names)}`);
  // A version that is compatible with the exported one means it too: the module knows.
  const entry = module.entryType(name) === undefined ? findEntry(names, name) : name;
  const type = typeOf(module, entry);
  const { params } = type.type;
  const values = call === undefined ? parseTexts(entry, params, args) : parseWaveArguments(call.argsText, params);
  return { entry, type, args: values, ...CALLED };
}

function typeOf(module: EntryTable, entry: string): EntryType & { readonly kind: "component" } {
  const type = module.entryType(entry);
  return type?.kind === "component" ? type : bug(`${entry} is listed and has no type`);
}

/** One WAVE value per argument; options at the end may be left out, as they may in parentheses. */
function parseTexts(entry: string, params: readonly Field[], texts: readonly string[]): unknown[] {
  const isOmitted = (index: number): boolean =>
    index >= texts.length && params.slice(index).every((param) => param.type.kind === "option");
  if (texts.length > params.length || params.some((_param, index) => index >= texts.length && !isOmitted(index))) {
    const names = params.length === 0 ? "" : ` (${params.map((param) => param.name).join(", ")})`;
    const expected = `${params.length} argument${params.length === 1 ? "" : "s"}${names}`;
    throw new UsageError(`${entry}: expected ${expected}, got ${texts.length}`);
  }
  return params.map(({ name, type }, index) => {
    const text = texts[index];
    const subject = `argument ${index + 1} (${name})`;
    if (type.kind === "string" && text !== undefined && !text.trimStart().startsWith('"')) {
      throw new UsageError(`${subject}: a string is written in double quotes, as in '${JSON.stringify(text)}'`);
    }
    return text === undefined ? undefined : parseWave(text, type, subject);
  });
}
