// Lists of numbers as typed arrays: one copy in each direction, no work per byte. Lowering also takes plain arrays
// and typed arrays of another kind, whose elements are checked one by one. Little-endian hosts only.

import type { Codec } from "./codec.ts";
import { changedMeanwhile, misfit, within } from "./invalid-value.ts";
import type { Lift } from "./lift.ts";
import { allocateElements, checkListRange } from "./lists.ts";
import type { Lowering } from "./lowering.ts";
import { viewElements } from "./memory.ts";
import { rangeCodec } from "./range-codec.ts";

/** Typed array of each kind of number, as lists of that kind are lifted. */
export const elementArrays = {
  s8: Int8Array,
  u8: Uint8Array,
  s16: Int16Array,
  u16: Uint16Array,
  s32: Int32Array,
  u32: Uint32Array,
  s64: BigInt64Array,
  u64: BigUint64Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

export type NumberKind = keyof typeof elementArrays;

export function isNumberKind(kind: string): kind is NumberKind {
  return Object.hasOwn(elementArrays, kind);
}

/** What the ten kinds of typed array have in common here. */
interface NumberArray {
  readonly length: number;
  readonly [index: number]: number | bigint;
  set(source: NumberArray): void;
  slice(): NumberArray;
}

/** A typed array with its buffer, allocated apart from the contents. */
const TYPED_ARRAY_HEAP_BYTES = 256;

/** Spec: `canonicalize_nan32`, `maybe_scramble_nan32` and the same for 64: copies may hold any NaN. */
function canonicalizeNans(values: Float32Array | Float64Array): void {
  for (let index = 0; index < values.length; index++) {
    if (Number.isNaN(values[index])) values[index] = Number.NaN;
  }
}

function isArrayOfNumbers(value: unknown): value is NumberArray {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

export function numberListCodec(kind: NumberKind, element: Codec): Codec {
  const ElementArray = elementArrays[kind] as unknown as new (
    buffer: ArrayBuffer,
    byteOffset: number,
    length: number,
  ) => NumberArray;
  const { size } = element;
  const canonicalize = (values: NumberArray): NumberArray => {
    if (values instanceof Float32Array || values instanceof Float64Array) canonicalizeNans(values);
    return values;
  };

  const loadRange = (lift: Lift, ptr: number, count: number): unknown => {
    checkListRange(lift, ptr, count, element);
    lift.cx.chargeBytes(count * size);
    lift.takeBudget(TYPED_ARRAY_HEAP_BYTES + count * size);
    if (kind === "u8") return lift.bytes.slice(ptr, ptr + count);
    return canonicalize(viewElements(lift.bytes, ElementArray, ptr, count).slice());
  };

  const measure = (lowering: Lowering, value: unknown): void => {
    if (!isArrayOfNumbers(value)) misfit(`${elementArrays[kind].name} or array`, value);
    const count = value.length;
    lowering.cx.chargeBytes(count * size);
    allocateElements(lowering, count, element);
    if (value instanceof ElementArray) return;
    let index = 0;
    try {
      for (; index < count; index++) element.measure(lowering, value[index]);
    } catch (error) {
      throw within(`[${index}]`, error);
    }
  };

  const storeRange = (lowering: Lowering, value: unknown): number => {
    if (!isArrayOfNumbers(value)) return changedMeanwhile();
    const count = value.length;
    const start = lowering.take(count * size);
    if (value instanceof ElementArray) {
      const target = viewElements(lowering.bytes, ElementArray, start, count);
      target.set(value);
      canonicalize(target);
    } else {
      for (let index = 0; index < count; index++) element.store(lowering, value[index], start + index * size);
    }
    lowering.rangePtr = start;
    return count;
  };

  return rangeCodec({ loadRange, measure, storeRange });
}
