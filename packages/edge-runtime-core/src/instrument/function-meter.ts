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
// Deadline metering gathers nothing: entries and loop heads charge the number of operators of their region (without
// inner loops) at once. Unreachable code is left out.

import { readOpcode, skipImmediates } from "../binary/instruction.ts";
import type { Opcode } from "../binary/opcodes.ts";
import { Flow, Immediate, Use } from "../binary/opcodes.ts";
import { Writer } from "../binary/writer.ts";
import { passCounterOver, passingCall } from "./adaptors.ts";
import { BodyCopy } from "./body-copy.ts";
import { calledBy, functionTypeOf, isImported } from "./calling-convention.ts";
import { findCatchTargets } from "./catch-targets.ts";
import type { BodyRange } from "./code-scan.ts";
import { skipLocals } from "./code-scan.ts";
import type { ControlFrame, LabelKind } from "./control-stack.ts";
import { ControlStack, Label } from "./control-stack.ts";
import { costTable, maxMergedPaths, maxUnchecked } from "./cost-table.ts";
import { Counter } from "./counter.ts";
import { op } from "./emit.ts";
import { takenIndex } from "./function-index.ts";
import { allocatedWords, emitHeapCharge } from "./heap-charge.ts";
import type { Injection } from "./injection.ts";
import { copyLocals, counterHome, countLocals } from "./local-declarations.ts";
import { ScratchLocals } from "./scratch-locals.ts";
import { replacement } from "./replacement.ts";
import type { CheckFor } from "./slow-check.ts";
import { checkFor } from "./slow-check.ts";
import { smallConstant } from "./small-constant.ts";

const brOpcode = 0x0c;
const returnOpcode = 0x0f;
const emptyBlockType = 0x40;

/** No check is due. */
const none = -1;

export interface DefinedFunction {
  /** Index in the original module. */
  readonly index: number;
  readonly type: number;
}

/** Conventions of the functions that an instruction may call. */
const Callee = { host: 0, static: 1, passing: 2, other: 3 } as const;
type Callee = (typeof Callee)[keyof typeof Callee];

export class FunctionMeter {
  readonly #injection: Injection;
  readonly #out = new Writer(4096);
  readonly #copy: BodyCopy;
  readonly #moduleCounter: Counter | undefined;
  readonly #fuel: boolean;
  readonly #frames = new ControlStack();
  /** Undefined where the function is not metered. */
  #counter: Counter | undefined;
  #reachable = true;
  /** Nesting inside unreachable code. */
  #dead = 0;
  /** Fuel that ran but was not subtracted yet. */
  #pending = 0;
  /** Operators since the last check, the most over all paths to here. */
  #since = 0;
  /** Operators since a function of static cost was entered for which no check was made; `none` where one was. */
  #owed = none;
  /** Deadline metering: operators of the region so far. */
  #weight = 0;
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
  #mustWrap = false;
  readonly #scratch = new ScratchLocals();
  /** Ordinals of labels that nothing is pending at: paths with different dues meet in one `br_table`. */
  readonly #settledLabels = new Set<number>();
  #mustSettle = false;

  constructor(injection: Injection) {
    this.#injection = injection;
    this.#fuel = injection.metering === "fuel";
    this.#moduleCounter = injection.metered ? new Counter(this.#out, injection) : undefined;
    this.#copy = new BodyCopy(this.#out, injection);
  }

  /** Bits of `Use` over all functions rewritten so far. */
  get uses(): number {
    return this.#uses;
  }

  /** Positions of the checks in the body that `rewrite` gave last. */
  get checks(): readonly number[] {
    return this.#counter?.checks ?? [];
  }

  /** Rewrites the body (locals and expression, without its size) that stands at `range`. */
  rewrite(range: BodyRange, fn: DefinedFunction): Writer {
    this.#catchTargets = undefined;
    this.#wrapped = false;
    this.#scratch.clear();
    this.#settledLabels.clear();
    this.#counter = this.#injection.statics.of(fn.index) === undefined ? this.#moduleCounter : undefined;
    while (!this.#attempt(range, fn)) {
      if (this.#mustWrap) this.#wrapped = true;
      else if (this.#scratch.isComplete && !this.#mustSettle) this.#findCatchTargets(range);
    }
    if (this.#counter?.passed === false && this.#injection.passes(fn.type)) this.#exchangeByAdaptor(fn);
    return this.#out;
  }

  /** The function should pass the counter and has no local left for it: its body goes elsewhere. */
  #exchangeByAdaptor({ index, type }: DefinedFunction): void {
    const original = this.#injection.original(type);
    const body = this.#injection.functionFor(`body ${index}`, original, (inner) => inner.appendWriter(this.#out));
    this.#out.truncate(0);
    passCounterOver(this.#injection, this.#out, { original: index, called: body });
    this.#counter?.live({ kind: "global" });
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
    this.#pending = 0;
    this.#since = 0;
    this.#owed = none;
    this.#weight = 1;
    this.#ordinal = 0;
    this.#catching = 0;
    this.#throwing = 0;
    this.#mustWrap = false;
    this.#mustSettle = false;
    this.#scratch.begin();
    this.#prologue(fn);
    while (!reader.done) {
      if (this.#frames.depth === 0) reader.fail("bytes after the end of a function");
      const at = reader.pos;
      const opcode = readOpcode(reader);
      this.#uses |= opcode.uses;
      if (opcode.flow === Flow.tryTable && this.#catchTargets === undefined && this.#counter !== undefined)
        return false;
      if (this.#reachable) this.#reached(opcode, at);
      else this.#unreached(opcode, at);
      if (this.#mustWrap) return false;
    }
    if (!this.#scratch.isComplete || this.#mustSettle) return false;
    if (this.#frames.depth > 0) reader.fail("unexpected end of bytes");
    return true;
  }

  #prologue({ index, type }: DefinedFunction): void {
    const { reader } = this.#copy;
    const counter = this.#counter;
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
    this.#frames.push(Label.block, 0, this.#catchTargets?.has(0) === true).bare = frame.bare;
  }

  #flush(): void {
    if (this.#owed === none) this.#counter?.subtract(this.#pending);
    else this.#counter?.checkLate(this.#pending, this.#owed);
    this.#settled();
  }

  /** What ran is subtracted. */
  #settled(): void {
    this.#pending = 0;
    this.#owed = none;
  }

  /**
   * Control goes to a label. The first path there subtracts nothing: what it has pending stays so behind the label, and
   * other paths subtract the difference.
   */
  #leave(frame: ControlFrame): void {
    if (frame.synced) return this.#save();
    if (this.#owed !== none) this.#flush();
    if (frame.carry === none) frame.carry = this.#pending;
    this.#counter?.subtract(this.#pending - frame.carry);
    this.#pending = frame.carry;
  }

  /** Subtracts what is pending and puts the counter into its global. */
  #save(): void {
    if (this.#owed !== none) this.#flush();
    this.#counter?.save(this.#pending);
    this.#settled();
  }

  /** The counter may have changed outside: takes it from its global. */
  #reload(): void {
    this.#counter?.reload();
    this.#since = 0;
  }

  #check(reason: CheckFor = checkFor.time): void {
    this.#mayThrow();
    if (this.#owed !== none && reason !== checkFor.fuel) this.#counter?.checkLate(this.#pending, this.#owed);
    else this.#counter?.check(this.#pending, reason);
    this.#settled();
    this.#since = 0;
  }

  /** Every place that may throw is a path into its handler. */
  #mayThrow(): void {
    if (this.#catching === 0) return;
    this.#throwing += 1;
    if (this.#throwing > maxMergedPaths) this.#copy.reader.fail(`more than ${maxMergedPaths} calls under try`);
  }

  #addCost(cost: number): void {
    this.#weight += cost;
    if (!this.#fuel) return;
    this.#pending += cost;
    this.#since += cost;
    if (this.#owed !== none) this.#owed += cost;
  }

  #reached(opcode: Opcode, at: number): void {
    this.#addCost(opcode.cost);
    this.#live(opcode, at);
    this.#previous = at;
    if (this.#since <= maxUnchecked || !this.#reachable || this.#frames.depth === 0) return;
    this.#copy.copyTo(this.#copy.reader.pos);
    this.#check();
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
        this.#leave(this.#label(0));
        return this.#arm(opcode);
      case Flow.end:
      case Flow.delegate:
        return this.#close(opcode, at);
      case Flow.br:
      case Flow.brIf:
      case Flow.brTable:
        return this.#branch(opcode, at);
      case Flow.call:
        return this.#call(opcode, at);
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
        return this.#tailCall(opcode, at);
      case Flow.return:
        this.#copy.copyTo(at);
        this.#return();
        this.#copy.drop();
        return;
      case Flow.unreachable:
      case Flow.throw:
        this.#mayThrow();
        this.#allocate(opcode, at);
        this.#copy.copyTo(at);
        this.#save();
        this.#copy.immediates(opcode);
        this.#copy.copyTo(this.#copy.reader.pos);
        this.#reachable = false;
    }
  }

  /** Emits a return, with the counter where the function passes it. */
  #return(): void {
    this.#handOver();
    this.#out.byte(returnOpcode);
    this.#reachable = false;
  }

  /** The function ends here: its caller gets the counter. */
  #handOver(): void {
    if (this.#counter?.passed !== true) return this.#save();
    if (this.#owed !== none) this.#flush();
    this.#counter.readLess(this.#pending);
    this.#settled();
  }

  /** Charges the object or exception that is made at `at`, if one is and it has to be. */
  #allocate(opcode: Opcode, at: number): void {
    const words = allocatedWords(this.#injection, opcode, this.#copy.reader);
    if (words === 0) return;
    this.#mayThrow();
    this.#copy.copyTo(at);
    emitHeapCharge(this.#injection, this.#out, words, this.#counter);
  }

  /** What a call instruction, whose immediates come next, may call; the reader does not move. */
  #callee({ immediate }: Opcode): Callee {
    const { reader } = this.#copy;
    const start = reader.pos;
    const index = reader.u32();
    reader.pos = start;
    const { shape, statics } = this.#injection;
    if (immediate !== Immediate.func) return this.#injection.passes(index) ? Callee.passing : Callee.other;
    if (isImported(shape, index)) return Callee.host;
    if (statics.of(index) !== undefined) return Callee.static;
    return this.#injection.passes(shape.functions[index] ?? -1) ? Callee.passing : Callee.other;
  }

  /** A function of the module checks at its entry. The host spends time, not fuel: its return is checked. */
  #call(opcode: Opcode, at: number): void {
    const counter = this.#counter;
    this.#mayThrow();
    if (counter === undefined) return this.#copy.immediates(opcode);
    const callee = this.#callee(opcode);
    if (callee === Callee.static) return this.#callStatic(opcode);
    this.#copy.copyTo(at);
    if (callee !== Callee.host) this.#chargeEntry();
    if (callee === Callee.passing && !counter.isLocal && opcode.immediate !== Immediate.func) {
      this.#save();
      return this.#callByAdaptor(opcode);
    }
    if (callee === Callee.passing) this.#pass(opcode);
    else this.#save();
    this.#copy.immediates(opcode);
    this.#copy.copyTo(this.#copy.reader.pos);
    this.#since = 0;
    if (callee === Callee.passing) counter.take();
    else this.#reload();
    if (callee === Callee.host) this.#check();
  }

  /** Puts the counter behind the arguments of a call, whose own operand (table index, reference) stays on top. */
  #pass(opcode: Opcode): void {
    const type = calledBy(this.#injection, opcode, this.#copy.reader);
    const scratch = type === undefined ? undefined : this.#scratch.local(type);
    if (scratch !== undefined) {
      this.#out.byte(op.localSet);
      this.#out.u32(scratch);
    }
    this.#counter?.readLess(this.#pending);
    this.#settled();
    if (scratch === undefined) return;
    this.#out.byte(op.localGet);
    this.#out.u32(scratch);
  }

  /** A function without a free local calls by reference: an adaptor takes the counter from its global. */
  #callByAdaptor(opcode: Opcode): void {
    const { reader } = this.#copy;
    const type = reader.u32();
    const table = opcode.immediate === Immediate.indirect ? reader.u32() : undefined;
    this.#out.byte(op.call);
    this.#out.u32(passingCall(this.#injection, type, table));
    this.#copy.drop();
    this.#since = 0;
  }

  /** The caller charges the entry of what it calls, which checks: no other check is due. */
  #chargeEntry(): void {
    this.#owed = none;
    if (this.#fuel) this.#pending += costTable.functionEntry;
  }

  #callStatic(opcode: Opcode): void {
    const { reader } = this.#copy;
    const start = reader.pos;
    const cost = this.#injection.statics.of(reader.u32());
    reader.pos = start;
    this.#copy.immediates(opcode);
    if (cost === undefined) return;
    this.#addCost(costTable.functionEntry + cost.cost);
    if (this.#fuel) this.#owed = cost.late;
  }

  /** Caller and callee have the same convention, see `passingTypes`; what stands for host and static functions has it too. */
  #tailCall(opcode: Opcode, at: number): void {
    this.#mayThrow();
    const { reader } = this.#copy;
    const counter = this.#counter;
    const callee = this.#callee(opcode);
    this.#copy.copyTo(at);
    this.#reachable = false;
    if (counter === undefined) {
      this.#copy.immediates(opcode);
      this.#copy.copyTo(reader.pos);
      return;
    }
    this.#chargeEntry();
    const passes = this.#passesTo(opcode, callee);
    if (passes && !counter.passed) return this.#callThenReturn(opcode);
    if (passes) this.#pass(opcode);
    else counter.save(this.#pending);
    this.#settled();
    if (opcode.immediate === Immediate.func) {
      this.#out.byte(this.#copy.reader.bytes[at] ?? 0);
      this.#out.u32(takenIndex(this.#injection, reader.u32()));
      this.#copy.drop();
      return;
    }
    this.#copy.immediates(opcode);
    this.#copy.copyTo(reader.pos);
  }

  /** Whether what stands for the callee of a tail call takes the counter; the reader does not move. */
  #passesTo({ immediate }: Opcode, callee: Callee): boolean {
    if (immediate !== Immediate.func || callee === Callee.passing) return callee === Callee.passing;
    const { reader } = this.#copy;
    const start = reader.pos;
    const type = this.#injection.shape.functions[reader.u32()] ?? -1;
    reader.pos = start;
    return this.#injection.passes(type);
  }

  /** A function with all of V8's locals returns no counter: its tail calls of functions that do are calls. */
  #callThenReturn(opcode: Opcode): void {
    const { reader } = this.#copy;
    if (opcode.immediate === Immediate.func) {
      this.#counter?.readLess(this.#pending);
      this.#out.byte(op.call);
      this.#out.u32(takenIndex(this.#injection, reader.u32()));
      this.#copy.drop();
      this.#counter?.take();
    } else {
      this.#save();
      this.#callByAdaptor(opcode);
    }
    this.#settled();
    this.#out.byte(returnOpcode);
  }

  #open(opcode: Opcode, at: number): void {
    const { flow } = opcode;
    const { reader } = this.#copy;
    this.#ordinal += 1;
    const synced = this.#catchTargets?.has(this.#ordinal) === true;
    if (flow === Flow.loop || (flow === Flow.if && synced)) {
      this.#copy.copyTo(at);
      // The loop's head checks.
      if (flow === Flow.loop && this.#fuel) this.#owed = none;
      this.#flush();
      if (synced) this.#save();
    }
    const bare = reader.peek() === emptyBlockType;
    if (flow === Flow.tryTable) this.#landings();
    else this.#copy.immediates(opcode);
    const frame = this.#frames.push(labelKind(flow), this.#since, synced);
    frame.bare = bare && flow !== Flow.loop;
    frame.catches = flow === Flow.try || flow === Flow.tryTable;
    if (frame.catches) this.#catching += 1;
    frame.ordinal = this.#ordinal;
    if (flow === Flow.loop || this.#settledLabels.has(this.#ordinal)) frame.carry = 0;
    frame.owedAtEntry = this.#owed;
    if (flow === Flow.if) frame.pendingAtEntry = this.#pending;
    if (flow === Flow.loop) this.#loopHead(frame);
  }

  #loopHead(frame: ControlFrame): void {
    if (this.#counter === undefined) return;
    this.#copy.copyTo(this.#copy.reader.pos);
    if (frame.synced) this.#reload();
    if (this.#fuel) {
      this.#check(checkFor.fuel);
      return;
    }
    this.#mayThrow();
    frame.weightAt = this.#counter.deferred();
    frame.outerWeight = this.#weight;
    this.#weight = 1;
  }

  /** Reads a `try_table`'s type and catch clauses; exceptions may reach their labels. */
  #landings(): void {
    const { reader } = this.#copy;
    this.#copy.blockType();
    for (let count = reader.count(2); count > 0; count--) {
      if (reader.byte() < 2) reader.u32();
      const frame = this.#label(reader.u32());
      frame.branched = true;
      if (frame.kind === Label.function) this.#needBlock();
    }
  }

  #label(index: number): ControlFrame {
    return this.#frames.label(index) ?? this.#copy.reader.fail("branch to a label that does not exist");
  }

  /** A branch to the function's label leaves no place for the counter. */
  #needBlock(): void {
    if (this.#counter?.passed === true) this.#mustWrap = true;
  }

  /** Starts the next arm of an `if` or legacy `try`: `else`, `catch`, `catch_all`. */
  #arm(opcode: Opcode): void {
    const frame = this.#frames.label(0) ?? this.#copy.reader.fail("else or catch outside its construct");
    if (this.#reachable) {
      frame.branched = true;
      frame.sinceMax = Math.max(frame.sinceMax, this.#since);
    }
    this.#copy.immediates(opcode);
    this.#reachable = true;
    this.#pending = frame.pendingAtEntry;
    this.#owed = frame.owedAtEntry;
    this.#since = frame.sinceAtEntry;
    if (opcode.flow === Flow.else) {
      frame.kind = Label.else;
      return;
    }
    frame.branched = true;
    this.#pending = 0;
    this.#owed = none;
    this.#copy.copyTo(this.#copy.reader.pos);
    this.#reload();
    this.#check();
  }

  #close(opcode: Opcode, at: number): void {
    const frame = this.#frames.label(0) ?? this.#copy.reader.fail("end outside a construct");
    if (frame.kind === Label.function) return this.#finish(frame, at);
    const joins = frame.branched || frame.kind === Label.if || frame.kind === Label.else || frame.kind === Label.try;
    // Without an else, the path around has nothing to subtract.
    if (frame.kind === Label.if && frame.carry === none) frame.carry = frame.pendingAtEntry;
    if (this.#reachable && (joins || frame.synced) && frame.kind !== Label.loop) {
      this.#copy.copyTo(at);
      this.#leave(frame);
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
    this.#out.patchS32(frame.weightAt, Math.max(1, this.#weight));
    this.#weight = frame.outerWeight;
  }

  /** The end of the function, whose instruction is at `at`. */
  #finish(frame: ControlFrame, at: number): void {
    this.#copy.copyTo(at);
    if (this.#reachable) this.#handOver();
    else if (this.#counter?.passed === true) this.#counter.readLess(0);
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
    this.#pending = pendingAtEntry;
    this.#owed = owedAtEntry;
    this.#leave(frame);
  }

  /** The point behind a construct, reached by falling through and by branches. */
  #join(frame: ControlFrame): void {
    const implicitElse = frame.kind === Label.if;
    let since = this.#reachable ? this.#since : 0;
    if (frame.branched) since = Math.max(since, frame.sinceMax);
    if (implicitElse) since = Math.max(since, frame.sinceAtEntry);
    const joined = frame.carry !== none;
    this.#reachable ||= frame.branched || implicitElse;
    this.#since = since;
    if (joined) this.#pending = frame.carry;
    if (!frame.synced || !this.#reachable) return;
    this.#pending = 0;
    this.#copy.copyTo(this.#copy.reader.pos);
    this.#reload();
    this.#check();
  }

  /** Notes that the branch at `at` goes to a label. */
  #branchTo(frame: ControlFrame, at: number): void {
    if (frame.lastBranch !== at && frame.kind !== Label.function) frame.branches += 1;
    frame.lastBranch = at;
    if (frame.branches > maxMergedPaths) {
      this.#copy.reader.fail(`more than ${maxMergedPaths} branches to one label`);
    }
    frame.branched = true;
    frame.sinceMax = Math.max(frame.sinceMax, this.#since);
  }

  #branch(opcode: Opcode, at: number): void {
    if (opcode.name === "br_if" && this.#exitIf(at)) return;
    if (opcode.name === "br" && this.#returnBranch(at)) return;
    const targets = this.#targets(opcode, at);
    this.#copy.copyTo(at);
    if (targets.size === 1) for (const frame of targets) this.#leaveBoth(frame);
    else this.#leaveAll(targets);
    this.#copy.copyTo(this.#copy.reader.pos);
    if (opcode.flow !== Flow.brIf) this.#reachable = false;
  }

  /** Leaves for a label, or not: the counter stays in the local as well. */
  #leaveBoth(frame: ControlFrame): void {
    if (frame.synced) this.#flush();
    this.#leave(frame);
  }

  /** Leaves for one of several labels, all with the same pending; where they differ, they are settled in the next attempt. */
  #leaveAll(targets: ReadonlySet<ControlFrame>): void {
    if (this.#owed !== none) this.#flush();
    const synced = [...targets].some((frame) => frame.synced);
    const known = [...targets].find((frame) => frame.carry !== none)?.carry;
    const carry = synced ? 0 : (known ?? this.#pending);
    this.#counter?.subtract(this.#pending - carry);
    this.#pending = carry;
    if (synced) this.#save();
    for (const frame of targets) {
      if (frame.synced) continue;
      if (frame.carry === none) frame.carry = carry;
      if (frame.carry === carry) continue;
      this.#mustSettle = true;
      for (const { ordinal } of targets) this.#settledLabels.add(ordinal);
    }
  }

  /** A branch to the label of a function that passes the counter is a return. */
  #returnBranch(at: number): boolean {
    const { reader } = this.#copy;
    const start = reader.pos;
    const frame = this.#label(reader.u32());
    if (frame.kind !== Label.function || this.#counter?.passed !== true) {
      reader.pos = start;
      return false;
    }
    this.#copy.copyTo(at);
    this.#return();
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
    const frame = this.#label(label);
    const returns = frame.kind === Label.function && this.#counter?.passed === true;
    const settled = this.#owed === none && (frame.carry === none || frame.carry === this.#pending);
    if (this.#counter === undefined || !frame.bare || frame.synced || (settled && !returns)) {
      reader.pos = start;
      return false;
    }
    this.#branchTo(frame, at);
    this.#copy.copyTo(at);
    const { pending, owed } = { pending: this.#pending, owed: this.#owed };
    this.#out.bytes2(op.if, emptyBlockType);
    if (returns) {
      this.#return();
      this.#reachable = true;
    } else {
      this.#leave(frame);
      this.#out.byte(brOpcode);
      this.#out.u32(label + 1);
    }
    this.#out.byte(op.end);
    this.#pending = pending;
    this.#owed = owed;
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
      const frame = this.#label(reader.u32());
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

  #replace(opcode: Opcode, at: number): void {
    const { reader } = this.#copy;
    const start = reader.pos;
    const counted = (opcode.uses & Use.threads) === 0;
    const count = counted ? smallConstant(reader.bytes, this.#previous) : undefined;
    if (count !== undefined) this.#addCost(count);
    const call = replacement(this.#injection, opcode, reader, count !== undefined);
    if (call === undefined) {
      reader.pos = start;
      skipImmediates(reader, opcode.immediate);
      return;
    }
    this.#mayThrow();
    this.#copy.copyTo(at);
    this.#save();
    this.#out.byte(op.call);
    this.#out.u32(call);
    this.#copy.drop();
    this.#reload();
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
