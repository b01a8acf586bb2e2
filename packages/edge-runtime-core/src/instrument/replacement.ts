// Which injected function stands in for an operator whose time depends on operands or that needs the store's consent.

import type { Opcode } from "../binary/opcodes.ts";
import type { Reader } from "../binary/reader.ts";
import * as bulk from "./bulk-operations.ts";
import { memoryGrow, tableGrow } from "./growth.ts";
import type { Injection } from "./injection.ts";

/**
 * Reads the immediates of a `replaced` operator and names the function to call instead; undefined where the operator
 * stays: bulk operations without metering.
 */
export function replacement(injection: Injection, opcode: Opcode, reader: Reader): number | undefined {
  const first = reader.u32();
  switch (opcode.name) {
    case "memory.grow":
      return memoryGrow(injection, first);
    case "table.grow":
      return tableGrow(injection, first);
    case "memory.fill":
      return injection.metered ? bulk.memoryFill(injection, first) : undefined;
    case "table.fill":
      return injection.metered ? bulk.tableFill(injection, first) : undefined;
  }
  const second = reader.u32();
  if (!injection.metered) return undefined;
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
