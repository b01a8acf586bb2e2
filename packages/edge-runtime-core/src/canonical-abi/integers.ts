// Integers of the component model as a table: how each is loaded, stored, checked and brought from a core value.
// Host values are range-checked and never wrapped; guest values are masked or sign-extended as the spec says.
// Spec: `load_int`, `store_int`, `lift_flat_unsigned`, `lift_flat_signed`.

import { outOfRange } from "./invalid-value.ts";
import type { Lift } from "./lift.ts";
import type { Lowering } from "./lowering.ts";

export type SmallIntegerKind = "s8" | "u8" | "s16" | "u16" | "s32" | "u32";
export type LargeIntegerKind = "s64" | "u64";

interface IntegerForm<T extends number | bigint> {
  readonly size: number;
  /** Heap bytes of a lifted value: V8 keeps 31 bits and a sign in place, larger ones in an object. */
  readonly heapBytes: number;
  readonly load: (lift: Lift, ptr: number) => T;
  readonly store: (lowering: Lowering, value: T, ptr: number) => void;
  /** From a core value of full width. */
  readonly narrow: (core: T) => T;
  /** The host's value if it fits. Throws ValueFault. */
  readonly check: (value: unknown) => T;
}

function smallCheck(kind: SmallIntegerKind, min: number, max: number): (value: unknown) => number {
  const expected = `${kind} (${min} to ${max})`;
  return (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
      ? value
      : outOfRange(expected, value);
}

/** Bigints, and numbers that are exact. */
function largeCheck(kind: LargeIntegerKind, min: bigint, max: bigint): (value: unknown) => bigint {
  const expected = `${kind} (a bigint from ${min} to ${max})`;
  return (value) => {
    const integer = typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
    return typeof integer === "bigint" && integer >= min && integer <= max ? integer : outOfRange(expected, value);
  };
}

export const smallIntegers: Readonly<Record<SmallIntegerKind, IntegerForm<number>>> = {
  s8: {
    size: 1,
    heapBytes: 0,
    load: (lift, ptr) => lift.view.getInt8(ptr),
    store: (lowering, value, ptr) => lowering.view.setInt8(ptr, value),
    narrow: (core) => (core << 24) >> 24,
    check: smallCheck("s8", -0x80, 0x7f),
  },
  u8: {
    size: 1,
    heapBytes: 0,
    load: (lift, ptr) => lift.view.getUint8(ptr),
    store: (lowering, value, ptr) => lowering.view.setUint8(ptr, value),
    narrow: (core) => core & 0xff,
    check: smallCheck("u8", 0, 0xff),
  },
  s16: {
    size: 2,
    heapBytes: 0,
    load: (lift, ptr) => lift.view.getInt16(ptr, true),
    store: (lowering, value, ptr) => lowering.view.setInt16(ptr, value, true),
    narrow: (core) => (core << 16) >> 16,
    check: smallCheck("s16", -0x8000, 0x7fff),
  },
  u16: {
    size: 2,
    heapBytes: 0,
    load: (lift, ptr) => lift.view.getUint16(ptr, true),
    store: (lowering, value, ptr) => lowering.view.setUint16(ptr, value, true),
    narrow: (core) => core & 0xffff,
    check: smallCheck("u16", 0, 0xffff),
  },
  s32: {
    size: 4,
    heapBytes: 16,
    load: (lift, ptr) => lift.view.getInt32(ptr, true),
    store: (lowering, value, ptr) => lowering.view.setInt32(ptr, value, true),
    narrow: (core) => core | 0,
    check: smallCheck("s32", -0x8000_0000, 0x7fff_ffff),
  },
  u32: {
    size: 4,
    heapBytes: 16,
    load: (lift, ptr) => lift.view.getUint32(ptr, true),
    store: (lowering, value, ptr) => lowering.view.setUint32(ptr, value, true),
    narrow: (core) => core >>> 0,
    check: smallCheck("u32", 0, 0xffff_ffff),
  },
};

export const largeIntegers: Readonly<Record<LargeIntegerKind, IntegerForm<bigint>>> = {
  s64: {
    size: 8,
    heapBytes: 24,
    load: (lift, ptr) => lift.view.getBigInt64(ptr, true),
    store: (lowering, value, ptr) => lowering.view.setBigInt64(ptr, value, true),
    narrow: (core) => BigInt.asIntN(64, core),
    check: largeCheck("s64", -(2n ** 63n), 2n ** 63n - 1n),
  },
  u64: {
    size: 8,
    heapBytes: 24,
    load: (lift, ptr) => lift.view.getBigUint64(ptr, true),
    store: (lowering, value, ptr) => lowering.view.setBigUint64(ptr, value, true),
    narrow: (core) => BigInt.asUintN(64, core),
    check: largeCheck("u64", 0n, 2n ** 64n - 1n),
  },
};
