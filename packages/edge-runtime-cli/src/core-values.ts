// Arguments and results of core functions in text and JSON. Integers are accepted in decimal or hexadecimal, signed or
// unsigned (-1 and 0xffffffff are the same i32), floats with `inf` and `nan`; nothing is rounded to fit silently but
// a float's digits.

import { UsageError } from "./usage-error.ts";

const INTEGER = /^([+-]?)(0x[0-9a-f]+|\d+)$/i;
const FLOAT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const SPECIAL_FLOAT = /^([+-]?)(?:(inf|infinity)|nan)$/i;

/** Reads the argument of a parameter `type` (`i32`, `i64`, `f32`, `f64`). Throws UsageError with what was expected. */
export function parseCoreArgument(text: string, type: string, position: number): number | bigint {
  const where = `argument ${position} (${type})`;
  switch (type) {
    case "i32":
      return Number(BigInt.asIntN(32, parseInteger(text, 32n, where)));
    case "i64":
      return BigInt.asIntN(64, parseInteger(text, 64n, where));
    case "f32":
    case "f64":
      return parseFloatArgument(text, type, where);
    default:
      throw new UsageError(`${where}: a value of type ${type} cannot be given on the command line`);
  }
}

/** Reads one argument per parameter. Throws UsageError where their number differs. */
export function parseCoreArguments(name: string, params: readonly string[], texts: readonly string[]): unknown[] {
  if (params.length !== texts.length) {
    const expected = `${params.length} argument${params.length === 1 ? "" : "s"}`;
    const types = params.length === 0 ? "" : ` (${params.join(", ")})`;
    throw new UsageError(`${name}: expected ${expected}${types}, got ${texts.length}`);
  }
  return params.map((type, index) => parseCoreArgument(texts[index] ?? "", type, index + 1));
}

/** One result as text: signed decimal, the shortest digits that give the float back, `inf`, `nan`. */
export function printCoreResult(value: unknown, type: string): string {
  if (typeof value !== "number") return typeof value === "bigint" ? String(value) : describeReference(value, type);
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0";
  return String(type === "f32" ? shortestF32(value) : value);
}

/** One result as JSON: i32, f32 and f64 are numbers; i64, NaN and the infinities are strings. */
export function coreResultToJson(value: unknown, type: string): number | string | null {
  if (typeof value === "number") return floatToJson(value);
  if (typeof value === "bigint") return String(value);
  return value === null ? null : describeReference(value, type);
}

/** A number where JSON has it, else `NaN`, `Infinity` or `-Infinity` as strings. */
export function floatToJson(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function parseInteger(text: string, bits: bigint, where: string): bigint {
  const match = INTEGER.exec(text.trim());
  if (match === null) {
    throw new UsageError(`${where}: expected an integer in decimal or 0x hexadecimal, got ${JSON.stringify(text)}`);
  }
  const magnitude = BigInt(match[2] ?? "0");
  const value = match[1] === "-" ? -magnitude : magnitude;
  const min = -(1n << (bits - 1n));
  const max = (1n << bits) - 1n;
  if (value < min || value > max) {
    throw new UsageError(`${where}: expected an integer from ${min} to ${max}, got ${text.trim()}`);
  }
  return value;
}

function parseFloatArgument(text: string, type: "f32" | "f64", where: string): number {
  const trimmed = text.trim();
  const special = SPECIAL_FLOAT.exec(trimmed);
  if (special !== null) {
    if (special[2] === undefined) return Number.NaN;
    return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (!FLOAT.test(trimmed)) {
    throw new UsageError(`${where}: expected a number, inf or nan, got ${JSON.stringify(text)}`);
  }
  const value = type === "f32" ? Math.fround(Number(trimmed)) : Number(trimmed);
  if (!Number.isFinite(value)) throw new UsageError(`${where}: ${trimmed} is out of range; infinity is written inf`);
  return value;
}

function shortestF32(value: number): number {
  for (let digits = 1; digits <= 9; digits += 1) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return value;
}

function describeReference(value: unknown, type: string): string {
  return value === null ? "null" : type;
}
