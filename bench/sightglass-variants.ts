// A sightglass program as V8 gets it: the original, or what the pool serves with a meter that never ends it.

import type { Metering } from "edge-runtime-core/internal";
import { rewriteProgram } from "edge-runtime-core/internal";
import type { Exports, Variant } from "./sightglass-program.ts";

const sliceFuel = 20_000;

export function plainVariant(bytes: Uint8Array<ArrayBuffer>): Variant {
  return { name: "plain", module: new WebAssembly.Module(bytes), injected: () => ({}) };
}

/**
 * The rewritten program with a meter that never ends it. With `marksPages` stores mark pages where the pool would have
 * it so, by the size of the memory.
 */
export function rewrittenVariant(bytes: Uint8Array, metering: Metering, marksPages: boolean): Variant {
  const { cores } = rewriteProgram(bytes, metering, marksPages);
  const [core] = cores;
  if (core === undefined) throw new Error("no core module");
  const { prefix } = core.plan;
  const injected = (exports: () => Exports): WebAssembly.Imports => {
    const refill = (name: string, value: number): void => {
      (exports()[prefix + name] as WebAssembly.Global).value = value;
    };
    const check = (): number => {
      refill("counter", sliceFuel);
      return 0;
    };
    return { [prefix]: { check, yield: () => {}, grow: () => 1, allocate: () => refill("heap", 1 << 20) } };
  };
  const name = core.plan.marksPages ? `${metering}, marked` : metering;
  return { name, module: new WebAssembly.Module(core.bytes as Uint8Array<ArrayBuffer>), injected };
}
