// How many instances may live in a process at once, over all functions, and how many linear memories they may have
// together. V8 stops at 16,364 memories with a RangeError, because each takes 8 GiB of address space however small it is;
// these limits answer long before, with a typed error. Idle instances of one function make room for another.

import { PoolExhausted } from "edge-runtime-common";
import { memoryPlaces, v8MemoryPlaces } from "./limits.ts";

/** Gives up one idle instance; false where there is none. */
export type Evict = () => boolean;

/** How near the process is to its limits. */
export interface CapacityStats {
  /** Living instances and their limit, `max_instances`. */
  readonly instances: number;
  readonly maxInstances: number;
  /** Places that the memories of living instances take, two for a 64-bit one, and the limit on them. */
  readonly memories: number;
  readonly maxMemories: number;
  /** Places at which V8 itself gives up. */
  readonly memoryCeiling: number;
  /** `memories` over `memoryCeiling`: 0 to about 0.73 with the default limit. */
  readonly memoryRatio: number;
}

export class Capacity {
  readonly limit: number;
  /** Most memory places. */
  readonly memoryLimit: number;
  readonly #evictors = new Set<Evict>();
  #live = 0;
  #memories = 0;

  constructor(limit: number, memoryLimit: number = memoryPlaces) {
    this.limit = limit;
    this.memoryLimit = memoryLimit;
  }

  get live(): number {
    return this.#live;
  }

  /** Memory places in use. */
  get memories(): number {
    return this.#memories;
  }

  get stats(): CapacityStats {
    return {
      instances: this.#live,
      maxInstances: this.limit,
      memories: this.#memories,
      maxMemories: this.memoryLimit,
      memoryCeiling: v8MemoryPlaces,
      memoryRatio: this.#memories / v8MemoryPlaces,
    };
  }

  /** An instance with that many memory places fits without giving up an idle one. */
  hasRoom(memories = 0): boolean {
    return this.#live < this.limit && this.#memories + memories <= this.memoryLimit;
  }

  /** Registers a holder of idle instances; the returned function ends it. */
  register(evict: Evict): () => void {
    this.#evictors.add(evict);
    return () => this.#evictors.delete(evict);
  }

  /**
   * Takes the place of one instance and those of its memories.
   *
   * @throws PoolExhausted where there is no room and none of the instances is idle.
   */
  take(memories = 0): void {
    while (!this.hasRoom(memories)) {
      if (this.#evictOne()) continue;
      if (this.#live >= this.limit) throw new PoolExhausted(this.limit);
      throw new PoolExhausted(this.memoryLimit, "memory");
    }
    this.#live += 1;
    this.#memories += memories;
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

  giveBack(memories = 0): void {
    this.#live -= 1;
    this.#memories -= memories;
  }
}
