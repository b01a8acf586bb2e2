// Lists. Those of numbers are typed arrays, moved with one copy; the others go element by element. The count comes
// from the guest: bytes, fuel and the JavaScript size are all checked before the first element is touched.
// Spec: CanonicalABI `load_list_from_range`, `store_list_into_range`.

import type { Codec } from "./codec.ts";
import { arrayHeapBytes, newArray } from "./containers.ts";
import { changedMeanwhile, misfit, ValueFault, within } from "./invalid-value.ts";
import type { Lift } from "./lift.ts";
import type { Lowering } from "./lowering.ts";
import { rangeCodec } from "./range-codec.ts";

const MAX_LIST_BYTE_LENGTH = 2 ** 28 - 1;
const REALLOC_I32_MAX = 2 ** 32 - 1;

/**
 * What an element counts at least: some take no memory of their own, but all take time, and the budget bounds that too
 * (64 MiB of any type take less than a tenth of a second).
 */
const LEAST_BYTES_AN_ELEMENT = 32;

/** Values that are visited between two charges, and so between two looks at fuel and clock: about 1 ms of work. */
const VALUES_A_CHARGE = 16_384;

/** The checks of a range of elements, in the spec's order. */
export function checkListRange(lift: Lift, ptr: number, count: number, element: Codec): void {
  // trap_if(length * elem_size(elem_type) > MAX_LIST_BYTE_LENGTH)
  const byteLength = count * element.size;
  if (byteLength > MAX_LIST_BYTE_LENGTH) lift.cx.trap(`list content out-of-bounds: ${count} elements`);
  // trap_if(ptr != align_to(ptr, alignment)); trap_if(ptr + length * elem_size > len(cx.opts.memory))
  lift.checkRange(ptr, byteLength, element.alignment, "list content");
}

/** Lists an allocation for the elements. */
export function allocateElements(lowering: Lowering, count: number, element: Codec): void {
  const size = count * element.size;
  if (size > REALLOC_I32_MAX) throw new ValueFault("list of less than 4 GiB", `one of ${count} elements`);
  lowering.allocate(size, element.alignment);
}

/** A list of anything but numbers: an array. */
export function listCodec(element: Codec): Codec {
  const { size, nodes, load, measure, store } = element;
  const heapBytes = Math.max(LEAST_BYTES_AN_ELEMENT, element.heapBytes);
  const elementsACharge = Math.max(1, Math.floor(VALUES_A_CHARGE / nodes));
  return rangeCodec({
    loadRange: (lift, ptr, count) => {
      checkListRange(lift, ptr, count, element);
      lift.takeBudget(arrayHeapBytes(count) + count * heapBytes);
      const list = newArray(count);
      for (let from = 0; from < count; from += elementsACharge) {
        const end = Math.min(count, from + elementsACharge);
        lift.cx.chargeValues((end - from) * nodes);
        for (let index = from; index < end; index++) list[index] = load(lift, ptr + index * size);
      }
      return list;
    },
    measure: (lowering, value) => {
      if (!Array.isArray(value)) misfit("array", value);
      const count = value.length;
      allocateElements(lowering, count, element);
      let index = 0;
      try {
        for (let from = 0; from < count; from += elementsACharge) {
          const end = Math.min(count, from + elementsACharge);
          lowering.cx.chargeValues((end - from) * nodes);
          for (index = from; index < end; index++) measure(lowering, value[index]);
        }
      } catch (error) {
        throw within(`[${index}]`, error);
      }
    },
    storeRange: (lowering, value) => {
      if (!Array.isArray(value)) return changedMeanwhile();
      const count = value.length;
      const start = lowering.take(count * size);
      for (let index = 0; index < count; index++) {
        store(lowering, value[index], start + index * size);
      }
      // Only now: elements that are strings or lists themselves use it too.
      lowering.rangePtr = start;
      return count;
    },
  });
}
