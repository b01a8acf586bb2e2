// Copies of the sections that hold function or global indices outside code: globals, tables with initial values,
// exports, element and data segments. Only indices change; with nothing to change a section stays byte for byte.
// Spec: core, Binary Format, Modules.

import { readOpcode, skipImmediates } from "../binary/instruction.ts";
import { Immediate } from "../binary/opcodes.ts";
import type { Reader } from "../binary/reader.ts";
import { globalType, limits, tableType, valueType } from "../binary/types.ts";
import { Writer } from "../binary/writer.ts";
import { exportedIndex, takenIndex } from "./function-index.ts";
import type { Injection } from "./injection.ts";

type Entry = Writer | readonly number[];

/** Copies a constant expression with its `end`. */
function copyConstant(injection: Injection, reader: Reader, out: Writer): void {
  for (;;) {
    const at = reader.pos;
    const opcode = readOpcode(reader);
    const immediates = reader.pos;
    if (injection.heap && opcode.name !== "end") injection.constantHeap.operator(opcode, reader);
    if (opcode.immediate === Immediate.funcRef || opcode.immediate === Immediate.global) {
      out.copy(reader.bytes, at, immediates);
      const index = reader.u32();
      out.u32(opcode.immediate === Immediate.global ? injection.globalIndex(index) : takenIndex(injection, index));
      continue;
    }
    skipImmediates(reader, opcode.immediate);
    out.copy(reader.bytes, at, reader.pos);
    if (opcode.name === "end") return;
  }
}

/** Copies a vector item by item and appends entries; undefined where both are empty. */
function copyVector(
  reader: Reader | undefined,
  entries: readonly Entry[],
  copyItem: (reader: Reader, out: Writer) => void,
): Writer | undefined {
  if (reader === undefined && entries.length === 0) return undefined;
  const out = new Writer(256);
  const count = reader?.count() ?? 0;
  out.u32(count + entries.length);
  if (reader !== undefined) for (let index = 0; index < count; index++) copyItem(reader, out);
  for (const entry of entries) {
    if (entry instanceof Writer) out.appendWriter(entry);
    else out.append(entry);
  }
  return out;
}

/** Copies what `read` moves over. */
function copyRead(reader: Reader, out: Writer, read: () => void): void {
  const at = reader.pos;
  read();
  out.copy(reader.bytes, at, reader.pos);
}

/** A type index that means the values of the original. */
function copyTypeIndex(injection: Injection, reader: Reader, out: Writer): void {
  out.u32(injection.original(reader.u32()));
}

export function copyImports(injection: Injection, reader: Reader | undefined, entries: readonly Entry[]) {
  return copyVector(reader, entries, (from, out) => {
    copyRead(from, out, () => {
      from.skip(from.u32());
      from.skip(from.u32());
    });
    const kind = from.byte();
    out.byte(kind);
    switch (kind) {
      case 0:
        return copyTypeIndex(injection, from, out);
      case 1:
        return copyRead(from, out, () => tableType(from, injection.shape.features));
      case 2:
        return copyRead(from, out, () => limits(from));
      case 3:
        return copyRead(from, out, () => globalType(from, injection.shape.features));
      default:
        out.byte(from.byte());
        return copyTypeIndex(injection, from, out);
    }
  });
}

export function copyTags(injection: Injection, reader: Reader | undefined) {
  return copyVector(reader, [], (from, out) => {
    out.byte(from.byte());
    copyTypeIndex(injection, from, out);
  });
}

/** Types of the defined functions; those of static cost keep the original's. */
export function copyFunctions(injection: Injection, reader: Reader | undefined, entries: readonly Entry[]) {
  let function_ = injection.shape.importedFunctions;
  return copyVector(reader, entries, (from, out) => {
    out.u32(injection.definedType(function_++, from.u32()));
  });
}

export function copyGlobals(injection: Injection, reader: Reader | undefined, entries: readonly Entry[]) {
  let index = injection.shape.globals.filter((global) => global.imported).length;
  return copyVector(reader, entries, (from, out) => {
    copyRead(from, out, () => {
      valueType(from, injection.shape.features);
      from.byte();
    });
    copyConstant(injection, from, out);
    injection.constantHeap.endGlobal(index++);
  });
}

export function copyTables(injection: Injection, reader: Reader | undefined, entries: readonly Entry[]) {
  return copyVector(reader, entries, (from, out) => {
    const initialised = from.peek() === 0x40;
    copyRead(from, out, () => {
      if (initialised) from.skip(2);
      valueType(from, injection.shape.features);
      limits(from);
    });
    if (initialised) copyConstant(injection, from, out);
  });
}

export function copyExports(injection: Injection, reader: Reader | undefined, entries: readonly Entry[]) {
  return copyVector(reader, entries, (from, out) => {
    copyRead(from, out, () => from.skip(from.u32()));
    const kind = from.byte();
    const index = from.u32();
    out.byte(kind);
    if (kind === 0) out.u32(exportedIndex(injection, index));
    else out.u32(kind === 3 ? injection.globalIndex(index) : index);
  });
}

function copyFunctionIndices(injection: Injection, reader: Reader, out: Writer): void {
  const count = reader.count();
  out.u32(count);
  for (let index = 0; index < count; index++) out.u32(takenIndex(injection, reader.u32()));
}

function copyExpressions(injection: Injection, reader: Reader, out: Writer): void {
  const count = reader.count();
  out.u32(count);
  for (let index = 0; index < count; index++) copyConstant(injection, reader, out);
}

/**
 * One element segment. Bits of its flags: 0 passive or declarative, 1 explicit table (or declarative), 2 expressions
 * instead of function indices.
 */
function copyElement(injection: Injection, reader: Reader, out: Writer): void {
  const flags = reader.u32();
  out.u32(flags);
  const active = (flags & 1) === 0;
  if (active && (flags & 2) !== 0) out.u32(reader.u32());
  if (active) copyConstant(injection, reader, out);
  const expressions = (flags & 4) !== 0;
  if ((flags & 3) !== 0) {
    copyRead(reader, out, () => {
      if (expressions) valueType(reader, injection.shape.features);
      else reader.byte();
    });
  }
  if (expressions) copyExpressions(injection, reader, out);
  else copyFunctionIndices(injection, reader, out);
}

/** A declarative segment of the functions that code refers to; none where it refers to none. */
function declaration({ declared }: Injection): Writer[] {
  if (declared.size === 0) return [];
  const out = new Writer(64);
  out.bytes2(3, 0);
  out.u32(declared.size);
  for (const index of declared) out.u32(index);
  return [out];
}

export function copyElements(injection: Injection, reader: Reader | undefined): Writer | undefined {
  return copyVector(reader, declaration(injection), (from, out) => copyElement(injection, from, out));
}

export function dataSegments(injection: Injection, reader: Reader | undefined): Writer | undefined {
  return copyVector(reader, [], (from, out) => {
    const flags = from.u32();
    out.u32(flags);
    if (flags === 2) out.u32(from.u32());
    if (flags !== 1) copyConstant(injection, from, out);
    copyRead(from, out, () => from.skip(from.u32()));
  });
}
