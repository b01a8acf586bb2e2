// Codecs of the types that are one core value: booleans, integers, floats, characters, and resource handles.
// Spec: CanonicalABI "Loading" to "Flat Lowering", the cases of one line each.

import type { CoreType, CoreValue } from "./context.ts";
import type { Codec } from "./codec.ts";
import { decodeChar, encodeChar } from "./chars.ts";
import {
  canonicalNan,
  readF32,
  readF64,
  readI32,
  readI64,
  writeF32,
  writeF64,
  writeI32,
  writeI64,
} from "./flat-slots.ts";
import { largeIntegers, smallIntegers } from "./integers.ts";
import type { LargeIntegerKind, SmallIntegerKind } from "./integers.ts";
import { misfit } from "./invalid-value.ts";
import type { Lift } from "./lift.ts";
import type { Lowering } from "./lowering.ts";
import type { PrimitiveKind, ResourceId } from "./types.ts";

/** A type of one core value, in terms of that value: what the closures of its codec are made from. */
interface ScalarForm<C extends CoreValue> {
  readonly size: number;
  readonly heapBytes: number;
  readonly core: CoreType;
  readonly read: (have: CoreType, at: number) => (flat: readonly CoreValue[]) => C;
  readonly write: (have: CoreType, at: number) => (out: CoreValue[], core: C) => void;
  readonly load: (lift: Lift, ptr: number) => unknown;
  /** From the core value, at its full width. */
  readonly lift: (lift: Lift, core: C) => unknown;
  /** Throws ValueFault for a value of another type. */
  readonly measure: (lowering: Lowering, value: unknown) => void;
  readonly lower: (lowering: Lowering, value: unknown) => C;
  readonly storeCore: (lowering: Lowering, core: C, ptr: number) => void;
}

function scalarCodec<C extends CoreValue>(form: ScalarForm<C>): Codec {
  return {
    size: form.size,
    alignment: form.size,
    flat: [form.core],
    usesMemory: false,
    heapBytes: form.heapBytes,
    nodes: 1,
    load: form.load,
    measure: form.measure,
    store: (lowering, value, ptr) => form.storeCore(lowering, form.lower(lowering, value), ptr),
    compileFlatLift: (slots, at) => {
      const read = form.read(slots[at] ?? form.core, at);
      return (lift, flat) => form.lift(lift, read(flat));
    },
    compileFlatLower: (slots, at) => {
      const write = form.write(slots[at] ?? form.core, at);
      return (lowering, value, out) => write(out, form.lower(lowering, value));
    },
  };
}

const i32 = { core: "i32", read: readI32, write: writeI32 } as const;

function smallIntegerCodec(kind: SmallIntegerKind): Codec {
  const { size, heapBytes, load, store, narrow, check } = smallIntegers[kind];
  return scalarCodec<number>({
    ...i32,
    size,
    heapBytes,
    load,
    lift: (_lift, core) => narrow(core),
    measure: (_lowering, value) => void check(value),
    lower: (_lowering, value) => check(value),
    storeCore: store,
  });
}

function largeIntegerCodec(kind: LargeIntegerKind): Codec {
  const { size, heapBytes, load, store, narrow, check } = largeIntegers[kind];
  return scalarCodec<bigint>({
    core: "i64",
    read: readI64,
    write: writeI64,
    size,
    heapBytes,
    load,
    lift: (_lift, core) => narrow(core),
    measure: (_lowering, value) => void check(value),
    lower: (_lowering, value) => check(value),
    storeCore: store,
  });
}

/** Spec: `convert_int_to_bool`: any bit set is true. */
function boolCodec(): Codec {
  const check = (value: unknown): boolean => (typeof value === "boolean" ? value : misfit("bool", value));
  return scalarCodec<number>({
    ...i32,
    size: 1,
    heapBytes: 0,
    load: (lift, ptr) => lift.view.getUint8(ptr) !== 0,
    lift: (_lift, core) => core !== 0,
    measure: (_lowering, value) => void check(value),
    lower: (_lowering, value) => (check(value) ? 1 : 0),
    storeCore: smallIntegers.u8.store,
  });
}

function checkFloat(kind: "f32" | "f64"): (value: unknown) => number {
  return (value) => (typeof value === "number" ? value : misfit(kind, value));
}

/** Spec: `decode_i32_as_float`, `encode_float_as_i32`. Numbers that f32 does not have are rounded. */
function f32Codec(): Codec {
  const check = checkFloat("f32");
  return scalarCodec<number>({
    core: "f32",
    read: readF32,
    write: writeF32,
    size: 4,
    heapBytes: 16,
    load: (lift, ptr) => lift.view.getFloat32(ptr, true),
    lift: (_lift, core) => core,
    measure: (_lowering, value) => void check(value),
    lower: (_lowering, value) => check(value),
    storeCore: (lowering, core, ptr) => lowering.view.setFloat32(ptr, canonicalNan(core), true),
  });
}

function f64Codec(): Codec {
  const check = checkFloat("f64");
  return scalarCodec<number>({
    core: "f64",
    read: readF64,
    write: writeF64,
    size: 8,
    heapBytes: 16,
    load: (lift, ptr) => lift.view.getFloat64(ptr, true),
    lift: (_lift, core) => core,
    measure: (_lowering, value) => void check(value),
    lower: (_lowering, value) => check(value),
    storeCore: (lowering, core, ptr) => lowering.view.setFloat64(ptr, canonicalNan(core), true),
  });
}

function charCodec(): Codec {
  return scalarCodec<number>({
    ...i32,
    size: 4,
    heapBytes: 32,
    load: (lift, ptr) => decodeChar(lift, lift.view.getUint32(ptr, true)),
    lift: (lift, core) => decodeChar(lift, core >>> 0),
    measure: (_lowering, value) => void encodeChar(value),
    lower: (_lowering, value) => encodeChar(value),
    storeCore: smallIntegers.u32.store,
  });
}

/** What the host's view of a resource may take: a wrapper object with its handle. */
const RESOURCE_HEAP_BYTES = 64;

/** Handles are checked and made by the component runtime's tables. Spec: `lift_own`, `lower_own` and `_borrow`. */
export function resourceCodec(kind: "own" | "borrow", resource: ResourceId): Codec {
  const liftHandle: ScalarForm<number>["lift"] =
    kind === "own"
      ? (lift, core) => lift.cx.liftOwn(resource, core >>> 0)
      : (lift, core) => lift.cx.liftBorrow(resource, core >>> 0);
  return scalarCodec<number>({
    ...i32,
    size: 4,
    heapBytes: RESOURCE_HEAP_BYTES,
    load: (lift, ptr) => liftHandle(lift, lift.view.getUint32(ptr, true)),
    lift: liftHandle,
    measure: () => undefined,
    lower:
      kind === "own"
        ? (lowering, value) => lowering.cx.lowerOwn(resource, value)
        : (lowering, value) => lowering.cx.lowerBorrow(resource, value),
    storeCore: smallIntegers.u32.store,
  });
}

export function scalarOf(kind: Exclude<PrimitiveKind, "string">): Codec {
  switch (kind) {
    case "bool":
      return boolCodec();
    case "f32":
      return f32Codec();
    case "f64":
      return f64Codec();
    case "char":
      return charCodec();
    case "s64":
    case "u64":
      return largeIntegerCodec(kind);
    default:
      return smallIntegerCodec(kind);
  }
}
