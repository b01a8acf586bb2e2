// Where a guest was: V8's stack traces, read back as frames of the original module. Rewritten modules have names of
// their own, by which their frames are told from those of the host and of injected functions.
//
//   "    at edge-guest-0.parse (wasm://wasm/edge-guest-0-1f2e3d4c:wasm-function[7]:0x1a2b)"
//           module    name                   module                  index      offset, of the rewritten one

import type { GuestFrame } from "edge-runtime-common";
import { Reader } from "../binary/reader.ts";
import { offsetsSection } from "../instrument/custom-sections.ts";
import type { CompiledCore } from "./core-instance.ts";

/** Most frames that are told, the innermost first. */
const maxFrames = 32;
/** Most characters of a name. */
const maxNameLength = 256;

const moduleName = "edge-guest-";

/** Name of core module `index` in V8's stack traces. */
export function guestModuleName(index: number): string {
  return moduleName + index;
}

/** V8 keeps the frames where an Error is made, and writes them as text when it is asked for its `stack`. */
export interface StackTrace {
  readonly stack?: string | undefined;
}

/** The present stack, at most `frames` of it: 1.5 us for 16. */
export function captureStack(frames: number): StackTrace {
  const limits = Error as unknown as { stackTraceLimit: unknown };
  const before = limits.stackTraceLimit;
  limits.stackTraceLimit = frames;
  try {
    return new Error("stack");
  } finally {
    limits.stackTraceLimit = before;
  }
}

const line = /^\s+at (?:(.*) \()?wasm:\/\/wasm\/edge-guest-(\d+)-[0-9a-f]+:wasm-function\[(\d+)\]:0x[0-9a-f]+\)?$/;

/** `edge-guest-0.name`, or without a name the module's alone. */
function functionName(printed: string | undefined, module: string): string | undefined {
  const prefix = `${moduleName}${module}.`;
  if (printed?.startsWith(prefix) !== true) return undefined;
  return printed.slice(prefix.length, prefix.length + maxNameLength).replaceAll(/\p{Cc}/gu, "?");
}

/** Where the body of each function with code begins in the original; empty where all have names. */
function functionOffsets({ module, plan }: CompiledCore): number[] {
  const [content] = WebAssembly.Module.customSections(module, plan.prefix + offsetsSection);
  if (content === undefined) return [];
  const reader = new Reader(new Uint8Array(content));
  const offsets: number[] = [];
  for (let offset = 0; !reader.done; offsets.push(offset)) offset += reader.u32();
  return offsets;
}

export class GuestStackReader {
  readonly #cores: readonly CompiledCore[];
  /** By module, once one of its functions without a name was on a stack. */
  readonly #offsets = new Map<number, readonly number[]>();

  constructor(cores: readonly CompiledCore[]) {
    this.#cores = cores;
  }

  /** Frames of guests in a trace, at most `most`, innermost first. */
  read(trace: StackTrace | undefined, most = maxFrames): readonly GuestFrame[] {
    const text = trace?.stack;
    if (typeof text !== "string") return [];
    const frames: GuestFrame[] = [];
    for (const row of text.split("\n")) {
      const frame = this.#frame(row);
      if (frame !== undefined) frames.push(frame);
      if (frames.length === most) break;
    }
    return frames;
  }

  #frame(row: string): GuestFrame | undefined {
    const [, printed, module = "", index = ""] = line.exec(row) ?? [];
    const core = this.#cores[Number(module)];
    if (module === "" || core === undefined) return undefined;
    const { importedFunctions, injectedImports, functions } = core.plan.indices;
    const original = Number(index) - injectedImports;
    // Injected functions follow all others.
    if (original < importedFunctions || original >= functions) return undefined;
    const name = functionName(printed, module);
    const offset = name === undefined ? this.#offset(Number(module), core, original - importedFunctions) : undefined;
    return { module: Number(module), function: original, name, offset };
  }

  #offset(module: number, core: CompiledCore, defined: number): number | undefined {
    const offsets = this.#offsets.get(module) ?? functionOffsets(core);
    this.#offsets.set(module, offsets);
    return offsets[defined];
  }
}
