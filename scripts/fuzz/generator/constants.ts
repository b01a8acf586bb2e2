// Constants with a liking for the values at which operators change what they do.

import type { Random } from "../random.ts";
import type { NumberType } from "../signatures.ts";

/** Signed LEB128. */
export function signed(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest < -0x40n || rest > 0x3fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest & 0x7fn)];
}

const integers = [0n, 1n, 2n, 7n, 8n, 31n, 32n, 63n, 64n, 0x7fn, 0x80n, 0xffn, 0xfffcn, 0xffffn, 0x10000n, 0x7fffffffn];
const wide = [0x80000000n, 0xffffffffn, 0x100000000n, 0x7fffffffffffffffn, 0x8000000000000000n];
const floats = [
  0,
  -0,
  1,
  -1,
  0.5,
  1.5,
  -2.5,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 63,
  2 ** 64,
  1e-40,
  3.4e38,
  1e300,
  5e-324,
];
const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

function integerBits(random: Random): bigint {
  if (random.oneIn(4)) return (BigInt(random.u32()) << 32n) | BigInt(random.u32());
  const value = random.pick(random.oneIn(3) ? wide : integers);
  return random.oneIn(3) ? -value : value;
}

/** Bits of a value, little endian, in 16 bytes. */
export function interestingBits(type: NumberType, random: Random): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  const bits = BigInt.asUintN(64, integerBits(random));
  const float = random.oneIn(8) ? random.pick(special) : random.pick(floats);
  switch (type) {
    case "i32":
      view.setUint32(0, Number(bits & 0xffffffffn), true);
      return bytes;
    case "i64":
      view.setBigUint64(0, bits, true);
      return bytes;
    case "f32":
      if (random.oneIn(4)) view.setUint32(0, random.u32(), true);
      else view.setFloat32(0, float, true);
      return bytes;
    case "f64":
      if (random.oneIn(4)) view.setBigUint64(0, bits, true);
      else view.setFloat64(0, float, true);
      return bytes;
    case "v128":
      for (const at of [0, 8])
        bytes.set(interestingBits(random.pick(["f64", "i64", "i32"]), random).subarray(0, 8), at);
      return bytes;
  }
}

/** A constant instruction. */
export function constantCode(type: NumberType, random: Random): number[] {
  const bits = interestingBits(type, random);
  const view = new DataView(bits.buffer);
  switch (type) {
    case "i32":
      return [0x41, ...signed(BigInt(view.getInt32(0, true)))];
    case "i64":
      return [0x42, ...signed(view.getBigInt64(0, true))];
    case "f32":
      return [0x43, ...bits.subarray(0, 4)];
    case "f64":
      return [0x44, ...bits.subarray(0, 8)];
    case "v128":
      return [0xfd, 12, ...bits];
  }
}
