// Reading and writing one core value whose type may have been joined with that of another variant case.
// Only the outermost joined type matters: coercions compose, e.g. i64 to i32 to f32 is i64 to f32.
// Spec: `lift_flat_variant` (CoerceValueIter), `lower_flat_variant`.

import { bug } from "edge-runtime-common";
import type { CoreType, CoreValue } from "./context.ts";

export type ReadNumber = (flat: readonly CoreValue[]) => number;
export type ReadBigint = (flat: readonly CoreValue[]) => bigint;
export type WriteNumber = (out: CoreValue[], value: number) => void;
export type WriteBigint = (out: CoreValue[], value: bigint) => void;

function mismatch(have: CoreType, want: CoreType): never {
  bug(`core type ${want} flattened into ${have}`);
}

/** The value as a signed 32-bit integer. */
export function readI32(have: CoreType, at: number): ReadNumber {
  if (have === "i32") return (flat) => (flat[at] as number) | 0;
  // wrap_i64_to_i32
  if (have === "i64") return (flat) => Number(BigInt.asIntN(32, flat[at] as bigint));
  return mismatch(have, "i32");
}

export function readI64(have: CoreType, at: number): ReadBigint {
  if (have === "i64") return (flat) => flat[at] as bigint;
  return mismatch(have, "i64");
}

/** NaN comes out as the canonical one: JavaScript numbers have no other. */
export function readF32(have: CoreType, at: number): ReadNumber {
  if (have === "f32") return (flat) => Math.fround(flat[at] as number);
  // decode_i32_as_float
  const read = readI32(have, at);
  const scratch = new DataView(new ArrayBuffer(4));
  return (flat) => {
    scratch.setInt32(0, read(flat));
    return scratch.getFloat32(0);
  };
}

export function readF64(have: CoreType, at: number): ReadNumber {
  if (have === "f64") return (flat) => flat[at] as number;
  // decode_i64_as_float
  const read = readI64(have, at);
  const scratch = new DataView(new ArrayBuffer(8));
  return (flat) => {
    scratch.setBigInt64(0, read(flat));
    return scratch.getFloat64(0);
  };
}

/** Takes signed or unsigned 32-bit integers. */
export function writeI32(have: CoreType, at: number): WriteNumber {
  if (have === "i32") {
    return (out, value) => {
      out[at] = value;
    };
  }
  if (have === "i64") {
    // ('i32', 'i64'): core values are unsigned in the spec, so negative ones are zero-extended too.
    return (out, value) => {
      out[at] = BigInt(value >>> 0);
    };
  }
  return mismatch(have, "i32");
}

export function writeI64(have: CoreType, at: number): WriteBigint {
  if (have !== "i64") return mismatch(have, "i64");
  return (out, value) => {
    out[at] = value;
  };
}

export function writeF32(have: CoreType, at: number): WriteNumber {
  if (have === "f32") {
    return (out, value) => {
      out[at] = Math.fround(value);
    };
  }
  // encode_float_as_i32
  const write = writeI32(have, at);
  const scratch = new DataView(new ArrayBuffer(4));
  return (out, value) => {
    scratch.setFloat32(0, canonicalNan(value));
    write(out, scratch.getInt32(0));
  };
}

export function writeF64(have: CoreType, at: number): WriteNumber {
  if (have === "f64") {
    return (out, value) => {
      out[at] = value;
    };
  }
  // encode_float_as_i64
  const write = writeI64(have, at);
  const scratch = new DataView(new ArrayBuffer(8));
  return (out, value) => {
    scratch.setFloat64(0, canonicalNan(value));
    write(out, scratch.getBigUint64(0));
  };
}

/** Engines may keep the bits of a NaN in a number; the literal's are the canonical ones. */
export function canonicalNan(value: number): number {
  return Number.isNaN(value) ? Number.NaN : value;
}
