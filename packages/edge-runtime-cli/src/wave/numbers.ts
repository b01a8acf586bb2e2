// Numbers as WAVE writes them: integers in decimal, floats as in JSON or `inf`, `-inf`, `nan`. Printed floats have
// the fewest digits that give the same value back and, as in Wasmtime, no exponent.

import { elementArrays, isNumberKind } from "edge-runtime-core";
import type { ValType } from "edge-runtime-core";

const INTEGER = /^-?[0-9]+$/;

interface IntegerRange {
  readonly min: bigint;
  readonly max: bigint;
}

function integerRange(bits: bigint, isSigned: boolean): IntegerRange {
  return isSigned ? { min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n } : { min: 0n, max: (1n << bits) - 1n };
}

const INTEGER_RANGES: ReadonlyMap<string, IntegerRange> = new Map(
  [8n, 16n, 32n, 64n].flatMap((bits) => [
    [`s${bits}`, integerRange(bits, true)],
    [`u${bits}`, integerRange(bits, false)],
  ]),
);

/** The number in JavaScript's form for the type; undefined where it does not fit. */
export function parseNumber(kind: ValType["kind"], text: string): number | bigint | undefined {
  if (kind === "f32" || kind === "f64") return parseFloatText(kind, text);
  const range = INTEGER_RANGES.get(kind);
  if (range === undefined || !INTEGER.test(text) || (range.min === 0n && text.startsWith("-"))) return undefined;
  const value = BigInt(text);
  if (value < range.min || value > range.max) return undefined;
  return kind === "s64" || kind === "u64" ? value : Number(value);
}

function parseFloatText(kind: "f32" | "f64", text: string): number {
  if (text === "nan") return Number.NaN;
  if (text === "inf" || text === "-inf") return text === "inf" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const value = Number(text);
  return kind === "f32" ? Math.fround(value) : value;
}

/** Lists of numbers are typed arrays, as lifting gives them; the others stay as they are. */
export function toTypedArray(elementKind: ValType["kind"], values: readonly unknown[]): unknown {
  if (!isNumberKind(elementKind)) return values;
  const ElementArray = elementArrays[elementKind] as unknown as new (values: readonly unknown[]) => unknown;
  return new ElementArray(values);
}

export function printFloat(kind: "f32" | "f64", value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0";
  return withoutExponent(kind === "f32" ? shortestF32(value) : String(value));
}

function shortestF32(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toPrecision(9);
}

/** Decimal notation of what JavaScript writes for a number, without zeros after the last digit of a fraction. */
function withoutExponent(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(text) ?? [];
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  const padded = point > 0 ? digits.padEnd(point, "0") : "0".repeat(1 - point) + digits;
  const at = Math.max(point, 1);
  const decimals = padded.slice(at).replace(/0+$/, "");
  return sign + padded.slice(0, at) + (decimals === "" ? "" : `.${decimals}`);
}
