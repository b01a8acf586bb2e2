// Keeps one function from spending the thread's time on new instances. A guest that spoils its instance in every run
// (grows it, traps, drops segments) costs a creation each time: microseconds for some, milliseconds for others. Once
// discards are many and their creations have taken a noticeable share of the time, the function is throttled:
//
//   normal --(many discards and a tenth of the time spent)--> throttled --(no spoilt instance for a while)--> normal
//
// Throttled, instances are made for one run each, without snapshot and not ahead, few at a time, and for each
// creation at least as long is paused: half of the thread is the others'.

import { PoolExhausted } from "edge-runtime-common";

/** A window of time in which discards and creations are counted. Milliseconds. */
export const windowMs = 10_000;
/** Discards in a window from which on a function can be throttled. */
export const discardsPerWindow = 20;
/** Time for creations in a window from which on it is. Milliseconds. */
export const creationMsPerWindow = windowMs / 10;
/** How long no instance may have been spoilt before a throttled function is normal again. Milliseconds. */
export const quietMs = 30_000;
/** Instances that run or wait for their creation while throttled; more are refused. */
export const throttledInstances = 8;

/** Why an instance that was made while throttled is not kept. */
export const throttledReason = "its function spoils too many instances";

export interface LimiterOptions {
  readonly now: () => number;
  /** Calls back after that many milliseconds. */
  readonly schedule: (delayMs: number, callback: () => void) => void;
}

export class CreationLimiter {
  readonly #options: LimiterOptions;
  #windowStart = Number.NEGATIVE_INFINITY;
  #discards = 0;
  #creationMs = 0;
  #throttled = false;
  #lastSpoilt = 0;
  /** Until then no creation begins while throttled. */
  #pausedUntil = 0;

  constructor(options: LimiterOptions) {
    this.#options = options;
  }

  get throttled(): boolean {
    if (this.#throttled && this.#options.now() - this.#lastSpoilt >= quietMs) {
      this.#throttled = false;
      this.#windowStart = Number.NEGATIVE_INFINITY;
    }
    return this.#throttled;
  }

  /**
   * Makes an instance when it is time; `running` counts those that run or wait for their creation, this one included.
   *
   * @throws PoolExhausted while throttled, where they are too many.
   */
  async create<T>(running: number, make: () => Promise<T>): Promise<T> {
    if (this.throttled) {
      if (running > throttledInstances) throw new PoolExhausted(throttledInstances, "throttled instance");
      await this.#turn();
    }
    const startedAt = this.#options.now();
    try {
      return await make();
    } finally {
      this.#made(startedAt);
    }
  }

  async #turn(): Promise<void> {
    // Others that wait may have gone first: look again.
    for (let pauseMs = this.#pauseMs(); pauseMs > 0; pauseMs = this.#pauseMs()) {
      const delayMs = pauseMs;
      // oxlint-disable-next-line no-await-in-loop
      await new Promise<void>((resolve) => {
        this.#options.schedule(delayMs, resolve);
      });
    }
    // One at a time: nobody else begins before this one has ended and said how long it took.
    this.#pausedUntil = Number.POSITIVE_INFINITY;
  }

  #pauseMs(): number {
    const pauseMs = this.#pausedUntil - this.#options.now();
    return Number.isFinite(pauseMs) ? pauseMs : 1;
  }

  #made(startedAt: number): void {
    const now = this.#options.now();
    this.#pausedUntil = now + (now - startedAt);
    this.#count(now);
    this.#creationMs += now - startedAt;
    this.#judge(now);
  }

  /** An instance was used up by a run, or would have been. */
  spoilt(): void {
    const now = this.#options.now();
    this.#lastSpoilt = now;
    this.#count(now);
    this.#discards += 1;
    this.#judge(now);
  }

  #count(now: number): void {
    if (now - this.#windowStart < windowMs) return;
    this.#windowStart = now;
    this.#discards = 0;
    this.#creationMs = 0;
  }

  #judge(now: number): void {
    if (this.#throttled || this.#discards < discardsPerWindow || this.#creationMs < creationMsPerWindow) return;
    this.#throttled = true;
    this.#lastSpoilt = now;
  }
}
