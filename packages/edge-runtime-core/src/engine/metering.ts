// Which checks a configuration asks for, and whether compiled code has them. Code with more checks serves where fewer
// are wanted; the reverse would let a guest run without limits.

import type { Metering } from "../instrument/plan.ts";
import type { WasmEngine } from "./engine.ts";

const fromLeast: readonly Metering[] = ["none", "deadline", "fuel"];

/** Fuel by default; without it the deadline alone; nothing with epoch interruption off too. */
export function wantedMetering(engine: WasmEngine, fuelMetering = true): Metering {
  if (fuelMetering) return "fuel";
  return engine.config.epochInterruption ? "deadline" : "none";
}

export function covers(compiled: Metering, wanted: Metering): boolean {
  return fromLeast.indexOf(compiled) >= fromLeast.indexOf(wanted);
}
