// Which injected function stands in for an operator whose time depends on operands or that needs the store's consent.

import type { Opcode } from "../binary/opcodes.ts";
import type { Reader } from "../binary/reader.ts";
import * as bulk from "./bulk-operations.ts";
import { memoryGrow, tableGrow } from "./growth.ts";
import type { Injection } from "./injection.ts";

/**
 * Reads the immediates of a `replaced` operator and names the function to call instead; undefined where the operator
 * stays: bulk operations without metering, or over few bytes or elements.
 *
 * @param charged the count is a small constant, which the caller charges, as Wasmtime does
 */
export function replacement(
  injection: Injection,
  opcode: Opcode,
  reader: Reader,
  charged: boolean,
): number | undefined {
  const bounded = charged || !injection.metered;
  const first = reader.u32();
  switch (opcode.name) {
    case "memory.grow":
      return memoryGrow(injection, first, charged);
    case "table.grow":
      return tableGrow(injection, first, charged);
    case "memory.fill":
      return bounded ? undefined : bulk.memoryFill(injection, first);
    case "table.fill":
      return bounded ? undefined : bulk.tableFill(injection, first);
  }
  const second = reader.u32();
  if (bounded) return undefined;
  switch (opcode.name) {
    case "memory.copy":
      return bulk.memoryCopy(injection, first, second);
    case "memory.init":
      return bulk.memoryInit(injection, first, second);
    case "table.copy":
      return bulk.tableCopy(injection, first, second);
    case "table.init":
      return bulk.tableInit(injection, first, second);
  }
  return undefined;
}
