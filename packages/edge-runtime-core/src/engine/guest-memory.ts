// One linear memory of a guest with its marks: the one place that tells the host's writes to it apart from the guest's,
// which mark by themselves. Core modules that import the memory share its marks.

import type { MemoryPlan } from "../instrument/plan.ts";
import { bytesPerPage } from "./limits.ts";

/** What the rewriter injected for a memory whose pages are marked. */
export interface InjectedMarks {
  /** Holds an array that JavaScript cannot read. */
  readonly global: WebAssembly.Global;
  /** Marks a range that lies in the memory; numbers, or bigints for a 64-bit memory. */
  readonly mark: (at: number | bigint, bytes: number | bigint) => void;
}

export class GuestMemory {
  readonly memory: WebAssembly.Memory;
  readonly plan: MemoryPlan;
  /** Undefined where pages are not marked. */
  readonly marks: InjectedMarks | undefined;
  #exposed = false;

  constructor(memory: WebAssembly.Memory, plan: MemoryPlan, marks: InjectedMarks | undefined) {
    this.memory = memory;
    this.plan = plan;
    this.marks = marks;
  }

  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** Notes that the host writes, or wrote, to `[at, at + bytes)`, which lies in the memory. */
  readonly wrote = (at: number, bytes: number): void => {
    if (this.marks === undefined) return;
    if (this.plan.is64) this.marks.mark(BigInt(at), BigInt(bytes));
    else this.marks.mark(at, bytes);
  };

  /** A host function was given the bytes and may write anywhere. */
  expose(): Uint8Array {
    this.#exposed = true;
    return new Uint8Array(this.memory.buffer);
  }

  /**
   * Whether the marks tell all that was written since the start of the run, or of the instance: not where the host had
   * the bytes, and not where growth replaced them. Asking starts anew.
   */
  takeTold(): boolean {
    const told = this.marks !== undefined && !this.#exposed;
    this.#exposed = false;
    return told;
  }

  /** The memory has another size than the module says. */
  get hasGrown(): boolean {
    return this.bytes !== this.plan.minPages * bytesPerPage;
  }
}
