// Copies a function body while indices in it move: functions behind injected imports, globals behind imported ones, the
// local that gives way to the counter, block types whose function type passes the counter. Bytes between them are copied
// in runs.

import { skipImmediates } from "../binary/instruction.ts";
import type { Opcode } from "../binary/opcodes.ts";
import { Immediate } from "../binary/opcodes.ts";
import { Reader } from "../binary/reader.ts";
import type { Writer } from "../binary/writer.ts";
import { calledIndex } from "./calling-convention.ts";
import type { BodyRange } from "./code-scan.ts";
import { takenIndex } from "./function-index.ts";
import type { Injection } from "./injection.ts";

/** Index of no local. */
const none = -1;

export class BodyCopy {
  readonly out: Writer;
  readonly #injection: Injection;
  reader = new Reader(new Uint8Array());
  /** First byte of the original that was not copied yet. */
  #copied = 0;
  #movedFrom = none;
  #movedTo = none;

  constructor(out: Writer, injection: Injection) {
    this.out = out;
    this.#injection = injection;
  }

  /** Starts a body; the reader stands at its local declarations, which are not copied. */
  begin({ start, end }: BodyRange): void {
    this.reader = new Reader(this.#injection.shape.bytes, start, end);
    this.out.truncate(0);
    this.#movedFrom = none;
  }

  /** Local `from` of the original has index `to`. */
  moveLocal(from: number, to: number): void {
    this.#movedFrom = from;
    this.#movedTo = to;
  }

  /** Copies what was read and not changed, up to `to`. */
  copyTo(to: number): void {
    this.out.copy(this.reader.bytes, this.#copied, to);
    this.#copied = to;
  }

  /** Leaves out what was read and not copied yet. */
  drop(): void {
    this.#copied = this.reader.pos;
  }

  /** Reads an opcode's immediates, rewriting what moved. */
  immediates({ immediate }: Opcode): void {
    switch (immediate) {
      case Immediate.func:
        return this.#index((index) => calledIndex(this.#injection, index));
      case Immediate.funcRef:
        return this.#index((index) => this.#injection.declare(takenIndex(this.#injection, index)));
      case Immediate.global:
        return this.#index((index) => this.#injection.globalIndex(index));
      case Immediate.local:
        return this.#index((index) => (index === this.#movedFrom ? this.#movedTo : index));
      case Immediate.blockType:
        return this.blockType();
      default:
        skipImmediates(this.reader, immediate);
    }
  }

  #index(moved: (index: number) => number): void {
    const at = this.reader.pos;
    const index = this.reader.u32();
    const to = moved(index);
    if (to === index) return;
    this.copyTo(at);
    this.out.u32(to);
    this.drop();
  }

  blockType(): void {
    const { reader } = this;
    const at = reader.pos;
    // Anything but an index has bit 6 of its only byte or of its first set.
    if (reader.peek() >= 0x40 && reader.peek() < 0x80) {
      skipImmediates(reader, Immediate.blockType);
      return;
    }
    const index = reader.s33();
    const to = this.#injection.original(index);
    if (to === index) return;
    this.copyTo(at);
    this.out.s32(to);
    this.drop();
  }
}
