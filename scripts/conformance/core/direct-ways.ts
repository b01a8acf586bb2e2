// Ways in which every instance stands alone: as V8 runs it, and rewritten with a driver of a few lines that only fills
// the counter again. What differs between these is the rewritten code itself.

import type { CounterPlace, Metering } from "edge-runtime-core/internal";
import { rewriteProgram } from "edge-runtime-core/internal";
import type { RewriteOptions } from "../../../packages/edge-runtime-core/test/support/rewritten-instance.ts";
import { instantiateRewritten } from "../../../packages/edge-runtime-core/test/support/rewritten-instance.ts";
import type { Engine, Exports, Way } from "./way.ts";
import { nothingFound } from "./way.ts";

const plainEngine: Engine = {
  compile: (bytes) => void new WebAssembly.Module(bytes),
  instantiate: async (bytes, imports) => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports,
  suspends: false,
  act: (_exports, _at, perform) => perform(),
  finish: async () => nothingFound,
};

export const plain: Way = { name: "plain", open: () => plainEngine };

/** Compiles as the engine does, first V8's validation of the original included. */
export function compileRewritten(bytes: Uint8Array, metering: Metering): void {
  for (const core of rewriteProgram(bytes, metering).cores) void new WebAssembly.Module(core.bytes);
}

/** Instantiates a rewritten module without a store, and runs its start function. */
export function instantiateAlone(bytes: Uint8Array, options: RewriteOptions): Exports {
  const instance = instantiateRewritten(bytes, options);
  const start = instance.injected("start") as unknown as (() => void) | undefined;
  start?.();
  return instance.exports;
}

export function rewritten(name: string, metering: Metering, counter: CounterPlace): Way {
  const engine: Engine = {
    compile: (bytes) => compileRewritten(bytes, metering),
    instantiate: async (bytes, imports) => instantiateAlone(bytes, { metering, counter, imports }),
    suspends: false,
    act: (_exports, _at, perform) => perform(),
    finish: async () => nothingFound,
  };
  return { name, open: () => engine };
}
