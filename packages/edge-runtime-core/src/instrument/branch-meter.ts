// Branches and returns: what is subtracted on the way to a label, and how the counter leaves the function.

import type { Opcode } from "../binary/opcodes.ts";
import { Flow, Immediate } from "../binary/opcodes.ts";
import type { Writer } from "../binary/writer.ts";
import type { BodyCopy } from "./body-copy.ts";
import type { Charges } from "./charges.ts";
import type { ControlFrame, ControlStack } from "./control-stack.ts";
import { Label, none } from "./control-stack.ts";
import { maxMergedPaths } from "./cost-table.ts";
import { op } from "./emit.ts";

const brOpcode = 0x0c;
const returnOpcode = 0x0f;

export class BranchMeter {
  readonly #copy: BodyCopy;
  readonly #charges: Charges;
  readonly #frames: ControlStack;
  readonly #out: Writer;
  #mustWrap = false;

  constructor(copy: BodyCopy, charges: Charges, frames: ControlStack) {
    this.#copy = copy;
    this.#charges = charges;
    this.#frames = frames;
    this.#out = copy.out;
  }

  startAttempt(): void {
    this.#mustWrap = false;
  }

  /** A branch to the function's label needs a block in its place. */
  get mustWrap(): boolean {
    return this.#mustWrap;
  }

  /** Notes that the branch at `at` goes to a label. */
  #branchTo(frame: ControlFrame, at: number): void {
    if (frame.lastBranch !== at && frame.kind !== Label.function) frame.branches += 1;
    frame.lastBranch = at;
    if (frame.branches > maxMergedPaths) {
      this.#copy.reader.fail(`more than ${maxMergedPaths} branches to one label`);
    }
    frame.branched = true;
    frame.sinceMax = Math.max(frame.sinceMax, this.#charges.since);
  }

  branch(opcode: Opcode, at: number): boolean {
    if (opcode.name === "br_if" && this.#exitIf(at)) return true;
    if (opcode.name === "br" && this.#returnBranch(at)) return false;
    const targets = this.#targets(opcode, at);
    this.#copy.copyTo(at);
    if (targets.size === 1) for (const frame of targets) this.#charges.leaveBoth(frame);
    else this.#charges.leaveAll(targets);
    this.#copy.copyTo(this.#copy.reader.pos);
    return opcode.flow === Flow.brIf;
  }

  /** A branch to the label of a function that passes the counter is a return. */
  #returnBranch(at: number): boolean {
    const { reader } = this.#copy;
    const start = reader.pos;
    const frame = this.label(reader.u32());
    if (frame.kind !== Label.function || this.#charges.counter?.passed !== true) {
      reader.pos = start;
      return false;
    }
    this.#copy.copyTo(at);
    this.return();
    this.#copy.drop();
    return true;
  }

  /**
   * Only the path that is taken subtracts: `br_if L` becomes `if <subtract> br L+1 end`; false where values or
   * exceptions are in the way, or there is nothing to subtract.
   */
  #exitIf(at: number): boolean {
    const { reader } = this.#copy;
    const start = reader.pos;
    const label = reader.u32();
    const frame = this.label(label);
    const returns = frame.kind === Label.function && this.#charges.counter?.passed === true;
    const settled = this.#charges.owed === none && (frame.carry === none || frame.carry === this.#charges.pending);
    if (this.#charges.counter === undefined || !frame.bare || frame.synced || (settled && !returns)) {
      reader.pos = start;
      return false;
    }
    this.#branchTo(frame, at);
    this.#copy.copyTo(at);
    const { pending, owed } = { pending: this.#charges.pending, owed: this.#charges.owed };
    this.#out.bytes2(op.if, op.void);
    if (returns) {
      this.return();
    } else {
      this.#charges.leave(frame);
      this.#out.byte(brOpcode);
      this.#out.u32(label + 1);
    }
    this.#out.byte(op.end);
    this.#charges.pending = pending;
    this.#charges.owed = owed;
    this.#copy.drop();
    return true;
  }

  /** Reads a branch's labels. */
  #targets(opcode: Opcode, at: number): ReadonlySet<ControlFrame> {
    const { reader } = this.#copy;
    if (opcode.immediate === Immediate.branchOnCast) reader.skip(1);
    const count = opcode.immediate === Immediate.labels ? reader.count() + 1 : 1;
    const targets = new Set<ControlFrame>();
    for (let index = 0; index < count; index++) {
      const frame = this.label(reader.u32());
      this.#branchTo(frame, at);
      targets.add(frame);
      if (frame.kind === Label.function) this.#needBlock();
    }
    if (opcode.immediate === Immediate.branchOnCast) {
      reader.skipLeb(5);
      reader.skipLeb(5);
    }
    return targets;
  }

  label(index: number): ControlFrame {
    return this.#frames.label(index) ?? this.#copy.reader.fail("a label that does not exist");
  }

  /** A branch to the function's label leaves no place for the counter. */
  #needBlock(): void {
    if (this.#charges.counter?.passed === true) this.#mustWrap = true;
  }

  /** Reads a `try_table`'s type and catch clauses; exceptions may reach their labels. */
  landings(): void {
    const { reader } = this.#copy;
    this.#copy.blockType();
    for (let count = reader.count(2); count > 0; count--) {
      if (reader.byte() < 2) reader.u32();
      const frame = this.label(reader.u32());
      frame.branched = true;
      if (frame.kind === Label.function) this.#needBlock();
    }
  }

  /** Emits a return, with the counter where the function passes it. */
  return(): void {
    this.#charges.handOver();
    this.#out.byte(returnOpcode);
  }
}
