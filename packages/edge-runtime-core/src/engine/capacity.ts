// How many instances may live in a process at once, over all functions. V8 stops at 16,367 live memories with a
// RangeError; this limit answers long before, with a typed error. Idle instances of one function make room for another.

import { PoolExhausted } from "edge-runtime-common";

/** Gives up one idle instance; false where there is none. */
export type Evict = () => boolean;

export class Capacity {
  readonly limit: number;
  readonly #evictors = new Set<Evict>();
  #live = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get live(): number {
    return this.#live;
  }

  /** A place is free without giving up an idle instance. */
  get hasRoom(): boolean {
    return this.#live < this.limit;
  }

  /** Registers a holder of idle instances; the returned function ends it. */
  register(evict: Evict): () => void {
    this.#evictors.add(evict);
    return () => this.#evictors.delete(evict);
  }

  /**
   * Takes the place of one instance.
   *
   * @throws PoolExhausted where all places are in use and none of the instances is idle.
   */
  take(): void {
    if (this.#live >= this.limit && !this.#evictOne()) throw new PoolExhausted(this.limit);
    this.#live += 1;
  }

  #evictOne(): boolean {
    for (const evict of this.#evictors) {
      if (!evict()) continue;
      // The next call starts with another holder.
      this.#evictors.delete(evict);
      this.#evictors.add(evict);
      return true;
    }
    return false;
  }

  giveBack(): void {
    this.#live -= 1;
  }
}
