// Emits the code that reads, writes and checks the counter in one function. The counter is cached in a local; where
// a function already has all the locals that V8 admits, the global is used directly.

import type { Writer } from "../binary/writer.ts";
import type { CheckFor } from "./slow-check.ts";
import { checkFor, slowCheck } from "./slow-check.ts";
import type { Injection } from "./injection.ts";

const localGet = 0x20;
const localSet = 0x21;
const localTee = 0x22;
const globalGet = 0x23;
const globalSet = 0x24;
const i32Const = 0x41;
const i32LeS = 0x4c;
const i32Sub = 0x6b;

export class Counter {
  readonly #out: Writer;
  readonly #global: number;
  readonly #injection: Injection;
  #local: number | undefined;

  constructor(out: Writer, injection: Injection) {
    this.#out = out;
    this.#global = injection.counterGlobal;
    this.#injection = injection;
  }

  /** Starts a function whose counter is cached in `local`; undefined: not cached. */
  useLocal(local: number | undefined): void {
    this.#local = local;
  }

  get cached(): boolean {
    return this.#local !== undefined;
  }

  #read(): void {
    this.#out.byte(this.#local === undefined ? globalGet : localGet);
    this.#out.u32(this.#local ?? this.#global);
  }

  #write(): void {
    this.#out.byte(this.#local === undefined ? globalSet : localSet);
    this.#out.u32(this.#local ?? this.#global);
  }

  #readLess(cost: number): void {
    this.#read();
    if (cost === 0) return;
    this.#out.byte(i32Const);
    this.#out.s32(cost);
    this.#out.byte(i32Sub);
  }

  /** counter -= cost */
  subtract(cost: number): void {
    if (cost === 0) return;
    this.#readLess(cost);
    this.#write();
  }

  /** global = counter - cost; the local is stale afterwards. */
  save(cost: number): void {
    if (this.#local === undefined) return this.subtract(cost);
    this.#readLess(cost);
    this.#out.byte(globalSet);
    this.#out.u32(this.#global);
  }

  /** local = global */
  reload(): void {
    if (this.#local === undefined) return;
    this.#out.byte(globalGet);
    this.#out.u32(this.#global);
    this.#write();
  }

  /** counter -= cost; the slow path where nothing is left. */
  check(cost: number, reason: CheckFor): void {
    this.#readLess(cost);
    this.#compare(cost !== 0, reason);
  }

  /** Function entry: local = global - cost, then as `check`. */
  enter(cost: number): void {
    this.#out.byte(globalGet);
    this.#out.u32(this.#global);
    this.#out.byte(i32Const);
    this.#out.s32(cost);
    this.#out.byte(i32Sub);
    this.#compare(true);
  }

  /** As `enter`, or as `check` where `entry` is false, with a cost that is patched in later; returns its position. */
  deferred(entry: boolean): number {
    if (entry) {
      this.#out.byte(globalGet);
      this.#out.u32(this.#global);
    } else {
      this.#read();
    }
    this.#out.byte(i32Const);
    const at = this.#out.paddedS32(1);
    this.#out.byte(i32Sub);
    this.#compare(true);
    return at;
  }

  /** The value on the stack becomes the counter if `changed`; the slow path where it is not positive. */
  #compare(changed: boolean, reason: CheckFor = checkFor.fuel): void {
    const out = this.#out;
    if (changed && this.#local !== undefined) {
      out.byte(localTee);
      out.u32(this.#local);
    } else if (changed) {
      this.#write();
      this.#read();
    }
    out.append([i32Const, 0, i32LeS, 0x04, 0x40]);
    this.#read();
    out.byte(0x10);
    out.u32(slowCheck(this.#injection, reason));
    this.#write();
    out.byte(0x0b);
  }
}
