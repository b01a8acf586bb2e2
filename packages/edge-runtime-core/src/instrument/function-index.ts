// Where a function of the original went. Calls go to it directly. A reference (table element, export, `ref.func`) to
// a function of the host goes to a wrapper that checks when it returns: the host spends time, not fuel, and a caller
// that knows its callee only as it runs has no check of its own.

import { functionTypeAt } from "../binary/module.ts";
import type { Injection } from "./injection.ts";
import { op } from "./emit.ts";
import { checkCounter, checkFor } from "./slow-check.ts";

/** Index in the rewritten module of function `original`, to call it. */
export function calledIndex(injection: Injection, original: number): number {
  const { importedFunctions } = injection.shape;
  return original < importedFunctions ? original : original + injection.importedFunctions.length;
}

/** Index in the rewritten module of what stands for function `original` wherever it is not called but taken. */
export function takenIndex(injection: Injection, original: number): number {
  const { importedFunctions, functions, types } = injection.shape;
  const type = functions[original];
  if (!injection.metered || original >= importedFunctions || type === undefined) {
    return calledIndex(injection, original);
  }
  return injection.functionFor(`host ${original}`, type, (body) => {
    body.byte(0);
    functionTypeAt(types, type)?.params.forEach((_, param) => {
      body.byte(op.localGet);
      body.u32(param);
    });
    body.byte(op.call);
    body.u32(original);
    checkCounter(injection, body, checkFor.time);
    body.byte(op.end);
  });
}
