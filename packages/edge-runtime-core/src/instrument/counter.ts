// Emits the code that reads, writes and checks the counter in one function, by where the counter is in it:
//
//   passed    a parameter, which the function returns as its last result
//   cached    a local, loaded from the global at entry and stored at exit
//   global    the global itself, where a function already has all the locals that V8 admits

import type { Writer } from "../binary/writer.ts";
import type { CheckFor } from "./slow-check.ts";
import { checkFor, slowCheck, slowLateCheck } from "./slow-check.ts";
import { op } from "./emit.ts";
import type { Injection } from "./injection.ts";

export type CounterHome =
  | { readonly kind: "passed"; readonly local: number }
  | { readonly kind: "cached"; readonly local: number }
  | { readonly kind: "global" };

export class Counter {
  readonly #out: Writer;
  readonly #injection: Injection;
  readonly #global: number;
  #local: number | undefined;
  #passed = false;
  #checks: number[] = [];
  /** Slow paths that were asked for before: every check names one. */
  readonly #slow = new Map<CheckFor, number>();
  #late: number | undefined;

  constructor(out: Writer, injection: Injection) {
    this.#out = out;
    this.#global = injection.counterGlobal;
    this.#injection = injection;
  }

  /** Starts a function. */
  live(home: CounterHome): void {
    this.#local = home.kind === "global" ? undefined : home.local;
    this.#passed = home.kind === "passed";
    this.#checks = [];
  }

  /** Positions of the checks so far in the function's body. */
  get checks(): readonly number[] {
    return this.#checks;
  }

  /** The function returns the counter. */
  get passed(): boolean {
    return this.#passed;
  }

  /** There is a local that holds the counter. */
  get isLocal(): boolean {
    return this.#local !== undefined;
  }

  #read(): void {
    this.#out.byte(this.#local === undefined ? op.globalGet : op.localGet);
    this.#out.u32(this.#local ?? this.#global);
  }

  #write(): void {
    this.#out.byte(this.#local === undefined ? op.globalSet : op.localSet);
    this.#out.u32(this.#local ?? this.#global);
  }

  /** Leaves counter - cost on the stack. */
  readLess(cost: number): void {
    this.#read();
    if (cost === 0) return;
    this.#out.byte(op.i32Const);
    this.#out.s32(cost);
    this.#out.byte(op.i32Sub);
  }

  /** The counter is on the stack: where a callee returned it. */
  take(): void {
    this.#write();
  }

  /** counter -= cost */
  subtract(cost: number): void {
    if (cost === 0) return;
    this.readLess(cost);
    this.#write();
  }

  /** global = counter - cost; the local is stale afterwards. */
  save(cost: number): void {
    if (this.#local === undefined) return this.subtract(cost);
    this.readLess(cost);
    this.#out.byte(op.globalSet);
    this.#out.u32(this.#global);
  }

  /** local = global */
  reload(): void {
    if (this.#local === undefined) return;
    this.#out.byte(op.globalGet);
    this.#out.u32(this.#global);
    this.#write();
  }

  /** counter -= cost; the slow path where nothing is left. */
  check(cost: number, reason: CheckFor): void {
    this.readLess(cost);
    this.#compare(cost !== 0, 0);
    this.#ask(this.#slowFor(reason));
  }

  /** counter -= cost; the slow path where nothing was left `late` operators ago. */
  checkLate(cost: number, late: number): void {
    this.readLess(cost);
    this.#late ??= slowLateCheck(this.#injection);
    this.#compare(cost !== 0, -late);
    this.#out.byte(op.i32Const);
    this.#out.s32(late);
    this.#ask(this.#late);
  }

  /** Function entry: the caller charged it. */
  enter(): void {
    if (!this.#passed) this.reload();
    this.check(0, checkFor.fuel);
  }

  /** A check with a cost that is patched in later; returns its position. */
  deferred(): number {
    this.#read();
    this.#out.byte(op.i32Const);
    const at = this.#out.paddedS14(1);
    this.#out.byte(op.i32Sub);
    this.#compare(true, 0);
    this.#ask(this.#slowFor(checkFor.fuel));
    return at;
  }

  #slowFor(reason: CheckFor): number {
    const known = this.#slow.get(reason) ?? slowCheck(this.#injection, reason);
    this.#slow.set(reason, known);
    return known;
  }

  /** The value on the stack becomes the counter if `changed`; begins what happens where it is at `limit` or below. */
  #compare(changed: boolean, limit: number): void {
    const out = this.#out;
    if (changed && this.#local !== undefined) {
      out.byte(op.localTee);
      out.u32(this.#local);
    } else if (changed) {
      this.#write();
      this.#read();
    }
    out.byte(op.i32Const);
    out.s32(limit);
    out.byte(op.i32LeS);
    this.#checks.push(out.length);
    out.bytes2(op.if, op.void);
    this.#read();
  }

  /** Ends it: the counter is what function `slow` answers. */
  #ask(slow: number): void {
    this.#out.byte(op.call);
    this.#out.u32(slow);
    this.#write();
    this.#out.byte(op.end);
  }
}
