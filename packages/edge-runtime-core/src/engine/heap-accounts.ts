// What one store's guests allocated in V8's heap: objects of the garbage-collection proposal and large exceptions.
// Cumulative over a run, without credit for what was collected, so that a limit holds whatever is still alive.
//
//   used = #granted - 8 x global          global `heap`: words that are left of the present slice
//
// The guest asks for another slice when one is used up. Objects from the start functions stay for all runs.

import { MemoryLimitExceeded, PoolExhausted } from "edge-runtime-common";
import { bytesPerWord } from "../instrument/heap-charge.ts";
import type { HeapBudget } from "./heap-budget.ts";
import { bytesPerMb } from "./limits.ts";

/** Words given at a time: each slice makes the guest's next check read the clock, and costs a call of the host. */
const sliceWords = 32_768;

/** Values that a waiting host function holds are counted from here on: 10,000 guests may hold 160 MB uncounted. */
const leastHeldBytes = 16_384;

export class HeapAccounts {
  readonly #budget: HeapBudget;
  #global = new WebAssembly.Global({ value: "i32", mutable: true }, 0);
  /** Bytes used when the present slice was given, the slice included. */
  #grantedBytes = 0;
  /** What was used before the first run. */
  #baseBytes = 0;
  /** What the budget was asked for, apart from what is reserved. */
  #takenBytes = 0;
  #reservedBytes = 0;
  #heldBytes = 0;

  constructor(budget: HeapBudget) {
    this.#budget = budget;
  }

  get global(): WebAssembly.Global {
    return this.#global;
  }

  /** A lone module brings its own. */
  useGlobal(global: WebAssembly.Global): void {
    this.#global = global;
  }

  get usedBytes(): number {
    return this.#grantedBytes - (this.#global.value as number) * bytesPerWord;
  }

  startRun(): void {
    this.#reset();
  }

  /** Counts what was used until now to every run. */
  keep(): void {
    this.settle();
    this.#baseBytes = this.#grantedBytes;
  }

  /** Ends a run: its objects can be collected. */
  endRun(): void {
    this.#reset();
    this.#budget.giveBack(this.#heldBytes);
    this.#heldBytes = 0;
  }

  #reset(): void {
    this.#global.value = 0;
    this.#grantedBytes = this.#baseBytes;
    this.#giveBack(this.#takenBytes - this.#baseBytes);
  }

  #giveBack(bytes: number): void {
    if (bytes <= 0) return;
    this.#budget.giveBack(bytes);
    this.#takenBytes -= bytes;
  }

  /** The store is dropped. */
  dispose(): void {
    this.#baseBytes = 0;
    this.#reset();
    this.#budget.giveBack(this.#reservedBytes);
    this.#reservedBytes = 0;
  }

  /** Takes back what is left of the slice. */
  settle(): void {
    this.#grantedBytes = this.usedBytes;
    this.#global.value = 0;
  }

  /**
   * Counts objects that are about to be made.
   *
   * @throws MemoryLimitExceeded where the budget over all runs has no room for them.
   */
  add(bytes: number): void {
    if (bytes === 0) return;
    this.settle();
    this.#grantedBytes += bytes;
    this.#cover();
  }

  /**
   * Takes from the budget what V8 needs for an instance, which is no part of what its guest uses.
   *
   * @throws PoolExhausted where there is no room for another.
   */
  reserve(bytes: number): void {
    const { limitBytes } = this.#budget;
    if (!this.#budget.take(bytes)) throw new PoolExhausted(Math.floor(limitBytes / bytesPerMb), "heap megabyte");
    this.#reservedBytes += bytes;
  }

  /**
   * Takes from the budget what a host function holds of the guest's while it waits. Little is not counted, so that a
   * function which takes all that there is stops no others.
   *
   * @throws MemoryLimitExceeded as `add`.
   */
  hold(bytes: number): void {
    if (bytes < leastHeldBytes) return;
    const { limitBytes, usedBytes } = this.#budget;
    if (!this.#budget.take(bytes))
      throw new MemoryLimitExceeded(Math.floor(limitBytes / bytesPerMb), usedBytes + bytes);
    this.#heldBytes += bytes;
  }

  /** Undoes a `hold` of as many bytes. */
  release(bytes: number): void {
    if (bytes < leastHeldBytes) return;
    this.#budget.giveBack(bytes);
    this.#heldBytes -= bytes;
  }

  /** Gives a slice of at most `roomBytes`. @throws MemoryLimitExceeded as `add`. */
  refill(roomBytes: number): void {
    const words = Math.max(0, Math.min(sliceWords, Math.floor(roomBytes / bytesPerWord)));
    this.#grantedBytes += words * bytesPerWord;
    this.#global.value = words;
    this.#cover();
  }

  #cover(): void {
    const missing = this.#grantedBytes - this.#takenBytes;
    if (missing <= 0) return;
    const { limitBytes, usedBytes } = this.#budget;
    if (!this.#budget.take(missing)) {
      throw new MemoryLimitExceeded(Math.floor(limitBytes / bytesPerMb), usedBytes + missing);
    }
    this.#takenBytes += missing;
  }
}
