// Decoding of single instructions: the opcode and the extent of its immediates. Nothing is allocated per instruction.
// Spec: core, Binary Format, Instructions.

import type { Opcode } from "./opcodes.ts";
import { Immediate, oneByteOpcodes, prefixedOpcodes } from "./opcodes.ts";
import type { Reader } from "./reader.ts";

/** Reads an opcode with its prefix; the reader stands at the immediates afterwards. */
export function readOpcode(reader: Reader): Opcode {
  const at = reader.pos;
  const first = reader.byte();
  if (first < 0xfb || first > 0xfe) {
    return oneByteOpcodes[first] ?? reader.fail(`unknown opcode 0x${first.toString(16)}`, at);
  }
  const code = reader.u32();
  const opcode = prefixedOpcodes.get(first)?.[code];
  return opcode ?? reader.fail(`unknown opcode 0x${first.toString(16)} 0x${code.toString(16)}`, at);
}

function skipMemarg(reader: Reader): void {
  const alignment = reader.u32();
  if (alignment & 0x40) reader.skipLeb(5);
  reader.skipLeb(10);
}

export function skipBlockType(reader: Reader): void {
  const byte = reader.peek();
  if (byte === 0x63 || byte === 0x64) {
    reader.byte();
    reader.skipLeb(5);
    return;
  }
  reader.skipLeb(5);
}

function skipValueType(reader: Reader): void {
  const byte = reader.byte();
  if (byte === 0x63 || byte === 0x64) reader.skipLeb(5);
}

function skipCatches(reader: Reader): void {
  const count = reader.count(2);
  for (let index = 0; index < count; index++) {
    const kind = reader.byte();
    if (kind < 2) reader.skipLeb(5);
    reader.skipLeb(5);
  }
}

function skipMany(reader: Reader, count: number): void {
  for (let index = 0; index < count; index++) reader.skipLeb(5);
}

/** Moves the reader behind the immediates of an instruction whose opcode was just read. */
export function skipImmediates(reader: Reader, immediate: Immediate): void {
  switch (immediate) {
    case Immediate.none:
      return;
    case Immediate.label:
    case Immediate.func:
    case Immediate.funcRef:
    case Immediate.index:
    case Immediate.global:
    case Immediate.local:
    case Immediate.leb32:
    case Immediate.heapType:
      return reader.skipLeb(5);
    case Immediate.indirect:
    case Immediate.index2:
      return skipMany(reader, 2);
    case Immediate.blockType:
      return skipBlockType(reader);
    case Immediate.labels:
      return skipMany(reader, reader.count() + 1);
    case Immediate.memarg:
      return skipMemarg(reader);
    case Immediate.memargLane:
      skipMemarg(reader);
      return reader.skip(1);
    case Immediate.leb64:
      return reader.skipLeb(10);
    case Immediate.bytes4:
      return reader.skip(4);
    case Immediate.bytes8:
      return reader.skip(8);
    case Immediate.bytes16:
      return reader.skip(16);
    case Immediate.byte:
      return reader.skip(1);
    case Immediate.valueTypes: {
      const count = reader.count();
      for (let index = 0; index < count; index++) skipValueType(reader);
      return;
    }
    case Immediate.tryTable:
      skipBlockType(reader);
      return skipCatches(reader);
    case Immediate.branchOnCast:
      reader.skip(1);
      return skipMany(reader, 3);
  }
}

/** Moves the reader behind a constant expression, its `end` included. */
export function skipConstantExpression(reader: Reader): void {
  for (;;) {
    const opcode = readOpcode(reader);
    if (opcode.name === "end") return;
    skipImmediates(reader, opcode.immediate);
  }
}
