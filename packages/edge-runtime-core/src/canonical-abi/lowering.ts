// The state of one lowering through its two phases. Phase one lists allocations; phase two takes their pointers in
// the same order. The host's values are walked twice and may have been changed in between (the guest's realloc may
// suspend): phase two stores nothing outside the allocation that was measured, and fails where sizes differ.

import { bug } from "edge-runtime-common";
import type { AbiContext } from "./context.ts";
import type { LoweringPlan } from "./func-abi.ts";
import { changedMeanwhile } from "./invalid-value.ts";
import { NO_MEMORY } from "./memory.ts";

export class Lowering implements LoweringPlan {
  readonly cx: AbiContext;
  /** The array of arguments, or the result. */
  readonly value: unknown;
  readonly sizes: number[] = [];
  readonly aligns: number[] = [];
  bytes: Uint8Array<ArrayBuffer> = NO_MEMORY.bytes;
  view: DataView<ArrayBuffer> = NO_MEMORY.view;
  #wrote = NO_MEMORY.wrote;
  /** Where the contents of the string or list that was stored last are: the first of its two core values. */
  rangePtr = 0;
  #pointers: readonly number[] = [];
  #taken = 0;

  constructor(cx: AbiContext, value: unknown) {
    this.cx = cx;
    this.value = value;
  }

  /** Phase one: an allocation of `size` bytes (0 to 2^32 - 1). */
  allocate(size: number, align: number): void {
    this.sizes.push(size);
    this.aligns.push(align);
  }

  /** Starts phase two: traps unless every pointer is aligned and its allocation in memory. */
  begin(pointers: readonly number[], usesMemory: boolean): void {
    if (pointers.length !== this.sizes.length) {
      bug(`${pointers.length} pointers for ${this.sizes.length} allocations`);
    }
    this.#pointers = pointers;
    this.#taken = 0;
    const memory = usesMemory ? this.cx.memory() : NO_MEMORY;
    this.bytes = memory.bytes;
    this.view = memory.view;
    this.#wrote = memory.wrote;
    for (let index = 0; index < pointers.length; index++) {
      const ptr = (pointers[index] ?? 0) >>> 0;
      this.checkRange(ptr, this.sizes[index] ?? 0, this.aligns[index] ?? 1);
    }
  }

  /** Traps unless the place that the guest named for our writing is aligned and in memory. All writes go to such. */
  checkRange(ptr: number, size: number, align: number): void {
    if (ptr % align !== 0) this.cx.trap(`unaligned pointer: place to store at ${ptr}, alignment ${align}`);
    if (ptr + size > this.bytes.length) {
      this.cx.trap(`place to store out-of-bounds: ${size} bytes at ${ptr} in a memory of ${this.bytes.length}`);
    }
    this.#wrote?.(ptr, size);
  }

  /** Size of the allocation that `take` gives next. */
  nextSize(): number {
    return this.sizes[this.#taken] ?? changedMeanwhile();
  }

  /** The next pointer, for an allocation that was measured with this size. */
  take(size: number): number {
    if (this.nextSize() !== size) changedMeanwhile();
    const ptr = (this.#pointers[this.#taken] ?? 0) >>> 0;
    this.#taken += 1;
    return ptr;
  }
}
