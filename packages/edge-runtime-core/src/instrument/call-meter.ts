// Calls and tail calls: how the counter gets to the callee and back, and what the caller charges.

import type { Opcode } from "../binary/opcodes.ts";
import { Immediate } from "../binary/opcodes.ts";
import type { Writer } from "../binary/writer.ts";
import { passingCall } from "./adaptors.ts";
import type { BodyCopy } from "./body-copy.ts";
import { calledBy, isImported } from "./calling-convention.ts";
import type { Charges } from "./charges.ts";
import { costTable } from "./cost-table.ts";
import { op } from "./emit.ts";
import { takenIndex } from "./function-index.ts";
import type { Injection } from "./injection.ts";
import type { ScratchLocals } from "./scratch-locals.ts";

const returnOpcode = 0x0f;

/** Conventions of the functions that an instruction may call. */
const Callee = { host: 0, static: 1, passing: 2, other: 3 } as const;
type Callee = (typeof Callee)[keyof typeof Callee];

export class CallMeter {
  readonly #injection: Injection;
  readonly #copy: BodyCopy;
  readonly #charges: Charges;
  readonly #scratch: ScratchLocals;
  readonly #out: Writer;
  readonly #fuel: boolean;

  constructor(
    injection: Injection,
    copy: BodyCopy,
    parts: { readonly charges: Charges; readonly scratch: ScratchLocals },
  ) {
    this.#injection = injection;
    this.#copy = copy;
    this.#out = copy.out;
    this.#charges = parts.charges;
    this.#scratch = parts.scratch;
    this.#fuel = injection.metering === "fuel";
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
  call(opcode: Opcode, at: number): void {
    const counter = this.#charges.counter;
    if (counter === undefined) return this.#copy.immediates(opcode);
    const callee = this.#callee(opcode);
    if (callee === Callee.static) return this.#callStatic(opcode);
    this.#copy.copyTo(at);
    if (callee !== Callee.host) this.#charges.chargeEntry();
    if (callee === Callee.passing && !counter.isLocal && opcode.immediate !== Immediate.func) {
      this.#charges.save();
      return this.#callByAdaptor(opcode);
    }
    if (callee === Callee.passing) this.#pass(opcode);
    else this.#charges.save();
    this.#copy.immediates(opcode);
    this.#copy.copyTo(this.#copy.reader.pos);
    this.#charges.checked();
    if (callee === Callee.passing) counter.take();
    else this.#charges.reload();
    if (callee === Callee.host) this.#charges.check();
  }

  /** Puts the counter behind the arguments of a call, whose own operand (table index, reference) stays on top. */
  #pass(opcode: Opcode): void {
    const type = calledBy(this.#injection, opcode, this.#copy.reader);
    const scratch = type === undefined ? undefined : this.#scratch.local(type);
    if (scratch !== undefined) {
      this.#out.byte(op.localSet);
      this.#out.u32(scratch);
    }
    this.#charges.counter?.readLess(this.#charges.pending);
    this.#charges.settled();
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
    this.#charges.checked();
  }

  #callStatic(opcode: Opcode): void {
    const { reader } = this.#copy;
    const start = reader.pos;
    const cost = this.#injection.statics.of(reader.u32());
    reader.pos = start;
    this.#copy.immediates(opcode);
    if (cost === undefined) return;
    this.#charges.addCost(costTable.functionEntry + cost.cost);
    if (this.#fuel) this.#charges.owed = cost.late;
  }

  /** Caller and callee have the same convention, see `passingTypes`; what stands for host and static functions has it too. */
  tailCall(opcode: Opcode, at: number): void {
    const { reader } = this.#copy;
    const counter = this.#charges.counter;
    const callee = this.#callee(opcode);
    this.#copy.copyTo(at);
    if (counter === undefined) {
      this.#copy.immediates(opcode);
      this.#copy.copyTo(reader.pos);
      return;
    }
    this.#charges.chargeEntry();
    const passes = this.#passesTo(opcode, callee);
    if (passes && !counter.passed) return this.#callThenReturn(opcode);
    if (passes) this.#pass(opcode);
    else counter.save(this.#charges.pending);
    this.#charges.settled();
    if (opcode.immediate === Immediate.func) {
      this.#out.byte(reader.bytes[at] ?? 0);
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
      this.#charges.counter?.readLess(this.#charges.pending);
      this.#out.byte(op.call);
      this.#out.u32(takenIndex(this.#injection, reader.u32()));
      this.#copy.drop();
      this.#charges.counter?.take();
    } else {
      this.#charges.save();
      this.#callByAdaptor(opcode);
    }
    this.#charges.settled();
    this.#out.byte(returnOpcode);
  }
}
