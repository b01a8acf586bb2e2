// Fuel by definition, and nothing shared with the rewriter but the table of costs: a copy of the module adds each
// operator's cost to a global right before the operator, bulk operations their length, growth what it grew by. Plain V8
// runs it; a call that returns must have consumed as much when it was metered.

import { readCoreModule } from "edge-runtime-core/internal";
import type { CoreModuleShape, Reader, Writer } from "edge-runtime-core/internal";
import { addGlobals } from "../wasm/added-globals.ts";
import type { Instruction } from "../wasm/code-section.ts";
import { rewriteBodies } from "../wasm/code-section.ts";

export const countName = "fuel counted";
const zero = [0x7e, 1, 0x42, 0, 0x0b];

/** Operators whose last operand is a length that is charged. */
const lengths =
  /^((memory|table)\.(fill|copy|init)|array\.(new|new_default|new_data|new_elem|fill|copy|init_data|init_elem))$/;
const growths = /^(memory|table)\.grow$/;
/** Growth by a constant up to this, written right before, is charged even where it is refused. */
const smallCount = 128n;

interface Locals {
  readonly delta: number;
  readonly answer: number;
}

class CountingWriter {
  /** Value of the constant that was written last, where nothing came behind it. */
  #constant: bigint | undefined;
  readonly #shape: CoreModuleShape;
  readonly #global: number;
  #firstLocal = 0;

  constructor(shape: CoreModuleShape) {
    this.#shape = shape;
    this.#global = shape.globals.length;
  }

  enter(out: Writer, firstLocal: number): void {
    this.#firstLocal = firstLocal;
    this.#add(out, () => out.append([0x42, 1]));
  }

  /** Adds an i64 that `amount` leaves on the stack. */
  #add(out: Writer, amount: () => void): void {
    out.byte(0x23);
    out.u32(this.#global);
    amount();
    out.bytes2(0x7c, 0x24);
    out.u32(this.#global);
  }

  #locals(is64: boolean): Locals {
    const first = this.#firstLocal + (is64 ? 2 : 0);
    return { delta: first, answer: first + 1 };
  }

  instruction(out: Writer, instruction: Instruction): void {
    const { opcode, bytes } = instruction;
    if (opcode.cost > 0) this.#add(out, () => out.append([0x42, opcode.cost]));
    if (lengths.test(opcode.name)) {
      const is64 = this.#lengthIs64(instruction);
      this.#tee(out, this.#locals(is64).delta);
      this.#addLocal(out, this.#locals(is64).delta, is64);
    }
    if (growths.test(opcode.name)) this.#grow(out, instruction);
    else out.append(bytes);
    this.#constant = /^i(32|64)\.const$/.test(opcode.name) ? signedLeb(instruction.operands()) : undefined;
  }

  #tee(out: Writer, local: number): void {
    out.byte(0x22);
    out.u32(local);
  }

  #addLocal(out: Writer, local: number, is64: boolean): void {
    this.#add(out, () => {
      out.byte(0x20);
      out.u32(local);
      if (!is64) out.byte(0xad);
    });
  }

  #grow(out: Writer, instruction: Instruction): void {
    const is64 = this.#is64(instruction, instruction.operands().u32());
    const { delta, answer } = this.#locals(is64);
    this.#tee(out, delta);
    out.append(instruction.bytes);
    const constant = this.#constant ?? -1n;
    if (constant >= 0n && constant <= smallCount) return this.#addLocal(out, delta, is64);
    this.#tee(out, answer);
    out.byte(0x20);
    out.u32(answer);
    // if answer != -1
    out.append(is64 ? [0x42, 0x7f, 0x52, 0x04, 0x40] : [0x41, 0x7f, 0x47, 0x04, 0x40]);
    this.#addLocal(out, delta, is64);
    out.byte(0x0b);
    return undefined;
  }

  #is64({ opcode }: Instruction, index: number): boolean {
    if (opcode.name.startsWith("memory")) return this.#shape.memories[index]?.type.is64 === true;
    return this.#shape.tables[index]?.type.limits.is64 === true;
  }

  /** Segments have 32 bits; between a 32-bit and a 64-bit memory a length has 32 bits. */
  #lengthIs64(instruction: Instruction): boolean {
    const { name } = instruction.opcode;
    if (name.endsWith("init") || name.startsWith("array")) return false;
    const operands = instruction.operands();
    const first = this.#is64(instruction, operands.u32());
    return name.endsWith("copy") ? first && this.#is64(instruction, operands.u32()) : first;
  }
}

function signedLeb(reader: Reader): bigint {
  let value = 0n;
  let bits = 0n;
  for (;;) {
    const byte = reader.byte();
    value |= BigInt(byte & 0x7f) << bits;
    bits += 7n;
    if (byte < 0x80) return BigInt.asIntN(Number(bits), value);
  }
}

/** A module that counts its own fuel in the export `countName`. */
export function countingModule(bytes: Uint8Array): Uint8Array {
  const shape = readCoreModule(bytes);
  const writer = new CountingWriter(shape);
  const counting = rewriteBodies(shape, {
    locals: [
      [2, 0x7f],
      [2, 0x7e],
    ],
    enter: (out, firstLocal) => writer.enter(out, firstLocal),
    instruction: (out, instruction) => writer.instruction(out, instruction),
  });
  return addGlobals(counting, zero, [countName]);
}
