// What a vector's value is loaded from or stored to: a plain buffer with the vectors' realloc, which only goes up.

import type { AbiContext, LoweringPlan } from "edge-runtime-core/internal";
import { DEFAULT_LIFT_BUDGET_BYTES, viewBuffer } from "edge-runtime-core/internal";
import type { StringEncoding } from "edge-runtime-core";

/** Thrown where the ABI traps. */
export class VectorTrap extends Error {}

export interface GuestOptions {
  readonly encoding: StringEncoding;
  readonly memorySize: number;
  /** Contents from address 0 in hexadecimal; zeros after it. */
  readonly contents: string;
}

function noHandles(): never {
  throw new TypeError("the vectors hold no resources");
}

export class VectorGuest {
  readonly cx: AbiContext;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Calls of realloc: old pointer, old size, alignment, new size, returned pointer. */
  readonly reallocs: number[][] = [];

  constructor({ encoding, memorySize, contents }: GuestOptions) {
    const memory = viewBuffer(new ArrayBuffer(memorySize));
    memory.bytes.set(Buffer.from(contents, "hex"));
    this.bytes = memory.bytes;
    this.cx = {
      memory: () => memory,
      encoding,
      trap: (message) => {
        throw new VectorTrap(message);
      },
      chargeBytes: () => {},
      chargeValues: () => {},
      settle: () => {},
      liftOwn: noHandles,
      liftBorrow: noHandles,
      lowerOwn: noHandles,
      lowerBorrow: noHandles,
      liftBudgetBytes: DEFAULT_LIFT_BUDGET_BYTES,
    };
  }

  /** Makes a plan's allocations; the first is at `heap` or after it. */
  allocate({ sizes, aligns }: LoweringPlan, heap: number): number[] {
    let last = heap;
    return sizes.map((size, index) => {
      const align = aligns[index] ?? 1;
      const ptr = Math.ceil(last / align) * align;
      last = ptr + size;
      this.reallocs.push([0, 0, align, size, ptr]);
      return ptr;
    });
  }

  /** The memory without the zeros at its end. */
  get written(): string {
    return Buffer.from(this.bytes)
      .toString("hex")
      .replace(/(00)*$/, "");
  }
}
