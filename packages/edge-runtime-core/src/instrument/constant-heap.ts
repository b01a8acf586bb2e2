// What constant expressions allocate when a module is instantiated, known before: arrays have lengths, which are
// constants, sums of constants, or immutable globals. Where an imported global decides, no limit is high enough.
// Spec: core 3.0, Constant Expressions.

import { arrayBytes } from "../binary/heap-layout.ts";
import type { CoreModuleShape } from "../binary/module.ts";
import type { Opcode } from "../binary/opcodes.ts";
import type { Reader } from "../binary/reader.ts";

/** More than any limit, and exact in JSON. */
export const unknownBytes = Number.MAX_SAFE_INTEGER;

/** An i32 where it is known. */
type Known = number | undefined;

function sum(name: string, left: Known, right: Known): Known {
  if (left === undefined || right === undefined) return undefined;
  if (name === "i32.add") return (left + right) | 0;
  return name === "i32.sub" ? (left - right) | 0 : Math.imul(left, right);
}

export class ConstantHeap {
  readonly #shape: CoreModuleShape;
  readonly #globals = new Map<number, Known>();
  readonly #stack: Known[] = [];
  #bytes = 0;

  constructor(shape: CoreModuleShape) {
    this.#shape = shape;
  }

  /** Bytes that all expressions so far allocate, at most. */
  get bytes(): number {
    return Math.min(this.#bytes, unknownBytes);
  }

  /** The expression that ended was the value of global `index`. */
  endGlobal(index: number): void {
    this.#globals.set(index, this.#stack.pop());
    this.#stack.length = 0;
  }

  /** Takes in one operator; the reader, at its immediates, does not move. */
  operator(opcode: Opcode, reader: Reader): void {
    const start = reader.pos;
    this.#stack.push(this.#result(opcode.name, reader));
    reader.pos = start;
  }

  #result(name: string, reader: Reader): Known {
    switch (name) {
      case "i32.const":
        return reader.s33() | 0;
      case "global.get":
        return this.#globals.get(reader.u32());
      case "i32.add":
      case "i32.sub":
      case "i32.mul": {
        const right = this.#stack.pop();
        return sum(name, this.#stack.pop(), right);
      }
      case "i64.add":
      case "i64.sub":
      case "i64.mul":
        this.#drop(1);
        return undefined;
      case "ref.i31":
      case "any.convert_extern":
      case "extern.convert_any":
        this.#drop(1);
        return undefined;
      default:
        this.#allocate(name, reader);
        return undefined;
    }
  }

  #drop(count: number): void {
    this.#stack.length = Math.max(0, this.#stack.length - count);
  }

  #allocate(name: string, reader: Reader): void {
    if (!name.startsWith("struct.new") && !name.startsWith("array.new")) return;
    const type = this.#shape.types[reader.u32()];
    if (type?.kind === "struct") {
      this.#bytes += type.bytes;
      if (name === "struct.new") this.#drop(type.fields);
    }
    if (type?.kind !== "array") return;
    if (name === "array.new_fixed") {
      const length = reader.u32();
      this.#bytes += arrayBytes(type.element, length);
      this.#drop(length);
      return;
    }
    const length = this.#stack.pop();
    if (name === "array.new") this.#drop(1);
    this.#bytes += length === undefined ? unknownBytes : arrayBytes(type.element, length >>> 0);
  }
}
