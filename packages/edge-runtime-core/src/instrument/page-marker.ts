// Adds to a metered body what marks the pages that it writes to: behind each store, unless the page is known to be
// marked, one byte of the memory's marks is set. Bulk operations mark ranges through an injected function. It works on
// finished bodies, injected ones included, so that no store escapes it and metering knows nothing of it.
//
//   local.get p, <value>, i32.store offset=8      ...the same, then
//                                                 global.get marks, local.get p, i32.const 8, i32.add, i32.const 12,
//                                                 i32.shr_u, i32.const 1, array.set
//
// Where the address is in no local any more, it is kept in a scratch local. Unreachable code is marked like other code.

import { readOpcode, skipImmediates } from "../binary/instruction.ts";
import type { Opcode } from "../binary/opcodes.ts";
import { Flow, Immediate } from "../binary/opcodes.ts";
import { Reader } from "../binary/reader.ts";
import { Writer } from "../binary/writer.ts";
import { AddressFacts, unknownValue, zeroValue } from "./address-facts.ts";
import { maxFunctionLocals } from "./cost-table.ts";
import { pageShift, slackBytes } from "./dirty-pages.ts";
import { outline } from "./body-outline.ts";
import { addressOps, op } from "./emit.ts";
import type { Injection } from "./injection.ts";
import { V } from "./injection.ts";
import { emitMark, markRange } from "./mark-range.ts";
import { MarkerLocals } from "./marker-locals.ts";
import { plainEffect, stackEffect } from "./stack-effects.ts";
import { plainEnd } from "./plain-extent.ts";
import type { StoreOperator } from "./store-operators.ts";
import { prefix, storeOperator } from "./store-operators.ts";

/** V8's limit on the size of a function. */
const maxBodyBytes = 7_654_321;
/** More locals than scratch can be needed. */
const scratchRoom = 32;
const bulk = { init: 8, copy: 10, fill: 11 } as const;
const i32Add = 0x6a;
const i32Sub = 0x6b;

export class PageMarker {
  readonly #injection: Injection;
  readonly #facts = new AddressFacts();
  readonly #out = new Writer(4096);
  readonly #code = new Writer(4096);
  readonly #scratch = new MarkerLocals();
  readonly #kinds: Flow[] = [];
  #reader = new Reader(new Uint8Array());
  /** First byte of the body that was not copied yet. */
  #copied = 0;
  #failed = false;
  /** Start of each run of bytes that was copied, in the body and in `#code`. */
  readonly #runs: number[] = [];
  #headerLength = 0;
  /** Locals that the loops assign, by the order of the loops. */
  #loops: readonly (readonly number[] | undefined)[] = [];
  #loop = 0;

  constructor(injection: Injection) {
    this.#injection = injection;
  }

  /** A body was too large to be marked: none of the module may be. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Marks a body (locals and expression, without its size) of a function with `params` parameters. */
  rewrite(bytes: Uint8Array, params: number): Uint8Array {
    const reader = new Reader(bytes);
    const groups = reader.count(2);
    const groupsAt = reader.pos;
    const locals = params + this.#skipGroups(reader, groups);
    const start = reader.pos;
    const { loops, writes } = outline(reader);
    this.#runs.length = 0;
    if (!writes) return bytes;
    this.#loops = loops;
    this.#loop = 0;
    reader.pos = start;
    this.#reader = reader;
    this.#copied = start;
    this.#code.truncate(0);
    this.#scratch.start(locals);
    this.#facts.start(locals + scratchRoom);
    this.#facts.enter(false);
    this.#kinds.length = 0;
    this.#run();
    if (this.#code.length === 0) return bytes;
    this.#copyTo(reader.pos);
    this.#out.truncate(0);
    this.#out.u32(groups + this.#scratch.count);
    this.#out.copy(bytes, groupsAt, start);
    this.#scratch.declare(this.#out);
    this.#headerLength = this.#out.length;
    this.#out.appendWriter(this.#code);
    if (locals + scratchRoom > maxFunctionLocals || this.#out.length > maxBodyBytes) this.#failed = true;
    return this.#out.view();
  }

  #skipGroups(reader: Reader, groups: number): number {
    let locals = 0;
    for (let index = 0; index < groups; index++) {
      locals += reader.u32();
      const type = reader.byte();
      if (type === 0x63 || type === 0x64) reader.skipLeb(5);
    }
    return locals;
  }

  /** Where the places of the body that `rewrite` took last, ascending, are in what it gave. */
  moved(places: readonly number[]): readonly number[] {
    if (this.#runs.length === 0) return places;
    let run = 0;
    return places.map((place) => {
      while ((this.#runs[run + 2] ?? Number.POSITIVE_INFINITY) <= place) run += 2;
      return place - (this.#runs[run] ?? 0) + (this.#runs[run + 1] ?? 0) + this.#headerLength;
    });
  }

  /** Copies what was read and not changed, up to `to`. */
  #copyTo(to: number): void {
    if (to > this.#copied) this.#runs.push(this.#copied, this.#code.length);
    this.#code.copy(this.#reader.bytes, this.#copied, to);
    this.#copied = to;
  }

  #run(): void {
    const reader = this.#reader;
    const { bytes } = reader;
    const facts = this.#facts;
    for (let depth = 1; depth > 0;) {
      const at = reader.pos;
      const first = bytes[at] ?? 0;
      const effect = plainEffect(first);
      const end = effect < 0 ? 0 : plainEnd(bytes, at, first);
      if (end > 0) {
        reader.pos = end;
        facts.effect(effect);
      } else {
        depth += this.#step();
      }
    }
  }

  /** One instruction; answers by how much it changes the nesting. */
  #step(): number {
    const reader = this.#reader;
    const at = reader.pos;
    const first = reader.peek();
    const opcode = readOpcode(reader);
    if (first >= prefix.gc && first <= prefix.atomic) this.#prefixed(opcode, first, at);
    else if (opcode.flow === Flow.plain) this.#plain(opcode, first, at);
    else return this.#control(opcode, first);
    return 0;
  }

  #plain(opcode: Opcode, first: number, at: number): void {
    const reader = this.#reader;
    const facts = this.#facts;
    switch (first) {
      case op.localGet:
        return facts.get(reader.u32());
      case op.localSet:
        return facts.set(reader.u32());
      case op.localTee:
        return facts.tee(reader.u32());
      case op.i32Const:
        return facts.push(zeroValue, reader.s33() | 0);
      case i32Add:
      case i32Sub:
        return facts.add(first === i32Add ? 1 : -1);
    }
    const store = storeOperator(first, 0);
    if (store !== undefined) return this.#store(store, opcode, at);
    skipImmediates(reader, opcode.immediate);
    this.#effect(first);
  }

  #effect(opcode: number): void {
    const effect = stackEffect(opcode);
    if (effect < 0) this.#facts.clearOperands();
    else this.#facts.effect(effect);
  }

  #prefixed(opcode: Opcode, first: number, at: number): void {
    const reader = this.#reader;
    if (opcode.flow === Flow.brIf) return this.#branches(opcode);
    const immediates = reader.pos;
    reader.pos = at + 1;
    const code = reader.u32();
    reader.pos = immediates;
    const store = storeOperator(first, code);
    if (store !== undefined) return this.#store(store, opcode, at);
    if (first === prefix.bulk && (code === bulk.init || code === bulk.copy || code === bulk.fill)) this.#bulk(code, at);
    else skipImmediates(reader, opcode.immediate);
    this.#facts.clearOperands();
  }

  #control(opcode: Opcode, first: number): number {
    const reader = this.#reader;
    const facts = this.#facts;
    switch (opcode.flow) {
      case Flow.tryTable:
        this.#landings();
        return this.#enter(opcode.flow);
      case Flow.block:
      case Flow.loop:
      case Flow.if:
      case Flow.try:
        skipImmediates(reader, opcode.immediate);
        return this.#enter(opcode.flow);
      case Flow.else:
      case Flow.catch:
        skipImmediates(reader, opcode.immediate);
        facts.arm();
        return 0;
      case Flow.end:
      case Flow.delegate: {
        skipImmediates(reader, opcode.immediate);
        const kind = this.#kinds.pop();
        facts.leave(kind === Flow.if || kind === Flow.try);
        return -1;
      }
      case Flow.br:
      case Flow.brIf:
      case Flow.brTable:
        this.#branches(opcode);
        return 0;
      default:
        break;
    }
    skipImmediates(reader, opcode.immediate);
    this.#effect(first);
    return 0;
  }

  #enter(kind: Flow): number {
    this.#kinds.push(kind);
    if (kind === Flow.loop) this.#facts.enter(true, this.#loops[this.#loop++]);
    else this.#facts.enter(false);
    return 1;
  }

  /** Exceptions may land on the labels of a `try_table` from its first instruction on. */
  #landings(): void {
    const reader = this.#reader;
    skipImmediates(reader, Immediate.blockType);
    for (let count = reader.count(2); count > 0; count--) {
      if (reader.byte() < 2) reader.u32();
      this.#facts.branch(reader.u32());
    }
  }

  #branches(opcode: Opcode): void {
    const reader = this.#reader;
    const onCast = opcode.immediate === Immediate.branchOnCast;
    if (onCast) reader.skip(1);
    const count = opcode.immediate === Immediate.labels ? reader.count() + 1 : 1;
    for (let index = 0; index < count; index++) this.#facts.branch(reader.u32());
    if (onCast) {
      reader.skipLeb(5);
      reader.skipLeb(5);
    }
    if (opcode.name === "br_if") this.#facts.pop(1);
    else this.#facts.clearOperands();
  }

  #store(store: StoreOperator, opcode: Opcode, at: number): void {
    const reader = this.#reader;
    const facts = this.#facts;
    const alignment = reader.u32();
    const memory = alignment & 0x40 ? reader.u32() : 0;
    const place = this.#injection.marks?.places[memory];
    const is64 = this.#injection.memory(memory)?.type.is64 === true;
    const offset = is64 ? reader.u64() : reader.u32();
    if (opcode.immediate === Immediate.memargLane) reader.skip(1);
    const above = store.operands.length;
    const value = facts.value(above);
    const base = facts.offset(above);
    facts.pop(above + 1);
    if (store.results > 0) facts.push(unknownValue, 0);
    if (place === undefined) return;
    const spec = { store, memory, is64, offset, at };
    if (!place.tracks || value === unknownValue) return this.#markUnknown(spec);
    const position = (base + Number(offset)) | 0;
    if (facts.covers(memory, value, position, position + store.bytes - 1)) return;
    const holder = value === zeroValue ? undefined : facts.holder(value);
    if (holder === -1) return this.#markUnknown(spec);
    this.#copyTo(reader.pos);
    facts.cover(memory, value, position - slackBytes, position + slackBytes);
    emitMark(this.#injection, this.#code, memory, (out) => {
      if (holder === undefined) {
        out.byte(op.i32Const);
        out.s32(position >>> pageShift);
        return;
      }
      out.byte(op.localGet);
      out.u32(holder);
      const distance = (position - facts.holderOffset(value)) | 0;
      if (distance !== 0) {
        out.byte(op.i32Const);
        out.s32(distance);
        out.byte(i32Add);
      }
      out.append([op.i32Const, pageShift, 0x76]);
    });
  }

  /** The address is in no local: takes the operands off the stack, keeps it, and puts them back. */
  #markUnknown(spec: UnknownStore): void {
    const { store, memory, is64, offset, at } = spec;
    const ops = addressOps(is64);
    const address = this.#scratch.take(ops.type);
    const above = store.operands.map((type) => this.#scratch.take(type));
    const code = this.#code;
    const end = this.#reader.pos;
    this.#copyTo(at);
    for (const local of above.toReversed()) {
      code.byte(op.localSet);
      code.u32(local);
    }
    code.byte(op.localTee);
    code.u32(address);
    for (const local of above) {
      code.byte(op.localGet);
      code.u32(local);
    }
    this.#copyTo(end);
    emitMark(this.#injection, code, memory, (out) => {
      out.byte(op.localGet);
      out.u32(address);
      if (typeof offset === "bigint") out.i64Const(offset);
      else {
        out.byte(op.i32Const);
        out.s32(offset | 0);
      }
      out.byte(ops.add);
      out.append([ops.constant, pageShift, is64 ? 0x88 : 0x76]);
      if (is64) out.byte(0xa7);
    });
    this.#scratch.giveBack();
  }

  /** memory.init, memory.copy, memory.fill: the range is marked once it has been written. */
  #bulk(code: number, at: number): void {
    const reader = this.#reader;
    const injection = this.#injection;
    const first = reader.u32();
    const second = code === bulk.fill ? first : reader.u32();
    const memory = code === bulk.init ? second : first;
    if (injection.marks?.places[memory] === undefined) return;
    const target = addressOps(injection.memory(memory)?.type.is64);
    const source = code === bulk.copy ? addressOps(injection.memory(second)?.type.is64).type : V.i32;
    const count = code === bulk.fill ? target.type : code === bulk.copy && source === target.type ? source : V.i32;
    const [to, from, length] = [target.type, source, count].map((type) => this.#scratch.take(type));
    const out = this.#code;
    const end = reader.pos;
    this.#copyTo(at);
    for (const [opcode, local] of [
      [op.localSet, length],
      [op.localSet, from],
      [op.localTee, to],
      [op.localGet, from],
      [op.localGet, length],
    ]) {
      out.byte(opcode ?? 0);
      out.u32(local ?? 0);
    }
    this.#copyTo(end);
    out.byte(op.localGet);
    out.u32(to ?? 0);
    out.byte(op.localGet);
    out.u32(length ?? 0);
    if (target.type === V.i64 && count === V.i32) out.byte(0xad);
    out.byte(op.call);
    out.u32(markRange(injection, memory));
    this.#scratch.giveBack();
  }
}

interface UnknownStore {
  readonly store: StoreOperator;
  readonly memory: number;
  readonly is64: boolean;
  /** Static offset of the store. */
  readonly offset: number | bigint;
  readonly at: number;
}
