// Which opcodes ran: a copy of the module sets a global of its own ahead of each opcode that nobody has seen run yet;
// `catch` clauses set theirs when they are entered.

import { readCoreModule } from "edge-runtime-core/internal";
import type { Writer } from "edge-runtime-core/internal";
import { addGlobals } from "../wasm/added-globals.ts";
import { rewriteBodies } from "../wasm/code-section.ts";

export interface CoverageModule {
  readonly bytes: Uint8Array;
  /** Names of the exported globals that are 1 once the opcode ran, with the opcode's name. */
  readonly flags: readonly { readonly name: string; readonly opcode: string }[];
}

const clauses = new Set(["catch", "catch_all"]);
const zero = [0x7f, 1, 0x41, 0, 0x0b];

/** A module that tells which of the wanted opcodes ran; undefined where it has none of them. */
export function coverageModule(bytes: Uint8Array, wanted: (opcode: string) => boolean): CoverageModule | undefined {
  const shape = readCoreModule(bytes);
  const first = shape.globals.length;
  const opcodes: string[] = [];
  const mark = (out: Writer, opcode: string): void => {
    let index = opcodes.indexOf(opcode);
    if (index < 0) index = opcodes.push(opcode) - 1;
    out.append([0x41, 1, 0x24]);
    out.u32(first + index);
  };
  const marked = rewriteBodies(shape, {
    locals: [],
    enter: () => {},
    instruction: (out, { opcode: { name }, bytes: instruction }) => {
      if (wanted(name) && !clauses.has(name)) mark(out, name);
      out.append(instruction);
      if (wanted(name) && clauses.has(name)) mark(out, name);
    },
  });
  if (opcodes.length === 0) return undefined;
  const flags = opcodes.map((opcode, index) => ({ name: `ran:${index}`, opcode }));
  return {
    bytes: addGlobals(
      marked,
      zero,
      flags.map(({ name }) => name),
    ),
    flags,
  };
}
