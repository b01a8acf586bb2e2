// Rewrites one function body: renumbers what moved, replaces bulk operations and growth, and meters.
//
// Costs are gathered while code runs straight on and subtracted where control flow divides or joins, so that what was
// consumed is exact at every call, check and return. The counter lives in a local and passes from function to function,
// see ./calling-convention.ts; it is in its global whenever the host or an exception's handler will look at it. It is
// checked at function entry, at loop heads, where exceptions land, after calls of the host, and wherever more than
// `maxUnchecked` operators could have run on some path since the last check.
//
// A call of a function of static cost is charged like an operator. Where Wasmtime checks at its entry, the check follows
// with the next subtraction, and knows how late it is.
//
// Deadline metering gathers nothing: entries and loop heads charge the longest path through their region at once. Unreachable code is left out.

import { readOpcode, skipImmediates } from "../binary/instruction.ts";
import type { Opcode } from "../binary/opcodes.ts";
import { Flow, Use } from "../binary/opcodes.ts";
import { Writer } from "../binary/writer.ts";
import { passCounterOver } from "./adaptors.ts";
import { BodyCopy } from "./body-copy.ts";
import { BranchMeter } from "./branch-meter.ts";
import { CallMeter } from "./call-meter.ts";
import { functionTypeOf } from "./calling-convention.ts";
import { findCatchTargets } from "./catch-targets.ts";
import { Charges } from "./charges.ts";
import type { BodyRange } from "./code-scan.ts";
import { skipLocals } from "./code-scan.ts";
import type { ControlFrame, LabelKind } from "./control-stack.ts";
import { ControlStack, Label, none } from "./control-stack.ts";
import { maxMergedPaths } from "./cost-table.ts";
import { Counter } from "./counter.ts";
import { op } from "./emit.ts";
import { allocatedWords, emitHeapCharge } from "./heap-charge.ts";
import type { Injection } from "./injection.ts";
import { copyLocals, counterHome, countLocals } from "./local-declarations.ts";
import { replacement } from "./replacement.ts";
import { ScratchLocals } from "./scratch-locals.ts";
import type { CheckFor } from "./slow-check.ts";
import { checkFor } from "./slow-check.ts";
import { smallConstant } from "./small-constant.ts";

const emptyBlockType = 0x40;

export interface DefinedFunction {
  /** Index in the original module. */
  readonly index: number;
  readonly type: number;
}

export class FunctionMeter {
  readonly #injection: Injection;
  readonly #out = new Writer(4096);
  readonly #copy: BodyCopy;
  readonly #moduleCounter: Counter | undefined;
  readonly #fuel: boolean;
  readonly #frames = new ControlStack();
  #reachable = true;
  /** Nesting inside unreachable code. */
  #dead = 0;
  #ordinal = 0;
  /** Where the operator before this one is. */
  #previous = 0;
  /** Constructs around this point that catch exceptions. */
  #catching = 0;
  /** Places of this function that may throw into one of those. */
  #throwing = 0;
  #uses = 0;
  #catchTargets: ReadonlySet<number> | undefined;
  /** The function's own label is that of a block, since branches to it cannot return the counter. */
  #wrapped = false;
  readonly #scratch = new ScratchLocals();
  readonly #charges: Charges;
  readonly #branches: BranchMeter;
  readonly #calls: CallMeter;

  constructor(injection: Injection) {
    this.#injection = injection;
    this.#fuel = injection.metering === "fuel";
    this.#moduleCounter = injection.metered ? new Counter(this.#out, injection) : undefined;
    this.#copy = new BodyCopy(this.#out, injection);
    this.#charges = new Charges(this.#fuel);
    this.#branches = new BranchMeter(this.#copy, this.#charges, this.#frames);
    this.#calls = new CallMeter(injection, this.#copy, { charges: this.#charges, scratch: this.#scratch });
  }

  /** Bits of `Use` over all functions rewritten so far. */
  get uses(): number {
    return this.#uses;
  }

  /** Positions of the checks in the body that `rewrite` gave last. */
  get checks(): readonly number[] {
    return this.#charges.counter?.checks ?? [];
  }

  /** Rewrites the body (locals and expression, without its size) that stands at `range`. */
  rewrite(range: BodyRange, fn: DefinedFunction): Writer {
    this.#catchTargets = undefined;
    this.#wrapped = false;
    this.#scratch.clear();
    const isStatic = this.#injection.statics.of(fn.index) !== undefined;
    this.#charges.startFunction(isStatic ? undefined : this.#moduleCounter);
    while (!this.#attempt(range, fn)) {
      if (this.#branches.mustWrap) this.#wrapped = true;
      else if (this.#scratch.isComplete && !this.#charges.mustSettle) this.#findCatchTargets(range);
    }
    if (this.#charges.counter?.passed === false && this.#injection.passes(fn.type)) this.#exchangeByAdaptor(fn);
    return this.#out;
  }

  /** The function should pass the counter and has no local left for it: its body goes elsewhere. */
  #exchangeByAdaptor({ index, type }: DefinedFunction): void {
    const original = this.#injection.original(type);
    const body = this.#injection.functionFor(`body ${index}`, original, (inner) => inner.appendWriter(this.#out));
    this.#out.truncate(0);
    passCounterOver(this.#injection, this.#out, { original: index, called: body });
    this.#charges.counter?.live({ kind: "global" });
  }

  #findCatchTargets(range: BodyRange): void {
    this.#copy.begin(range);
    skipLocals(this.#copy.reader);
    this.#catchTargets = findCatchTargets(this.#copy.reader);
  }

  /**
   * False where a `try_table` came up and the labels that its exceptions land on are not known yet, or a branch to the
   * function's label that needs a block, or an operand that needs a scratch local, or labels that must be settled.
   */
  #attempt(range: BodyRange, fn: DefinedFunction): boolean {
    this.#copy.begin(range);
    const { reader } = this.#copy;
    this.#frames.clear();
    this.#reachable = true;
    this.#dead = 0;
    this.#ordinal = 0;
    this.#catching = 0;
    this.#throwing = 0;
    this.#charges.startAttempt();
    this.#branches.startAttempt();
    this.#scratch.begin();
    this.#prologue(fn);
    while (!reader.done) {
      if (this.#frames.depth === 0) reader.fail("bytes after the end of a function");
      const at = reader.pos;
      const opcode = readOpcode(reader);
      this.#uses |= opcode.uses;
      if (opcode.flow === Flow.tryTable && this.#catchTargets === undefined && this.#charges.counter !== undefined)
        return false;
      if (this.#reachable) this.#reached(opcode, at);
      else this.#unreached(opcode, at);
      if (this.#branches.mustWrap) return false;
    }
    if (!this.#scratch.isComplete || this.#charges.mustSettle) return false;
    if (this.#frames.depth > 0) reader.fail("unexpected end of bytes");
    return true;
  }

  #prologue({ index, type }: DefinedFunction): void {
    const { reader } = this.#copy;
    const counter = this.#charges.counter;
    const signature = functionTypeOf(this.#injection.shape, index);
    const params = signature?.params.length ?? 0;
    const declared = countLocals(reader);
    const counts = { params, declared, scratch: this.#scratch.types.length };
    const home = counter === undefined ? undefined : counterHome(this.#injection.passes(type), counts);
    copyLocals(reader, this.#out, home, home?.kind === "global" ? [] : this.#scratch.types);
    this.#scratch.start(params + declared + (home === undefined || home.kind === "global" ? 0 : 1));
    this.#copy.drop();
    if (home?.kind === "passed" && declared > 0) this.#copy.moveLocal(params, params + declared);
    if (home !== undefined) counter?.live(home);
    const passed = counter?.passed === true;
    const frame = this.#frames.push(Label.function, 0, !passed);
    frame.bare = signature?.results.length === 0;
    if (counter === undefined) return;
    if (this.#fuel) {
      counter.enter();
    } else {
      if (!passed) counter.reload();
      frame.weightAt = counter.deferred();
    }
    if (!this.#wrapped) return;
    this.#out.byte(op.block);
    this.#out.append(this.#injection.blockType(type));
    const block = this.#frames.push(Label.block, 0, this.#catchTargets?.has(0) === true);
    block.bare = frame.bare;
    if (this.#charges.isSettled(0)) block.carry = 0;
  }

  /** Every place that may throw is a path into its handler. */
  #mayThrow(): void {
    if (this.#catching === 0) return;
    this.#throwing += 1;
    if (this.#throwing > maxMergedPaths) this.#copy.reader.fail(`more than ${maxMergedPaths} calls under try`);
  }

  #check(reason: CheckFor = checkFor.time): void {
    this.#mayThrow();
    this.#charges.check(reason);
  }

  #reached(opcode: Opcode, at: number): void {
    this.#charges.addCost(opcode.cost);
    this.#live(opcode, at);
    this.#previous = at;
    if (!this.#charges.isOverdue || !this.#reachable || this.#frames.depth === 0) return;
    this.#copy.copyTo(this.#copy.reader.pos);
    this.#mayThrow();
    this.#charges.checkOverdue();
  }

  #live(opcode: Opcode, at: number): void {
    switch (opcode.flow) {
      case Flow.plain:
        return this.#copy.immediates(opcode);
      case Flow.block:
      case Flow.if:
      case Flow.loop:
      case Flow.try:
      case Flow.tryTable:
        return this.#open(opcode, at);
      case Flow.else:
      case Flow.catch:
        this.#copy.copyTo(at);
        this.#charges.leave(this.#branches.label(0));
        return this.#arm(opcode);
      case Flow.end:
      case Flow.delegate:
        return this.#close(opcode, at);
      case Flow.br:
      case Flow.brIf:
      case Flow.brTable:
        this.#reachable = this.#branches.branch(opcode, at);
        return;
      case Flow.call:
        this.#mayThrow();
        return this.#calls.call(opcode, at);
      case Flow.replaced:
        return this.#replace(opcode, at);
      case Flow.allocate:
        this.#allocate(opcode, at);
        return this.#copy.immediates(opcode);
      case Flow.drop:
        this.#copy.immediates(opcode);
        this.#copy.copyTo(this.#copy.reader.pos);
        this.#out.append([op.i32Const, 1, op.globalSet]);
        this.#out.u32(this.#injection.taintGlobal);
        return;
      case Flow.tailCall:
        this.#mayThrow();
        this.#calls.tailCall(opcode, at);
        this.#reachable = false;
        return;
      case Flow.return:
        this.#copy.copyTo(at);
        this.#branches.return();
        this.#copy.drop();
        this.#reachable = false;
        return;
      case Flow.unreachable:
      case Flow.throw:
        this.#mayThrow();
        this.#allocate(opcode, at);
        this.#copy.copyTo(at);
        this.#charges.save();
        this.#copy.immediates(opcode);
        this.#copy.copyTo(this.#copy.reader.pos);
        this.#reachable = false;
    }
  }

  /** Charges the object or exception that is made at `at`, if one is and it has to be. */
  #allocate(opcode: Opcode, at: number): void {
    const words = allocatedWords(this.#injection, opcode, this.#copy.reader);
    if (words === 0) return;
    this.#mayThrow();
    this.#copy.copyTo(at);
    emitHeapCharge(this.#injection, this.#out, words, this.#charges.counter);
  }

  #open(opcode: Opcode, at: number): void {
    const { flow } = opcode;
    const { reader } = this.#copy;
    this.#ordinal += 1;
    const synced = this.#catchTargets?.has(this.#ordinal) === true;
    if (flow === Flow.loop || (flow === Flow.if && synced)) {
      this.#copy.copyTo(at);
      // The loop's head checks.
      if (flow === Flow.loop && this.#fuel) this.#charges.owed = none;
      this.#charges.flush();
      if (synced) this.#charges.save();
    }
    const bare = reader.peek() === emptyBlockType;
    if (flow === Flow.tryTable) this.#branches.landings();
    else this.#copy.immediates(opcode);
    const frame = this.#frames.push(labelKind(flow), this.#charges.since, synced);
    frame.bare = bare && flow !== Flow.loop;
    frame.catches = flow === Flow.try || flow === Flow.tryTable;
    if (frame.catches) this.#catching += 1;
    frame.ordinal = this.#ordinal;
    if (flow === Flow.loop || this.#charges.isSettled(this.#ordinal)) frame.carry = 0;
    frame.owedAtEntry = this.#charges.owed;
    if (flow === Flow.if) frame.pendingAtEntry = this.#charges.pending;
    if (flow === Flow.loop) this.#loopHead(frame);
  }

  #loopHead(frame: ControlFrame): void {
    if (this.#charges.counter === undefined) return;
    this.#copy.copyTo(this.#copy.reader.pos);
    if (frame.synced) this.#charges.reload();
    if (this.#fuel) {
      this.#check(checkFor.fuel);
      return;
    }
    this.#mayThrow();
    frame.weightAt = this.#charges.counter.deferred();
    this.#charges.openRegion(frame);
  }

  /** Starts the next arm of an `if` or legacy `try`: `else`, `catch`, `catch_all`. */
  #arm(opcode: Opcode): void {
    const frame = this.#branches.label(0);
    if (this.#reachable) {
      frame.branched = true;
      frame.sinceMax = Math.max(frame.sinceMax, this.#charges.since);
    }
    this.#copy.immediates(opcode);
    this.#reachable = true;
    this.#charges.pending = frame.pendingAtEntry;
    this.#charges.owed = frame.owedAtEntry;
    this.#charges.since = frame.sinceAtEntry;
    if (opcode.flow === Flow.else) {
      frame.kind = Label.else;
      return;
    }
    frame.branched = true;
    this.#charges.pending = 0;
    this.#charges.owed = none;
    this.#copy.copyTo(this.#copy.reader.pos);
    this.#charges.reload();
    this.#check();
  }

  #close(opcode: Opcode, at: number): void {
    const frame = this.#branches.label(0);
    if (frame.kind === Label.function) return this.#finish(frame, at);
    const joins = frame.branched || frame.kind === Label.if || frame.kind === Label.else || frame.kind === Label.try;
    // Without an else, the path around has nothing to subtract.
    if (frame.kind === Label.if && frame.carry === none) frame.carry = frame.pendingAtEntry;
    if (this.#reachable && (joins || frame.synced) && frame.kind !== Label.loop) {
      this.#copy.copyTo(at);
      this.#charges.leave(frame);
    }
    if (frame.kind === Label.if) this.#missingElse(frame, at);
    skipImmediates(this.#copy.reader, opcode.immediate);
    this.#frames.pop();
    if (frame.catches) this.#catching -= 1;
    this.#patchWeight(frame);
    if (frame.kind !== Label.loop) this.#join(frame);
    if (!this.#reachable) {
      // What a validator takes for reachable is not.
      this.#copy.copyTo(this.#copy.reader.pos);
      this.#out.byte(op.unreachable);
    }
    const outer = this.#frames.label(0);
    if (this.#wrapped && this.#frames.depth === 1 && outer?.kind === Label.function) {
      this.#copy.copyTo(this.#copy.reader.pos);
      this.#finish(outer, this.#copy.reader.pos);
      this.#out.byte(op.end);
    }
  }

  #patchWeight(frame: ControlFrame): void {
    if (frame.weightAt < 0) return;
    this.#out.patchS14(frame.weightAt, this.#charges.closeRegion(frame));
  }

  /** The end of the function, whose instruction is at `at`. */
  #finish(frame: ControlFrame, at: number): void {
    this.#copy.copyTo(at);
    if (this.#reachable) this.#charges.handOver();
    else if (this.#charges.counter?.passed === true) this.#charges.counter.readLess(0);
    this.#frames.pop();
    this.#patchWeight(frame);
    this.#copy.copyTo(this.#copy.reader.pos);
  }

  /** The path around an `if` without `else` owes what was pending at its entry. */
  #missingElse(frame: ControlFrame, at: number): void {
    const { pendingAtEntry, owedAtEntry } = frame;
    const settled = frame.synced ? pendingAtEntry === 0 : pendingAtEntry === frame.carry;
    if (settled && owedAtEntry === none) return;
    this.#copy.copyTo(at);
    this.#out.byte(op.else);
    this.#charges.pending = pendingAtEntry;
    this.#charges.owed = owedAtEntry;
    this.#charges.leave(frame);
  }

  /** The point behind a construct, reached by falling through and by branches. */
  #join(frame: ControlFrame): void {
    const implicitElse = frame.kind === Label.if;
    let since = this.#reachable ? this.#charges.since : 0;
    if (frame.branched) since = Math.max(since, frame.sinceMax);
    if (implicitElse) since = Math.max(since, frame.sinceAtEntry);
    const joined = frame.carry !== none;
    this.#reachable ||= frame.branched || implicitElse;
    this.#charges.since = since;
    if (joined) this.#charges.pending = frame.carry;
    if (!frame.synced || !this.#reachable) return;
    this.#charges.pending = 0;
    this.#copy.copyTo(this.#copy.reader.pos);
    this.#charges.reload();
    this.#check();
  }

  #replace(opcode: Opcode, at: number): void {
    const { reader } = this.#copy;
    const start = reader.pos;
    const counted = (opcode.uses & Use.threads) === 0;
    const count = counted ? smallConstant(reader.bytes, this.#previous) : undefined;
    if (count !== undefined) this.#charges.addCost(count);
    const call = replacement(this.#injection, opcode, reader, count !== undefined);
    if (call === undefined) {
      reader.pos = start;
      skipImmediates(reader, opcode.immediate);
      return;
    }
    this.#mayThrow();
    this.#copy.copyTo(at);
    this.#charges.save();
    this.#out.byte(op.call);
    this.#out.u32(call);
    this.#copy.drop();
    this.#charges.reload();
  }

  /** Unreachable code is left out, except for what ends it. */
  #unreached(opcode: Opcode, at: number): void {
    const { flow } = opcode;
    const { reader } = this.#copy;
    const opens =
      flow === Flow.block || flow === Flow.loop || flow === Flow.if || flow === Flow.try || flow === Flow.tryTable;
    const ends = flow === Flow.end || flow === Flow.delegate;
    if (opens) {
      this.#ordinal += 1;
      this.#dead += 1;
    } else if (this.#dead === 0 && (ends || flow === Flow.else || flow === Flow.catch)) {
      const immediates = reader.pos;
      reader.pos = at;
      this.#copy.drop();
      reader.pos = immediates;
      if (ends) this.#close(opcode, at);
      else this.#arm(opcode);
      return;
    } else if (ends) {
      this.#dead -= 1;
    }
    skipImmediates(reader, opcode.immediate);
    this.#copy.drop();
  }
}

function labelKind(flow: Flow): LabelKind {
  if (flow === Flow.loop) return Label.loop;
  if (flow === Flow.if) return Label.if;
  return flow === Flow.try ? Label.try : Label.block;
}
