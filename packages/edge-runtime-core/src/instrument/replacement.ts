// Which injected function stands in for an operator whose time depends on operands or that needs the store's consent.

import type { Opcode } from "../binary/opcodes.ts";
import { Immediate } from "../binary/opcodes.ts";
import type { Reader } from "../binary/reader.ts";
import * as array from "./array-operations.ts";
import { atomicReplacement } from "./atomic-wait.ts";
import * as bulk from "./bulk-operations.ts";
import { memoryGrow, tableGrow } from "./growth.ts";
import type { Injection } from "./injection.ts";

/**
 * Reads the immediates of a `replaced` operator and names the function to call instead; undefined where the operator
 * stays: bulk operations without metering, or over few bytes or elements, waiting on a memory that is not shared.
 *
 * @param charged the count is a small constant, which the caller charges, as Wasmtime does
 */
export function replacement(
  injection: Injection,
  opcode: Opcode,
  reader: Reader,
  charged: boolean,
): number | undefined {
  if (opcode.immediate === Immediate.memarg) return atomicReplacement(injection, opcode, reader);
  const bounded = charged || !injection.metered;
  const first = reader.u32();
  switch (opcode.name) {
    case "array.new":
      return array.arrayNew(injection, first, charged);
    case "array.new_default":
      return array.arrayNewDefault(injection, first, charged);
    case "array.fill":
      return bounded ? undefined : array.arrayFill(injection, first);
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
  if (opcode.name === "array.new_data") return array.arrayNewData(injection, [first, second], charged);
  if (opcode.name === "array.new_elem") return array.arrayNewElem(injection, [first, second], charged);
  return bounded ? undefined : movement(injection, opcode.name, first, second);
}

/** The same for operators of two immediates that move elements or bytes. */
function movement(injection: Injection, name: string, first: number, second: number): number | undefined {
  switch (name) {
    case "array.copy":
      return array.arrayCopy(injection, first, second);
    case "array.init_data":
      return array.arrayInitData(injection, first, second);
    case "array.init_elem":
      return array.arrayInitElem(injection, first, second);
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
