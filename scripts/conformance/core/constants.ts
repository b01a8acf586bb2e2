// Constants of scripts as values, and values against what a script expects of them. Numbers are compared as bits; the
// NaN patterns are the specification's: canonical is the quiet bit alone, arithmetic any payload with the quiet bit.

import type { BridgeValue } from "../../wasm/bit-bridge.ts";
import type { Constant } from "./script.ts";

const laneBytes = new Map([
  ["i8", 1],
  ["i16", 2],
  ["i32", 4],
  ["f32", 4],
  ["i64", 8],
  ["f64", 8],
]);

const nullTypes = new Set(["nullref", "nullfuncref", "nullexternref", "nullexnref", "refnull"]);

/** Host values behind `externref` constants: the same objects for every run of a script. */
export class HostValues {
  readonly #values = new Map<string, { readonly extern: string }>();

  of(value: string): { readonly extern: string } {
    const known = this.#values.get(value) ?? { extern: value };
    this.#values.set(value, known);
    return known;
  }
}

function setBits(view: DataView, at: number, size: number, value: string): void {
  const bits = BigInt.asUintN(size * 8, BigInt(value));
  for (let index = 0; index < size; index++) view.setUint8(at + index, Number((bits >> BigInt(8 * index)) & 0xffn));
}

/** The value of an argument; undefined for types that cannot cross. */
export function argumentValue({ type, value, lane_type }: Constant, hosts: HostValues): BridgeValue | undefined {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  if (type === "v128" && Array.isArray(value)) {
    const size = laneBytes.get(lane_type ?? "") ?? 1;
    value.forEach((lane: string, index) => setBits(view, index * size, size, lane));
    return bytes;
  }
  if (nullTypes.has(type)) return { ref: null };
  if (typeof value !== "string") return undefined;
  const size = laneBytes.get(type);
  if (size !== undefined) {
    setBits(view, 0, size, value);
    return bytes;
  }
  if (value === "null") return { ref: null };
  return type === "externref" || type === "anyref" ? { ref: hosts.of(value) } : undefined;
}

function readBits(view: DataView, at: number, size: number): bigint {
  let bits = 0n;
  for (let index = size - 1; index >= 0; index--) bits = (bits << 8n) | BigInt(view.getUint8(at + index));
  return bits;
}

/** Sign aside: the quiet bit and the exponent. */
const quietNan = new Map([
  [4, 0x7fc0_0000n],
  [8, 0x7ff8_0000_0000_0000n],
]);

function laneMatches(view: DataView, at: number, size: number, expected: string): boolean {
  const bits = readBits(view, at, size);
  const nan = quietNan.get(size) ?? 0n;
  const magnitude = bits & ((1n << BigInt(size * 8 - 1)) - 1n);
  if (expected === "nan:canonical") return magnitude === nan;
  if (expected === "nan:arithmetic") return (magnitude & nan) === nan;
  return bits === BigInt.asUintN(size * 8, BigInt(expected));
}

function referenceMatches(ref: unknown, { type, value }: Constant, hosts: HostValues): boolean {
  if (nullTypes.has(type) || value === "null") return ref === null;
  if (typeof value === "string" && (type === "externref" || type === "anyref")) return ref === hosts.of(value);
  switch (type) {
    case "funcref":
      return typeof ref === "function";
    case "i31ref":
      return typeof ref === "number";
    case "structref":
    case "arrayref":
      return typeof ref === "object" && ref !== null;
    default:
      return ref !== null;
  }
}

/** Whether a value is what a script expects. */
export function valueMatches(value: BridgeValue, expected: Constant, hosts: HostValues): boolean {
  if (expected.type === "either") return (expected.values ?? []).some((item) => valueMatches(value, item, hosts));
  if (!(value instanceof Uint8Array)) return referenceMatches(value.ref, expected, hosts);
  const view = new DataView(value.buffer, value.byteOffset);
  const size = laneBytes.get(expected.type === "v128" ? (expected.lane_type ?? "") : expected.type);
  if (size === undefined || expected.value === undefined) return false;
  return [expected.value].flat().every((lane, index) => laneMatches(view, index * size, size, lane));
}

/** A value for comparison with that of another run: bits of numbers, the kind of a reference. */
export function printValue(value: BridgeValue): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  const { ref } = value;
  if (ref === null) return "null";
  if (typeof ref === "number") return `i31 ${ref}`;
  const extern = typeof ref === "object" ? Object.getOwnPropertyDescriptor(ref, "extern") : undefined;
  return extern === undefined ? typeof ref : `extern ${String(extern.value)}`;
}
