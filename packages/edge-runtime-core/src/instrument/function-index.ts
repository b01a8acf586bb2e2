// Where a function of the original went: one index to call it, one where it is taken (table elements, `ref.func`), one
// where it is exported. They differ where an adaptor stands between conventions, see ./adaptors.ts.

import * as adaptors from "./adaptors.ts";
import { calledIndex, isImported } from "./calling-convention.ts";
import type { Injection } from "./injection.ts";

/** Index of what stands for function `original` wherever it is not called but taken. */
export function takenIndex(injection: Injection, original: number): number {
  if (!injection.metered) return calledIndex(injection, original);
  if (isImported(injection.shape, original)) return adaptors.takenImport(injection, original);
  const cost = injection.statics.of(original);
  if (cost === undefined) return calledIndex(injection, original);
  return adaptors.takenStatic(injection, original, cost);
}

/** Index of what others see of function `original`. */
export function exportedIndex(injection: Injection, original: number): number {
  if (!injection.metered) return calledIndex(injection, original);
  if (isImported(injection.shape, original)) return adaptors.exportedImport(injection, original);
  return adaptors.exportedFunction(injection, original);
}
