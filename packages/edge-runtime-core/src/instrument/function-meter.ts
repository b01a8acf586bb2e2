// Rewrites one function body: renumbers what moved, replaces bulk operations and growth, and meters.
//
// Costs are gathered while code runs straight on and subtracted where control flow divides or joins, so that what was
// consumed is exact at every call, check and return. The counter lives in a local; it is in its global whenever code
// outside the function can see it: at calls, throws, tail calls and exits. It is checked at function entry, at loop
// heads, where exceptions land, after calls that may have gone to the host, and wherever more than `maxUnchecked`
// operators could have run on some path since the last check. Unreachable code is renumbered and otherwise copied.
//
// Deadline metering gathers nothing: entries and loop heads charge the number of operators of their region (without
// inner loops) at once.

import { readOpcode, skipImmediates } from "../binary/instruction.ts";
import type { Opcode } from "../binary/opcodes.ts";
import { Flow, Immediate, Use } from "../binary/opcodes.ts";
import { Reader } from "../binary/reader.ts";
import { Writer } from "../binary/writer.ts";
import { findCatchTargets } from "./catch-targets.ts";
import type { ControlFrame, LabelKind } from "./control-stack.ts";
import { ControlStack, Label } from "./control-stack.ts";
import { costTable, maxFunctionLocals, maxMergedPaths, maxUnchecked } from "./cost-table.ts";
import { Counter } from "./counter.ts";
import { allocatedWords, emitHeapCharge } from "./heap-charge.ts";
import { calledIndex, takenIndex } from "./function-index.ts";
import type { Injection } from "./injection.ts";
import { replacement } from "./replacement.ts";
import { smallConstant } from "./small-constant.ts";
import type { CheckFor } from "./slow-check.ts";
import { checkFor } from "./slow-check.ts";

const ifOpcode = 0x04;
const elseOpcode = 0x05;
const endOpcode = 0x0b;
const brOpcode = 0x0c;
const emptyBlockType = 0x40;

export class FunctionMeter {
  readonly #injection: Injection;
  readonly #out = new Writer(4096);
  readonly #counter: Counter | undefined;
  readonly #fuel: boolean;
  readonly #frames = new ControlStack();
  #reader = new Reader(new Uint8Array());
  /** First byte of the original that was not copied yet. */
  #copied = 0;
  #reachable = true;
  /** Nesting inside unreachable code. */
  #dead = 0;
  /** Fuel that ran but was not subtracted yet. */
  #pending = 0;
  /** Operators since the last check, the most over all paths to here. */
  #since = 0;
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

  constructor(injection: Injection) {
    this.#injection = injection;
    this.#fuel = injection.metering === "fuel";
    this.#counter = injection.metered ? new Counter(this.#out, injection) : undefined;
  }

  /** Bits of `Use` over all functions rewritten so far. */
  get uses(): number {
    return this.#uses;
  }

  /** Rewrites the body at `[start, end)` (locals and expression, without its size) of a function with `params`. */
  rewrite(bytes: Uint8Array, range: { start: number; end: number }, params: number): Writer {
    this.#catchTargets = undefined;
    if (!this.#attempt(bytes, range, params)) {
      const reader = new Reader(bytes, range.start, range.end);
      this.#skipLocals(reader);
      this.#catchTargets = findCatchTargets(reader);
      this.#attempt(bytes, range, params);
    }
    return this.#out;
  }

  /** False where a `try_table` came up and the labels that its exceptions land on are not known yet. */
  #attempt(bytes: Uint8Array, range: { start: number; end: number }, params: number): boolean {
    this.#reader = new Reader(bytes, range.start, range.end);
    this.#out.truncate(0);
    this.#frames.clear();
    this.#reachable = true;
    this.#dead = 0;
    this.#pending = 0;
    this.#since = 0;
    this.#weight = 1;
    this.#ordinal = 0;
    this.#catching = 0;
    this.#throwing = 0;
    const frame = this.#frames.push(Label.function, 0, true);
    this.#prologue(params, frame);
    while (this.#frames.depth > 0) {
      const at = this.#reader.pos;
      const opcode = readOpcode(this.#reader);
      this.#uses |= opcode.uses;
      if (opcode.flow === Flow.tryTable && this.#catchTargets === undefined && this.#counter !== undefined)
        return false;
      if (this.#reachable) this.#reached(opcode, at);
      else this.#unreached(opcode, at);
    }
    if (!this.#reader.done) this.#reader.fail("bytes after the end of a function");
    return true;
  }

  #skipLocals(reader: Reader): number {
    let total = 0;
    for (let groups = reader.count(2); groups > 0; groups--) {
      total += reader.u32();
      const type = reader.byte();
      if (type === 0x63 || type === 0x64) reader.skipLeb(5);
    }
    return total;
  }

  #prologue(params: number, frame: ControlFrame): void {
    const reader = this.#reader;
    const start = reader.pos;
    const groups = reader.count(2);
    const rest = reader.pos;
    reader.pos = start;
    const locals = params + this.#skipLocals(reader);
    const counter = this.#counter;
    const caches = counter !== undefined && locals < maxFunctionLocals;
    this.#out.u32(groups + (caches ? 1 : 0));
    this.#out.copy(reader.bytes, rest, reader.pos);
    if (caches) this.#out.bytes2(1, 0x7f);
    this.#copied = reader.pos;
    if (counter === undefined) return;
    counter.useLocal(caches ? locals : undefined);
    if (this.#fuel) counter.enter(costTable.functionEntry);
    else frame.weightAt = counter.deferred(true);
  }

  /** Copies what was read and not changed, up to `to`. */
  #copyTo(to: number): void {
    this.#out.copy(this.#reader.bytes, this.#copied, to);
    this.#copied = to;
  }

  #flush(): void {
    this.#counter?.subtract(this.#pending);
    this.#pending = 0;
  }

  /** Control goes to a label: subtracts what is pending, into the global too where the label is synced. */
  #leave(synced: boolean): void {
    if (synced) this.#save();
    else this.#flush();
  }

  /** Subtracts what is pending and puts the counter into its global. */
  #save(): void {
    this.#counter?.save(this.#pending);
    this.#pending = 0;
  }

  /** The counter may have changed outside: takes it from its global. */
  #reload(): void {
    this.#counter?.reload();
    this.#since = 0;
  }

  #check(reason: CheckFor = checkFor.time): void {
    this.#mayThrow();
    this.#counter?.check(this.#pending, reason);
    this.#pending = 0;
    this.#since = 0;
  }

  /** Every place that may throw is a path into its handler. */
  #mayThrow(): void {
    if (this.#catching === 0) return;
    this.#throwing += 1;
    if (this.#throwing > maxMergedPaths) this.#reader.fail(`more than ${maxMergedPaths} calls under try`);
  }

  #addCost(cost: number): void {
    this.#weight += cost;
    if (!this.#fuel) return;
    this.#pending += cost;
    this.#since += cost;
  }

  #reached(opcode: Opcode, at: number): void {
    this.#addCost(opcode.cost);
    this.#live(opcode, at);
    this.#previous = at;
    if (this.#since <= maxUnchecked || !this.#reachable || this.#frames.depth === 0) return;
    this.#copyTo(this.#reader.pos);
    this.#check();
  }

  #live(opcode: Opcode, at: number): void {
    switch (opcode.flow) {
      case Flow.plain:
        return this.#renumber(opcode.immediate);
      case Flow.block:
      case Flow.if:
      case Flow.loop:
      case Flow.try:
      case Flow.tryTable:
        return this.#open(opcode, at);
      case Flow.else:
      case Flow.catch:
        this.#copyTo(at);
        this.#leave(this.#frames.label(0)?.synced === true);
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
        return this.#renumber(opcode.immediate);
      case Flow.drop:
        this.#renumber(opcode.immediate);
        this.#copyTo(this.#reader.pos);
        this.#out.append([0x41, 1, 0x24]);
        this.#out.u32(this.#injection.taintGlobal);
        return;
      case Flow.return:
      case Flow.unreachable:
      case Flow.tailCall:
      case Flow.throw:
        this.#mayThrow();
        this.#allocate(opcode, at);
        this.#copyTo(at);
        this.#save();
        this.#renumber(opcode.immediate);
        this.#reachable = false;
    }
  }

  /** Charges the object or exception that is made at `at`, if one is and it has to be. */
  #allocate(opcode: Opcode, at: number): void {
    const words = allocatedWords(this.#injection, opcode, this.#reader);
    if (words === 0) return;
    this.#mayThrow();
    this.#copyTo(at);
    emitHeapCharge(this.#injection, this.#out, words, this.#counter);
  }

  /** A function of the module checks at its entry. The host spends time, not fuel: its return is checked. */
  #call({ immediate }: Opcode, at: number): void {
    this.#mayThrow();
    this.#copyTo(at);
    this.#save();
    const start = this.#reader.pos;
    const isHost = immediate === Immediate.func && this.#reader.u32() < this.#injection.shape.importedFunctions;
    this.#reader.pos = start;
    this.#renumber(immediate);
    this.#copyTo(this.#reader.pos);
    this.#reload();
    if (isHost) this.#check();
  }

  /** Skips immediates, rewriting a function or global index that moved. */
  #renumber(immediate: Immediate): void {
    const reader = this.#reader;
    if (immediate !== Immediate.func && immediate !== Immediate.funcRef && immediate !== Immediate.global) {
      skipImmediates(reader, immediate);
      return;
    }
    const at = reader.pos;
    const index = reader.u32();
    const moved = this.#moved(immediate, index);
    if (moved === index) return;
    this.#copyTo(at);
    this.#out.u32(moved);
    this.#copied = reader.pos;
  }

  #moved(immediate: Immediate, index: number): number {
    if (immediate === Immediate.global) return this.#injection.globalIndex(index);
    return immediate === Immediate.func ? calledIndex(this.#injection, index) : takenIndex(this.#injection, index);
  }

  #open(opcode: Opcode, at: number): void {
    const { flow } = opcode;
    this.#ordinal += 1;
    const synced = this.#catchTargets?.has(this.#ordinal) === true;
    if (flow === Flow.loop || (flow === Flow.if && synced)) {
      this.#copyTo(at);
      this.#flush();
      if (synced) this.#save();
    }
    const bare = this.#reader.peek() === emptyBlockType;
    if (flow === Flow.tryTable) this.#landings();
    else skipImmediates(this.#reader, opcode.immediate);
    const frame = this.#frames.push(labelKind(flow), this.#since, synced);
    frame.bare = bare && flow !== Flow.loop;
    frame.catches = flow === Flow.try || flow === Flow.tryTable;
    if (frame.catches) this.#catching += 1;
    if (flow === Flow.if) frame.pendingAtEntry = this.#pending;
    if (flow === Flow.loop) this.#loopHead(frame);
  }

  #loopHead(frame: ControlFrame): void {
    if (this.#counter === undefined) return;
    this.#copyTo(this.#reader.pos);
    if (frame.synced) this.#reload();
    if (this.#fuel) {
      this.#check(checkFor.fuel);
      return;
    }
    this.#mayThrow();
    frame.weightAt = this.#counter.deferred(false);
    frame.outerWeight = this.#weight;
    this.#weight = 1;
  }

  /** Reads a `try_table`'s type and catch clauses; exceptions may reach their labels. */
  #landings(): void {
    const reader = this.#reader;
    skipImmediates(reader, Immediate.blockType);
    for (let count = reader.count(2); count > 0; count--) {
      if (reader.byte() < 2) reader.u32();
      const frame = this.#frames.label(reader.u32());
      if (frame !== undefined) frame.branched = true;
    }
  }

  /** Starts the next arm of an `if` or legacy `try`: `else`, `catch`, `catch_all`. */
  #arm(opcode: Opcode): void {
    const frame = this.#frames.label(0) ?? this.#reader.fail("else or catch outside its construct");
    if (this.#reachable) {
      frame.branched = true;
      frame.sinceMax = Math.max(frame.sinceMax, this.#since);
    }
    this.#renumber(opcode.immediate);
    this.#reachable = true;
    this.#pending = frame.pendingAtEntry;
    this.#since = frame.sinceAtEntry;
    if (opcode.flow === Flow.else) {
      frame.kind = Label.else;
      return;
    }
    frame.branched = true;
    this.#copyTo(this.#reader.pos);
    this.#reload();
    this.#check();
  }

  #close(opcode: Opcode, at: number): void {
    const frame = this.#frames.label(0) ?? this.#reader.fail("end outside a construct");
    const joins = frame.branched || frame.kind === Label.if || frame.kind === Label.else || frame.kind === Label.try;
    if (this.#reachable && (joins || frame.synced) && frame.kind !== Label.loop) {
      this.#copyTo(at);
      this.#leave(frame.synced);
    }
    if (frame.kind === Label.if) this.#missingElse(frame, at);
    skipImmediates(this.#reader, opcode.immediate);
    this.#frames.pop();
    if (frame.catches) this.#catching -= 1;
    if (frame.weightAt >= 0) {
      this.#out.patchS32(frame.weightAt, Math.max(1, this.#weight));
      this.#weight = frame.outerWeight;
    }
    if (frame.kind === Label.function) this.#copyTo(this.#reader.pos);
    else if (frame.kind !== Label.loop) this.#join(frame);
  }

  /** The path around an `if` without `else` owes what was pending at its entry. */
  #missingElse(frame: ControlFrame, at: number): void {
    if (frame.pendingAtEntry === 0) return;
    this.#copyTo(at);
    this.#out.byte(elseOpcode);
    this.#counter?.subtract(frame.pendingAtEntry);
    this.#pending = 0;
  }

  /** The point behind a construct, reached by falling through and by branches. */
  #join(frame: ControlFrame): void {
    const implicitElse = frame.kind === Label.if;
    let since = this.#reachable ? this.#since : 0;
    if (frame.branched) since = Math.max(since, frame.sinceMax);
    if (implicitElse) since = Math.max(since, frame.sinceAtEntry);
    this.#reachable ||= frame.branched || implicitElse;
    this.#since = since;
    if (!frame.synced || !this.#reachable) return;
    this.#copyTo(this.#reader.pos);
    this.#reload();
    this.#check();
  }

  /** Notes that the branch at `at` goes to label `index`; true where the counter must be in its global there. */
  #branchTo(index: number, at: number): boolean {
    const frame = this.#frames.label(index) ?? this.#reader.fail("branch to a label that does not exist");
    if (frame.lastBranch !== at && frame.kind !== Label.function) frame.branches += 1;
    frame.lastBranch = at;
    if (frame.branches > maxMergedPaths) this.#reader.fail(`more than ${maxMergedPaths} branches to one label`);
    frame.branched = true;
    frame.sinceMax = Math.max(frame.sinceMax, this.#since);
    return frame.synced;
  }

  #branch(opcode: Opcode, at: number): void {
    if (opcode.name === "br_if" && this.#exitIf(at)) return;
    const synced = this.#targets(opcode, at);
    this.#copyTo(at);
    this.#flush();
    if (synced) this.#save();
    if (opcode.flow !== Flow.brIf) this.#reachable = false;
  }

  /**
   * A conditional branch out of a construct is taken once where its neighbours are passed often: only the taken path
   * subtracts. `br_if L` becomes `if <subtract> br L+1 end`; false where values or exceptions are in the way.
   */
  #exitIf(at: number): boolean {
    const start = this.#reader.pos;
    const label = this.#reader.u32();
    if (this.#pending === 0 || this.#frames.label(label)?.bare !== true || this.#branchTo(label, at)) {
      this.#reader.pos = start;
      return false;
    }
    this.#copyTo(at);
    this.#out.bytes2(ifOpcode, emptyBlockType);
    this.#counter?.subtract(this.#pending);
    this.#out.byte(brOpcode);
    this.#out.u32(label + 1);
    this.#out.byte(endOpcode);
    this.#copied = this.#reader.pos;
    return true;
  }

  /** Reads a branch's labels; true where one of them needs the counter in its global. */
  #targets(opcode: Opcode, at: number): boolean {
    const reader = this.#reader;
    if (opcode.immediate === Immediate.branchOnCast) reader.skip(1);
    const count = opcode.immediate === Immediate.labels ? reader.count() + 1 : 1;
    let synced = false;
    for (let index = 0; index < count; index++) synced = this.#branchTo(reader.u32(), at) || synced;
    if (opcode.immediate === Immediate.branchOnCast) {
      reader.skipLeb(5);
      reader.skipLeb(5);
    }
    return synced;
  }

  #replace(opcode: Opcode, at: number): void {
    const start = this.#reader.pos;
    const counted = (opcode.uses & (Use.gc | Use.threads)) === 0;
    const count = counted ? smallConstant(this.#reader.bytes, this.#previous) : undefined;
    if (count !== undefined) this.#addCost(count);
    const call = replacement(this.#injection, opcode, this.#reader, count !== undefined);
    if (call === undefined) {
      this.#reader.pos = start;
      skipImmediates(this.#reader, opcode.immediate);
      return;
    }
    this.#mayThrow();
    this.#copyTo(at);
    this.#save();
    this.#out.byte(0x10);
    this.#out.u32(call);
    this.#copied = this.#reader.pos;
    this.#reload();
  }

  /** Unreachable code: indices must stay true, since it is validated all the same. */
  #unreached(opcode: Opcode, at: number): void {
    const { flow } = opcode;
    if (flow === Flow.block || flow === Flow.loop || flow === Flow.if || flow === Flow.try || flow === Flow.tryTable) {
      this.#ordinal += 1;
      this.#dead += 1;
    } else if (flow === Flow.end || flow === Flow.delegate) {
      if (this.#dead === 0) return this.#close(opcode, at);
      this.#dead -= 1;
    } else if ((flow === Flow.else || flow === Flow.catch) && this.#dead === 0) {
      return this.#arm(opcode);
    }
    this.#renumber(opcode.immediate);
  }
}

function labelKind(flow: Flow): LabelKind {
  if (flow === Flow.loop) return Label.loop;
  if (flow === Flow.if) return Label.if;
  return flow === Flow.try ? Label.try : Label.block;
}
