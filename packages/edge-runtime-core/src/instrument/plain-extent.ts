// Where the commonest instructions end, by table: the passes over finished bodies spend their time finding out. Their
// bytes were read and bounded before; a LEB128 is not checked again.

import type { Immediate as ImmediateCode } from "../binary/opcodes.ts";
import { Flow, Immediate, oneByteOpcodes } from "../binary/opcodes.ts";

/** Opcodes that are not `Flow.plain`, or whose immediates are of a rare kind. */
const other = 0xff;
const leb = 0xfe;
const memarg = 0xfd;
const longestFixed = 8;

function extentOf(immediate: ImmediateCode): number {
  switch (immediate) {
    case Immediate.none:
      return 0;
    case Immediate.bytes4:
      return 4;
    case Immediate.bytes8:
      return 8;
    case Immediate.memarg:
      return memarg;
    case Immediate.index:
    case Immediate.global:
    case Immediate.leb32:
    case Immediate.leb64:
      return leb;
    default:
      return other;
  }
}

const extents = Uint8Array.from({ length: 256 }, (_, code) => {
  const opcode = oneByteOpcodes[code];
  return opcode?.flow === Flow.plain ? extentOf(opcode.immediate) : other;
});

function lebEnd(bytes: Uint8Array, at: number): number {
  let end = at;
  while ((bytes[end++] ?? 0) >= 0x80);
  return end;
}

/** End of the instruction at `at`, whose opcode is `first`; 0 where it must be decoded. */
export function plainEnd(bytes: Uint8Array, at: number, first: number): number {
  const extent = extents[first] ?? other;
  if (extent <= longestFixed) return at + 1 + extent;
  if (extent === leb) return lebEnd(bytes, at + 1);
  if (extent === other) return 0;
  const hasMemory = ((bytes[at + 1] ?? 0) & 0x40) !== 0;
  const offset = lebEnd(bytes, at + 1);
  return lebEnd(bytes, hasMemory ? lebEnd(bytes, offset) : offset);
}
