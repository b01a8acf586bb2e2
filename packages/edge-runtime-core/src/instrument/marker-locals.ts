// Locals that a rewritten function needs for itself, declared behind its own and shared by all places that need some.

import type { Writer } from "../binary/writer.ts";

export class MarkerLocals {
  readonly #types: number[] = [];
  readonly #taken: boolean[] = [];
  #first = 0;

  /** Starts a function whose own locals end before `first`. */
  start(first: number): void {
    this.#first = first;
    this.#types.length = 0;
    this.#taken.length = 0;
  }

  get count(): number {
    return this.#types.length;
  }

  /** A local of a type of one byte that is free until all are given back. */
  take(type: number): number {
    let index = this.#types.findIndex((known, at) => known === type && this.#taken[at] !== true);
    if (index < 0) index = this.#types.push(type) - 1;
    this.#taken[index] = true;
    return this.#first + index;
  }

  giveBack(): void {
    this.#taken.fill(false);
  }

  /** Writes the declarations, one group each. */
  declare(out: Writer): void {
    for (const type of this.#types) out.bytes2(1, type);
  }
}
