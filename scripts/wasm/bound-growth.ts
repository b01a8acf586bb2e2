// A module whose own memories and tables cannot grow far: their maxima are lowered to a little over what they have from
// the start. Plain V8 would grant gigabytes, which no run could compare.

import { readCoreModule, Reader, SectionId, skipConstantExpression, Writer } from "edge-runtime-core/internal";
import type { CoreModuleShape } from "edge-runtime-core/internal";
import { replaceSection } from "./sections.ts";

/** Pages that a memory may grow by, and elements that a table may. */
const pageAllowance = 4n;
const elementAllowance = 64n;

function bounded(reader: Reader, out: Writer, allowance: bigint): void {
  const flags = reader.byte();
  const is64 = (flags & 4) !== 0;
  const bound = (): bigint => (is64 ? reader.u64() : BigInt(reader.u32()));
  const min = bound();
  const max = flags & 1 ? bound() : undefined;
  const most = min + allowance;
  out.byte(flags | 1);
  writeBound(out, min);
  writeBound(out, max === undefined || max > most ? most : max);
}

function writeBound(out: Writer, value: bigint): void {
  let rest = value;
  while (rest >= 0x80n) {
    out.byte(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  out.byte(Number(rest));
}

function boundedMemories(reader: Reader): Writer {
  const out = new Writer();
  const count = reader.count(2);
  out.u32(count);
  for (let index = 0; index < count; index++) bounded(reader, out, pageAllowance);
  return out;
}

function boundedTables(reader: Reader): Writer {
  const out = new Writer();
  const count = reader.count(2);
  out.u32(count);
  for (let index = 0; index < count; index++) {
    const start = reader.pos;
    const withInit = reader.peek() === 0x40;
    if (withInit) reader.skip(2);
    const type = reader.byte();
    if (type === 0x63 || type === 0x64) reader.skipLeb(5);
    out.copy(reader.bytes, start, reader.pos);
    bounded(reader, out, elementAllowance);
    const init = reader.pos;
    if (withInit) skipConstantExpression(reader);
    out.copy(reader.bytes, init, reader.pos);
  }
  return out;
}

function rewriteSection(shape: CoreModuleShape, id: number, rewrite: (reader: Reader) => Writer): Uint8Array {
  const section = shape.sections.find((item) => item.id === id);
  if (section === undefined) return shape.bytes;
  return replaceSection(shape, id, rewrite(new Reader(shape.bytes, section.start, section.end)));
}

/** Bounds the growth of a valid module. */
export function boundGrowth(bytes: Uint8Array): Uint8Array {
  const memories = rewriteSection(readCoreModule(bytes), SectionId.memory, boundedMemories);
  return rewriteSection(readCoreModule(memories), SectionId.table, boundedTables);
}
