// What is known, at a point of straight-line code, of addresses and of pages that are marked already. Values are
// numbered: a local or operand is "value v plus a constant"; that some bytes around a value lie in marked pages stays
// true for the rest of the run, whatever becomes of the local that held it.
//
// Where control flow joins, what only one of the paths established is forgotten. Every list here is bounded by the
// size of the function's code; nothing is allocated per instruction.

/** Value 0 is an unknown one, value 1 the number zero: constants are `zero + c`. */
export const unknownValue = 0;
export const zeroValue = 1;

const maxOperands = 256;
/** Locals assigned in one construct that are forgotten one by one behind it; beyond, all are. */
const maxForgotten = 64;

interface Frame {
  locals: number;
  facts: number;
  /** Number of the next fact at the first branch to this label; -1: none so far. */
  branchedAt: number;
  loop: boolean;
}

export class AddressFacts {
  readonly #operandValue = new Int32Array(maxOperands);
  readonly #operandOffset = new Int32Array(maxOperands);
  #operands = 0;
  #localValue = new Int32Array(64);
  #localOffset = new Int32Array(64);
  #localEpoch = new Uint32Array(64);
  #epoch = 1;
  /** By value: a local that held it, and by how much more. */
  #holder: number[] = [];
  #holderOffset: number[] = [];
  /** By value: memory and the range of offsets that is covered; empty where low > high. */
  #memory: number[] = [];
  #low: number[] = [];
  #high: number[] = [];
  #localLog: number[] = [];
  /** What facts replaced, each with its number: numbers ascend, undone or not. */
  #factLog: number[] = [];
  #nextFact = 0;
  readonly #frames: Frame[] = [];
  #depth = 0;

  /** Starts a function with `locals` locals. */
  start(locals: number): void {
    if (this.#localValue.length < locals) {
      const size = Math.max(locals, this.#localValue.length * 2);
      this.#localValue = new Int32Array(size);
      this.#localOffset = new Int32Array(size);
      this.#localEpoch = new Uint32Array(size);
    }
    this.#epoch += 1;
    this.#operands = 0;
    this.#holder = [-1, -1];
    this.#holderOffset = [0, 0];
    this.#memory = [0, 0];
    this.#low = [1, 1];
    this.#high = [0, 0];
    this.#localLog = [];
    this.#factLog = [];
    this.#nextFact = 0;
    this.#depth = 0;
  }

  // --- operands

  /** Forgets the operands: what comes next was pushed by something that is not followed. */
  clearOperands(): void {
    this.#operands = 0;
  }

  push(value: number, offset: number): void {
    if (this.#operands === maxOperands) this.#operands = 0;
    this.#operandValue[this.#operands] = value;
    this.#operandOffset[this.#operands++] = offset;
  }

  pop(count: number): void {
    this.#operands = Math.max(0, this.#operands - count);
  }

  /** Operands times two plus results of an operator whose results are unknown values. */
  effect(effect: number): void {
    this.pop(effect >> 1);
    if ((effect & 1) !== 0) this.push(unknownValue, 0);
  }

  /** Value of the operand `below` the topmost one. */
  value(below: number): number {
    return this.#operandValue[this.#operands - 1 - below] ?? unknownValue;
  }

  offset(below: number): number {
    return this.#operandOffset[this.#operands - 1 - below] ?? 0;
  }

  // --- locals

  #fresh(local: number): number {
    this.#holder.push(local);
    this.#holderOffset.push(0);
    this.#memory.push(0);
    this.#low.push(1);
    this.#high.push(0);
    return this.#holder.length - 1;
  }

  #known(local: number): boolean {
    return this.#localEpoch[local] === this.#epoch;
  }

  get(local: number): void {
    if (!this.#known(local)) {
      this.#localValue[local] = this.#fresh(local);
      this.#localOffset[local] = 0;
      this.#localEpoch[local] = this.#epoch;
    }
    this.push(this.#localValue[local] ?? unknownValue, this.#localOffset[local] ?? 0);
  }

  /** The topmost operand goes to `local` and is popped. */
  set(local: number): void {
    const value = this.value(0);
    const offset = this.offset(0);
    this.pop(1);
    this.#localLog.push(local);
    if (value === unknownValue) {
      this.#localEpoch[local] = 0;
      return;
    }
    this.#localEpoch[local] = this.#epoch;
    this.#localValue[local] = value;
    this.#localOffset[local] = offset;
    this.#holder[value] = local;
    this.#holderOffset[value] = offset;
  }

  /** As `set`, and the operand stays. */
  tee(local: number): void {
    const value = this.value(0);
    const offset = this.offset(0);
    this.set(local);
    if (value === unknownValue) this.get(local);
    else this.push(value, offset);
  }

  /** The two topmost operands become their sum, or for `sign` -1 their difference: of 32 bits, as addresses wrap. */
  add(sign: 1 | -1): void {
    const right = this.value(0);
    const left = this.value(1);
    const offset = (this.offset(1) + sign * this.offset(0)) | 0;
    this.pop(2);
    if (right === zeroValue) this.push(left, offset);
    else if (left === zeroValue && sign === 1) this.push(right, offset);
    else this.push(unknownValue, 0);
  }

  forget(local: number): void {
    this.#localEpoch[local] = 0;
  }

  forgetLocals(): void {
    this.#epoch += 1;
  }

  /** A local that holds `value` plus `holderOffset`; -1 where there is none. */
  holder(value: number): number {
    const local = this.#holder[value] ?? -1;
    if (local < 0 || !this.#known(local) || this.#localValue[local] !== value) return -1;
    return this.#localOffset[local] === this.#holderOffset[value] ? local : -1;
  }

  holderOffset(value: number): number {
    return this.#holderOffset[value] ?? 0;
  }

  // --- facts

  /** Bytes at `value + low` up to `value + high` (inclusive) lie where a reset restores. */
  covers(memory: number, value: number, low: number, high: number): boolean {
    return this.#memory[value] === memory && (this.#low[value] ?? 1) <= low && high <= (this.#high[value] ?? 0);
  }

  cover(memory: number, value: number, low: number, high: number): void {
    const knownLow = this.#low[value] ?? 1;
    const knownHigh = this.#high[value] ?? 0;
    this.#factLog.push(this.#nextFact++, value, this.#memory[value] ?? 0, knownLow, knownHigh);
    const joins = this.#memory[value] === memory && low <= knownHigh + 1 && knownLow <= high + 1;
    this.#memory[value] = memory;
    this.#low[value] = joins ? Math.min(low, knownLow) : low;
    this.#high[value] = joins ? Math.max(high, knownHigh) : high;
  }

  /** Forgets the facts from number `first` on. */
  #undoFacts(first: number): void {
    const log = this.#factLog;
    let at = log.length - 5;
    for (; at >= 0 && (log[at] ?? 0) >= first; at -= 5) {
      const value = log[at + 1] ?? 0;
      this.#memory[value] = log[at + 2] ?? 0;
      this.#low[value] = log[at + 3] ?? 1;
      this.#high[value] = log[at + 4] ?? 0;
    }
    log.length = at + 5;
  }

  #forgetSince(length: number): void {
    const log = this.#localLog;
    if (log.length - length > maxForgotten) return this.forgetLocals();
    for (let at = length; at < log.length; at++) this.forget(log[at] ?? 0);
  }

  // --- control flow

  /** Enters a construct; a loop with the locals that it assigns, undefined for any. */
  enter(loop: boolean, assigned?: readonly number[]): void {
    this.clearOperands();
    if (loop && assigned === undefined) this.forgetLocals();
    else if (loop && assigned !== undefined) for (const local of assigned) this.forget(local);
    const frame = (this.#frames[this.#depth++] ??= { locals: 0, facts: 0, branchedAt: -1, loop: false });
    frame.locals = this.#localLog.length;
    frame.facts = this.#nextFact;
    frame.branchedAt = -1;
    frame.loop = loop;
  }

  branch(label: number): void {
    const frame = this.#frames[this.#depth - 1 - label];
    if (frame !== undefined && this.#depth > label && frame.branchedAt < 0) frame.branchedAt = this.#nextFact;
  }

  /** The next arm of an `if` or `try` begins where the first one began. */
  arm(): void {
    this.clearOperands();
    const frame = this.#frames[this.#depth - 1];
    if (frame === undefined) return;
    this.#undoFacts(frame.facts);
    this.#forgetSince(frame.locals);
    frame.branchedAt = frame.facts;
  }

  /** Leaves the innermost construct; `arms`: there may be ways around what was seen last. */
  leave(arms: boolean): void {
    this.clearOperands();
    if (this.#depth === 0) return;
    this.#depth -= 1;
    const frame = this.#frames[this.#depth];
    if (frame === undefined || frame.loop) return;
    const keep = arms ? frame.facts : frame.branchedAt;
    if (keep < 0) return;
    this.#undoFacts(keep);
    this.#forgetSince(frame.locals);
  }
}
