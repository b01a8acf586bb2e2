// What strings and lists share: in memory and among core values they are a pointer and a length, and the contents
// are elsewhere. Spec: `load_string`, `load_list`, `lift_flat_string`, `lift_flat_list` and their lowering.

import type { Codec } from "./codec.ts";
import { readI32, writeI32 } from "./flat-slots.ts";
import type { Lift } from "./lift.ts";
import type { Lowering } from "./lowering.ts";

export interface RangeForm {
  /** Both numbers are unsigned and unchecked. */
  readonly loadRange: (lift: Lift, ptr: number, length: number) => unknown;
  readonly measure: (lowering: Lowering, value: unknown) => void;
  /** Stores the contents, leaves their address in `lowering.rangePtr`, returns the length to pass with it. */
  readonly storeRange: (lowering: Lowering, value: unknown) => number;
}

export function rangeCodec({ loadRange, measure, storeRange }: RangeForm): Codec {
  return {
    size: 8,
    alignment: 4,
    flat: ["i32", "i32"],
    usesMemory: true,
    heapBytes: 0,
    nodes: 1,
    load: (lift, ptr) => loadRange(lift, lift.view.getUint32(ptr, true), lift.view.getUint32(ptr + 4, true)),
    measure,
    store: (lowering, value, ptr) => {
      const length = storeRange(lowering, value);
      lowering.view.setUint32(ptr, lowering.rangePtr, true);
      lowering.view.setUint32(ptr + 4, length, true);
    },
    compileFlatLift: (slots, at) => {
      const readPtr = readI32(slots[at] ?? "i32", at);
      const readLength = readI32(slots[at + 1] ?? "i32", at + 1);
      return (lift, flat) => loadRange(lift, readPtr(flat) >>> 0, readLength(flat) >>> 0);
    },
    compileFlatLower: (slots, at) => {
      const writePtr = writeI32(slots[at] ?? "i32", at);
      const writeLength = writeI32(slots[at + 1] ?? "i32", at + 1);
      return (lowering, value, out) => {
        writeLength(out, storeRange(lowering, value));
        writePtr(out, lowering.rangePtr);
      };
    },
  };
}
