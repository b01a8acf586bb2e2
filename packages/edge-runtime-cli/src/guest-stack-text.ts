// How a run that ended badly is told to people besides its error: what was used of the limit that it met, and the
// guest's functions, innermost first.

import type { GuestFrame, RuntimeError } from "edge-runtime-common";
import { FuelExhausted, MemoryLimitExceeded, printGuestFrame } from "edge-runtime-common";
import { toOneLine } from "./error-text.ts";

const KIB = 1024;
const MIB = 1_048_576;

/** V8 keeps ten frames of a trap, unless told otherwise: as many as a run tells, and those of the host between them. */
const FRAMES = 64;

/** From now on traps keep enough frames. */
export function keepLongStacks(): void {
  Error.stackTraceLimit = Math.max(Error.stackTraceLimit, FRAMES);
}

function usedOf(error: RuntimeError): string[] {
  if (error instanceof FuelExhausted && error.maxFuel !== undefined) return [`${error.maxFuel} units of fuel used`];
  if (!(error instanceof MemoryLimitExceeded) || error.usedBytes === undefined) return [];
  const { usedBytes } = error;
  const used = usedBytes < MIB ? `${Math.ceil(usedBytes / KIB)} KiB` : `${(usedBytes / MIB).toFixed(1)} MiB`;
  return [`${used} used`];
}

/** Lines that follow the error's; functions that follow themselves stand once. */
export function formatGuestStack(error: RuntimeError, stack: readonly GuestFrame[]): string {
  const lines = usedOf(error);
  const names = stack.map((frame) => toOneLine(printGuestFrame(frame)));
  for (const [index, name] of names.entries()) {
    if (name === names[index - 1]) continue;
    lines.push(`at ${name}${name === names[index + 1] ? ", repeatedly" : ""}`);
  }
  return lines.map((line) => `  ${line}\n`).join("");
}
