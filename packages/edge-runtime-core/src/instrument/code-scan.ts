// Reading code without changing it: for what the rewriter must know of the whole module before it rewrites a body.

import { readOpcode, skipImmediates } from "../binary/instruction.ts";
import type { CoreModuleShape } from "../binary/module.ts";
import { SectionId } from "../binary/module.ts";
import type { Opcode } from "../binary/opcodes.ts";
import { Reader } from "../binary/reader.ts";

export interface BodyRange {
  readonly start: number;
  readonly end: number;
}

/** Where each defined function's body (locals and expression) stands, in order. */
export function bodyRanges(shape: CoreModuleShape): BodyRange[] {
  const section = shape.sections.find(({ id }) => id === SectionId.code);
  if (section === undefined) return [];
  const reader = new Reader(shape.bytes, section.start, section.end);
  return Array.from({ length: reader.count(2) }, () => {
    const size = reader.u32();
    const start = reader.pos;
    reader.skip(size);
    return { start, end: reader.pos };
  });
}

/** Moves the reader behind the local declarations of a body; answers how many locals they are. */
export function skipLocals(reader: Reader): number {
  let total = 0;
  for (let groups = reader.count(2); groups > 0; groups--) {
    total += reader.u32();
    const type = reader.byte();
    if (type === 0x63 || type === 0x64) reader.skipLeb(5);
  }
  return total;
}

/** Whether some instruction of the module is as `matches` says. */
export function someInstruction(shape: CoreModuleShape, matches: (opcode: Opcode) => boolean): boolean {
  return bodyRanges(shape).some(({ start, end }) => {
    const reader = new Reader(shape.bytes, start, end);
    skipLocals(reader);
    while (!reader.done) {
      const opcode = readOpcode(reader);
      if (matches(opcode)) return true;
      skipImmediates(reader, opcode.immediate);
    }
    return false;
  });
}
