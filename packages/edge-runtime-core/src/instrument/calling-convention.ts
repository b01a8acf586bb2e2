// How the counter travels between functions: in a register. A function type whose functions pass the counter has one
// more parameter and one more result, the counter, behind its own:
//
//   original     (p0 .. pn) -> (r0 .. rm)
//   passing      (p0 .. pn, counter) -> (r0 .. rm, counter)
//
// The type is changed where it stands, so that its index, call_indirect, call_ref and casts stay true for all functions
// of the module. What others see of a function keeps its original type, which is appended where it is needed: imports,
// exports, tags, block types. The caller charges the entry of what it calls.
//
// A type keeps its form, and its functions exchange the counter through its global, where its identity depends on more
// than its values (recursion groups, subtyping) or V8 admits no further parameter.

import type { CoreModuleShape } from "../binary/module.ts";
import { functionTypeAt } from "../binary/module.ts";
import type { Opcode } from "../binary/opcodes.ts";
import { Flow, Immediate } from "../binary/opcodes.ts";
import type { Reader } from "../binary/reader.ts";
import type { FunctionType } from "../binary/types.ts";
import { Writer } from "../binary/writer.ts";
import { someInstruction } from "./code-scan.ts";
import type { Injection, ValueCode } from "./injection.ts";

/** V8's limit on parameters and on results. */
const maxValues = 1000;

function admitsCounter({ params, results, encoding }: FunctionType): boolean {
  return encoding?.plain === true && params.length < maxValues && results.length < maxValues;
}

/** Types whose functions pass the counter, by index; all false without metering. */
export function passingTypes(shape: CoreModuleShape, metered: boolean): readonly boolean[] {
  const passing = shape.types.map((type) => metered && type.kind === "func" && admitsCounter(type));
  const mixed = metered && shape.types.some((type, index) => type.kind === "func" && passing[index] === false);
  // A tail call cannot go from one convention to the other without growing the stack.
  const none = mixed && someInstruction(shape, (opcode) => opcode.flow === Flow.tailCall);
  return none ? shape.types.map(() => false) : passing;
}

export function functionTypeOf(shape: CoreModuleShape, original: number): FunctionType | undefined {
  return functionTypeAt(shape.types, shape.functions[original] ?? -1);
}

export function isImported(shape: CoreModuleShape, original: number): boolean {
  return original < shape.importedFunctions;
}

/** Index in the rewritten module of function `original` itself. */
export function calledIndex(injection: Injection, original: number): number {
  return isImported(injection.shape, original) ? original : original + injection.importedFunctions.length;
}

/** Type of the operand above the arguments of a call, whose immediates the reader stands at and stays at: index or reference. */
export function calledBy({ shape }: Injection, { immediate }: Opcode, reader: Reader): ValueCode | undefined {
  if (immediate === Immediate.func) return undefined;
  const start = reader.pos;
  const type = reader.u32();
  const table = immediate === Immediate.indirect ? reader.u32() : undefined;
  reader.pos = start;
  return table === undefined ? nullableReference(type) : tableIndexType(shape, table);
}

export function tableIndexType(shape: CoreModuleShape, table: number): number {
  return shape.tables[table]?.type.limits.is64 === true ? 0x7e : 0x7f;
}

export function nullableReference(type: number): readonly number[] {
  const out = new Writer(8);
  out.byte(0x63);
  // Heap types are signed.
  out.s32(type);
  return [...out.finish()];
}
