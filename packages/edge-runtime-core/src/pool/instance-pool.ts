// Instances of one program, kept between runs. A released instance is put back to its snapshot off the request's path,
// or, where an acquire comes first, in it. What cannot be restored is discarded and, where it is needed, made anew
// ahead of the next request. Every instance holds one place of the engine's capacity while it lives.
//
//   acquire <- idle <- [reset] <- used <- release
//                  \- discard (grown, trapped, aborted, tainted) -> make one ahead

import { bug } from "edge-runtime-common";
import type { Capacity } from "../engine/capacity.ts";
import type { Guest } from "../engine/program.ts";
import type { Store } from "../engine/store.ts";

/** An instance, its store and whether the store's snapshot can be restored. */
export interface PooledInstance {
  readonly store: Store;
  readonly guest: Guest;
  readonly restorable: boolean;
}

export interface PoolOptions {
  readonly capacity: Capacity;
  /** Makes an instance, its snapshot included. */
  readonly create: () => Promise<PooledInstance>;
  /** Calls back when the event loop has served what is ready. */
  readonly defer: (work: () => void) => void;
  /** Off: every run gets a new instance and nothing is kept. */
  readonly keeps: boolean;
}

export interface PoolStats {
  readonly live: number;
  readonly idle: number;
  readonly running: number;
  /** Instances dropped because they could not be restored, since the start. */
  readonly discarded: number;
}

/** An instance that cannot be restored for whatever reason is lost, the process is not. */
function restore(instance: PooledInstance): boolean {
  try {
    return instance.guest.reset() && instance.store.reset();
  } catch {
    return false;
  }
}

export class InstancePool {
  readonly #options: PoolOptions;
  readonly #idle: PooledInstance[] = [];
  readonly #used: PooledInstance[] = [];
  readonly #unregister: () => void;
  #running = 0;
  #discarded = 0;
  #deferred = false;
  #preparing = 0;
  #disposed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#unregister = options.capacity.register(() => this.#evict());
  }

  get stats(): PoolStats {
    const idle = this.#idle.length + this.#used.length;
    return { live: idle + this.#running, idle, running: this.#running, discarded: this.#discarded };
  }

  /** An instance that is ready now; undefined where one must be made. */
  take(): PooledInstance | undefined {
    const ready = this.#idle.pop() ?? this.#resetOne();
    if (ready !== undefined) this.#running += 1;
    return ready;
  }

  /**
   * Makes an instance for a run.
   *
   * @throws PoolExhausted, and whatever its instantiation ends with.
   */
  async make(): Promise<PooledInstance> {
    this.#options.capacity.take();
    this.#running += 1;
    try {
      return await this.#options.create();
    } catch (error) {
      this.#running -= 1;
      this.#options.capacity.giveBack();
      throw error;
    }
  }

  /** Takes back what `take` or `make` gave. */
  release(instance: PooledInstance): void {
    if (this.#running === 0) bug("an instance was released twice");
    this.#running -= 1;
    const keep = this.#options.keeps && instance.restorable && !instance.store.abandoned && !this.#disposed;
    if (!keep) return this.#discard(instance);
    this.#used.push(instance);
    this.#deferResets();
  }

  /** Has `count` idle instances or as many as there is room for: nobody's idle instance makes room for another. */
  async prepare(count: number): Promise<void> {
    if (!this.#options.keeps) return;
    while (this.#wants(count)) {
      this.#preparing += 1;
      try {
        const instance = await this.make();
        this.#running -= 1;
        if (this.#disposed) this.#drop(instance);
        else this.#idle.push(instance);
      } finally {
        this.#preparing -= 1;
      }
    }
  }

  #wants(count: number): boolean {
    const ready = this.#idle.length + this.#used.length + this.#preparing;
    return ready < count && !this.#disposed && this.#options.capacity.hasRoom;
  }

  dispose(): void {
    this.#disposed = true;
    this.#unregister();
    while (this.#evict());
  }

  #evict(): boolean {
    const dropped = this.#idle.pop() ?? this.#used.pop();
    if (dropped === undefined) return false;
    this.#drop(dropped);
    return true;
  }

  #drop(instance: PooledInstance): void {
    instance.store.dispose();
    this.#options.capacity.giveBack();
  }

  #discard(instance: PooledInstance): void {
    this.#drop(instance);
    if (!this.#options.keeps || this.#disposed) return;
    this.#discarded += 1;
    this.#prepareAhead();
  }

  /** Best effort: a request that comes first makes its own instance and meets the error itself. */
  #prepareAhead(): void {
    if (this.#idle.length + this.#used.length + this.#preparing > 0) return;
    this.#options.defer(() => {
      this.prepare(1).catch(() => {});
    });
  }

  #deferResets(): void {
    if (this.#deferred) return;
    this.#deferred = true;
    this.#options.defer(() => {
      this.#deferred = false;
      for (let instance = this.#resetOne(); instance !== undefined; instance = this.#resetOne()) {
        this.#idle.push(instance);
      }
    });
  }

  /** Restores one used instance; those that cannot be restored on the way are discarded. */
  #resetOne(): PooledInstance | undefined {
    for (let used = this.#used.pop(); used !== undefined; used = this.#used.pop()) {
      if (restore(used)) return used;
      this.#discard(used);
    }
    return undefined;
  }
}
