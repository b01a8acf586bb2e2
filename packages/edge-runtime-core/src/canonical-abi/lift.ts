// The state of one lift: the memory as it was when the guest called or returned (no guest code runs meanwhile),
// and what is left of the budget for JavaScript objects.

import type { AbiContext, AbiMemory } from "./context.ts";

export class Lift {
  readonly cx: AbiContext;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  readonly memorySize: number;
  #budgetBytes: number;

  constructor(cx: AbiContext, memory: AbiMemory) {
    this.cx = cx;
    this.bytes = memory.bytes;
    this.view = memory.view;
    this.memorySize = memory.bytes.length;
    this.#budgetBytes = cx.liftBudgetBytes;
  }

  /** Takes the estimated size of JavaScript values from the budget, before they are made. */
  takeBudget(heapBytes: number): void {
    this.#budgetBytes -= heapBytes;
    if (this.#budgetBytes < 0) {
      this.cx.trap(`lifted value needs more than ${this.cx.liftBudgetBytes} bytes of host memory`);
    }
  }

  /** What was taken of the budget. */
  get heapBytes(): number {
    return this.cx.liftBudgetBytes - this.#budgetBytes;
  }

  /** Traps unless `ptr` is aligned and `size` bytes from it are in memory. Neither can wrap: both are exact doubles. */
  checkRange(ptr: number, size: number, alignment: number, what: string): void {
    if (ptr % alignment !== 0) this.cx.trap(`unaligned pointer: ${what} at ${ptr}, alignment ${alignment}`);
    if (ptr + size > this.memorySize) {
      this.cx.trap(`${what} out-of-bounds: ${size} bytes at ${ptr} in a memory of ${this.memorySize}`);
    }
  }
}
