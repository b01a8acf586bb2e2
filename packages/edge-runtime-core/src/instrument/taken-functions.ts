// Functions that element segments hold: most calls of them come through a table.
// Spec: core, Binary Format, Element Section.

import { readOpcode, skipConstantExpression, skipImmediates } from "../binary/instruction.ts";
import type { CoreModuleShape } from "../binary/module.ts";
import { SectionId } from "../binary/module.ts";
import { Immediate } from "../binary/opcodes.ts";
import { Reader } from "../binary/reader.ts";
import { valueType } from "../binary/types.ts";

function readExpression(reader: Reader, taken: Set<number>): void {
  for (;;) {
    const opcode = readOpcode(reader);
    if (opcode.immediate === Immediate.funcRef) taken.add(reader.u32());
    else skipImmediates(reader, opcode.immediate);
    if (opcode.name === "end") return;
  }
}

/** Bits of a segment's flags: 0 passive or declarative, 1 explicit table (or declarative), 2 expressions. */
function readSegment(reader: Reader, taken: Set<number>): void {
  const flags = reader.u32();
  const active = (flags & 1) === 0;
  if (active && (flags & 2) !== 0) reader.u32();
  if (active) skipConstantExpression(reader);
  const expressions = (flags & 4) !== 0;
  if ((flags & 3) !== 0) {
    if (expressions) valueType(reader, new Set());
    else reader.byte();
  }
  for (let count = reader.count(); count > 0; count--) {
    if (expressions) readExpression(reader, taken);
    else taken.add(reader.u32());
  }
}

export function takenFunctions(shape: CoreModuleShape): ReadonlySet<number> {
  const taken = new Set<number>();
  const section = shape.sections.find(({ id }) => id === SectionId.element);
  if (section === undefined) return taken;
  const reader = new Reader(shape.bytes, section.start, section.end);
  for (let count = reader.count(2); count > 0; count--) readSegment(reader, taken);
  return taken;
}
