// Instances of one program, kept between runs. A released instance is put back to its snapshot off the request's path,
// or, where an acquire comes first, in it. What cannot be restored is discarded and, where it is needed, made anew
// ahead of the next request. Every instance holds its places of the engine's capacity while it lives.
//
//   acquire <- idle <- [reset, verified now and then] <- used <- release
//                  \- discard (grown, trapped, aborted, tainted) -> make one ahead, unless throttled

import { bug, PoolExhausted } from "edge-runtime-common";
import type { Capacity } from "../engine/capacity.ts";
import type { Guest } from "../engine/program.ts";
import type { Store } from "../engine/store.ts";
import type { CreationLimiter } from "./creation-limiter.ts";
import { throttledReason } from "./creation-limiter.ts";
import type { ResetVerifier } from "./reset-verifier.ts";

/** Pages of 4 KiB that are restored in one turn of the event loop: 1 MiB takes about 50 us. */
const pagesAtOnce = 256;

/** An instance, its store and whether the store's snapshot can be restored. */
export interface PooledInstance {
  readonly store: Store;
  readonly guest: Guest;
  /** Why it serves one run only; undefined where it can be reset. */
  readonly notRestorable: string | undefined;
}

export interface PoolOptions {
  readonly capacity: Capacity;
  /** Places of memories that one instance takes. */
  readonly memoryPlaces: number;
  /** Makes an instance, its snapshot included unless it is `forOneRun`. */
  readonly create: (forOneRun: boolean) => Promise<PooledInstance>;
  /** Calls back when the event loop has served what is ready. */
  readonly defer: (work: () => void) => void;
  readonly limiter: CreationLimiter;
  /** Off: every run gets a new instance and nothing is kept. */
  readonly keeps: boolean;
  /** Puts an instance back to its snapshot; false where that is impossible. */
  readonly restore: (instance: PooledInstance) => boolean;
  /** Undefined: resets are not verified. */
  readonly verifier: ResetVerifier | undefined;
  /** Hears of a reset that left something; the instance is discarded. */
  readonly onResetFault: (differences: readonly string[]) => void;
}

export interface PoolStats {
  readonly live: number;
  readonly idle: number;
  readonly running: number;
  /** Instances dropped because they could not be restored, since the start. */
  readonly discarded: number;
  /** Its instances are spoilt so often that they are made for one run each, few at a time, and not ahead. */
  readonly throttled: boolean;
  /** Why the instance made last serves one run only; undefined where it can be reset. */
  readonly notRestorable: string | undefined;
  /** Resets that were verified, and those of them that had left something of the run before, since the start. */
  readonly verifiedResets: number;
  readonly faultyResets: number;
}

/** The reset of guest and store. */
export function restoreInstance({ guest, store }: PooledInstance): boolean {
  return guest.reset() && store.reset();
}

/** Whether it would serve no other run, were its function not throttled. */
function isUsedUp({ store, notRestorable }: PooledInstance): boolean {
  return store.spoiled || (notRestorable !== undefined && notRestorable !== throttledReason);
}

export class InstancePool {
  readonly #options: PoolOptions;
  readonly #idle: PooledInstance[] = [];
  readonly #used: PooledInstance[] = [];
  readonly #unregister: () => void;
  #running = 0;
  #discarded = 0;
  #faultyResets = 0;
  #notRestorable: string | undefined;
  #deferred = false;
  #preparing = 0;
  #disposed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#unregister = options.capacity.register(() => this.#evict());
  }

  get stats(): PoolStats {
    const idle = this.#idle.length + this.#used.length;
    return {
      live: idle + this.#running,
      idle,
      running: this.#running,
      discarded: this.#discarded,
      throttled: this.#options.limiter.throttled,
      notRestorable: this.#notRestorable,
      verifiedResets: this.#options.verifier?.verified ?? 0,
      faultyResets: this.#faultyResets,
    };
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
    const { capacity, memoryPlaces, limiter, verifier, create } = this.#options;
    capacity.take(memoryPlaces);
    this.#running += 1;
    try {
      const instance = await limiter.create(this.#running, () => create(limiter.throttled));
      this.#notRestorable = instance.notRestorable;
      if (this.#isKept(instance)) verifier?.capture(instance);
      return instance;
    } catch (error) {
      this.#running -= 1;
      this.#giveBack();
      // What began and failed took its time as well.
      if (!(error instanceof PoolExhausted)) limiter.spoilt();
      throw error;
    }
  }

  /** Takes back what `take` or `make` gave. */
  release(instance: PooledInstance): void {
    if (this.#running === 0) bug("an instance was released twice");
    this.#running -= 1;
    if (this.#disposed || !this.#options.keeps) return this.#drop(instance);
    if (!this.#isKept(instance) || instance.store.abandoned) return this.#discard(instance, isUsedUp(instance));
    this.#used.push(instance);
    this.#deferResets();
  }

  #isKept(instance: PooledInstance): boolean {
    return this.#options.keeps && instance.notRestorable === undefined;
  }

  #giveBack(): void {
    this.#options.capacity.giveBack(this.#options.memoryPlaces);
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
    const { capacity, memoryPlaces, limiter } = this.#options;
    const ready = this.#idle.length + this.#used.length + this.#preparing;
    return ready < count && !this.#disposed && capacity.hasRoom(memoryPlaces) && !limiter.throttled;
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
    this.#giveBack();
  }

  /** `spoilt`: it could not have been kept, throttled or not. */
  #discard(instance: PooledInstance, spoilt: boolean): void {
    this.#drop(instance);
    this.#discarded += 1;
    if (spoilt) this.#options.limiter.spoilt();
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
      for (let used = this.#used.at(-1); used !== undefined; used = this.#used.at(-1)) {
        if (!this.#isShort(used)) return this.#deferResets();
        const instance = this.#resetOne();
        if (instance !== undefined) this.#idle.push(instance);
      }
    });
  }

  /** Restores a part of an instance ahead; true where what is left is short. Requests need not wait for a large one. */
  #isShort({ store }: PooledInstance): boolean {
    try {
      return store.resetAhead(pagesAtOnce);
    } catch {
      return true;
    }
  }

  /** Restores one used instance; those that cannot be restored on the way are discarded. */
  #resetOne(): PooledInstance | undefined {
    for (let used = this.#used.pop(); used !== undefined; used = this.#used.pop()) {
      if (this.#reset(used)) return used;
      this.#discard(used, true);
    }
    return undefined;
  }

  /** An instance that cannot be restored for whatever reason is lost, the process is not. */
  #reset(instance: PooledInstance): boolean {
    try {
      return this.#options.restore(instance) && this.#isVerified(instance);
    } catch {
      return false;
    }
  }

  #isVerified(instance: PooledInstance): boolean {
    const { verifier, onResetFault } = this.#options;
    if (verifier?.isDue() !== true) return true;
    const differences = verifier.differences(instance);
    if (differences.length === 0) return true;
    this.#faultyResets += 1;
    onResetFault(differences);
    return false;
  }
}
