// Rewrites every function body of a module, instruction by instruction, for instruments that add code and move nothing:
// what they add to globals and locals comes behind what is there.

import { readOpcode, Reader, SectionId, skipImmediates, Writer } from "edge-runtime-core/internal";
import type { CoreModuleShape, Opcode } from "edge-runtime-core/internal";
import { replaceSection } from "./sections.ts";

export interface Instruction {
  readonly opcode: Opcode;
  /** The whole instruction, opcode included. */
  readonly bytes: Uint8Array;
  /** Its first immediates, read as unsigned numbers where they are. */
  readonly operands: () => Reader;
}

export interface BodyRewriter {
  /** Locals to add, as groups of count and type code. */
  readonly locals: readonly (readonly [count: number, type: number])[];
  /** Code for the function's beginning; `firstLocal` is the index of the first local that was added. */
  readonly enter: (out: Writer, firstLocal: number) => void;
  /** Writes an instruction and what belongs around it. */
  readonly instruction: (out: Writer, instruction: Instruction) => void;
}

/** Copies the locals of a body with more behind them; the number of those that were there. */
function copyLocals(reader: Reader, out: Writer, added: BodyRewriter["locals"]): number {
  const groups = reader.count(2);
  const start = reader.pos;
  let count = 0;
  for (let group = 0; group < groups; group++) {
    count += reader.u32();
    const type = reader.byte();
    if (type === 0x63 || type === 0x64) reader.skipLeb(5);
  }
  out.u32(groups + added.length);
  out.copy(reader.bytes, start, reader.pos);
  for (const [more, type] of added) {
    out.u32(more);
    out.byte(type);
  }
  return count;
}

function rewriteBody(reader: Reader, params: number, rewriter: BodyRewriter): Writer {
  const out = new Writer(reader.remaining * 2 + 64);
  const locals = copyLocals(reader, out, rewriter.locals);
  rewriter.enter(out, params + locals);
  while (!reader.done) {
    const at = reader.pos;
    const opcode = readOpcode(reader);
    const immediates = reader.pos;
    skipImmediates(reader, opcode.immediate);
    const end = reader.pos;
    const operands = (): Reader => new Reader(reader.bytes, immediates, end);
    rewriter.instruction(out, { opcode, bytes: reader.bytes.subarray(at, end), operands });
  }
  return out;
}

/** The module with its bodies rewritten. */
export function rewriteBodies(shape: CoreModuleShape, rewriter: BodyRewriter): Uint8Array {
  const section = shape.sections.find((item) => item.id === SectionId.code);
  if (section === undefined) return shape.bytes;
  const out = new Writer();
  const reader = new Reader(shape.bytes, section.start, section.end);
  const count = reader.count(2);
  out.u32(count);
  for (let index = 0; index < count; index++) {
    const size = reader.u32();
    const body = new Reader(shape.bytes, reader.pos, reader.pos + size);
    reader.skip(size);
    const type = shape.types[shape.functions[shape.importedFunctions + index] ?? -1];
    out.sized(rewriteBody(body, type?.kind === "func" ? type.params.length : 0, rewriter));
  }
  return replaceSection(shape, SectionId.code, out);
}
