// Calls an exported function through the JavaScript API, for signatures with types of the module's own, which no other
// module can name. Vectors and exception references cannot pass; a NaN that passes loses its payload.

import type { CoreSignature } from "edge-runtime-core/internal";
import type { Bridge, BridgeValue, SuspendableBridge } from "./bit-bridge.ts";

const numeric = new Set(["i32", "i64", "f32", "f64"]);

function canPass(type: string): boolean {
  return type !== "v128" && !type.includes("exn");
}

function toNumber(type: string, value: BridgeValue): unknown {
  if (!(value instanceof Uint8Array)) return value.ref;
  const view = new DataView(value.buffer, value.byteOffset);
  if (type === "i64") return view.getBigInt64(0, true);
  if (type === "i32") return view.getInt32(0, true);
  return type === "f32" ? view.getFloat32(0, true) : view.getFloat64(0, true);
}

function toBits(type: string, value: unknown): BridgeValue {
  if (!numeric.has(type)) return { ref: value };
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  if (type === "i64") view.setBigInt64(0, value as bigint, true);
  else if (type === "i32") view.setInt32(0, value as number, true);
  else if (type === "f32") view.setFloat32(0, value as number, true);
  else view.setFloat64(0, value as number, true);
  // V8 may keep a payload on one day and not on another: here every NaN is the canonical one.
  if (Number.isNaN(value)) bytes.set(type === "f32" ? [0, 0, 0xc0, 0x7f] : [0, 0, 0, 0, 0, 0, 0xf8, 0x7f]);
  return bytes;
}

/** What a call gave, as a list. */
export function resultList(given: unknown, count: number): unknown[] {
  if (count === 1) return [given];
  return count === 0 ? [] : [...(given as Iterable<unknown>)];
}

function canBeCalled({ params, results }: CoreSignature): boolean {
  return [...params, ...results].every(canPass);
}

function toNumbers(args: readonly BridgeValue[], { params }: CoreSignature): unknown[] {
  return args.map((arg, index) => toNumber(params[index] ?? "", arg));
}

function toValues(given: unknown, { results }: CoreSignature): BridgeValue[] {
  return resultList(given, results.length).map((value, index) => toBits(results[index] ?? "", value));
}

/** A call with the interface of a bridge; undefined where a value cannot pass. */
export function createDirectCall(target: WebAssembly.ExportValue, signature: CoreSignature): Bridge | undefined {
  if (!canBeCalled(signature)) return undefined;
  const call = target as unknown as (...args: unknown[]) => unknown;
  return (args) => toValues(call(...toNumbers(args, signature)), signature);
}

export function createSuspendableCall(
  target: WebAssembly.ExportValue,
  signature: CoreSignature,
): SuspendableBridge | undefined {
  if (!canBeCalled(signature)) return undefined;
  const call = WebAssembly.promising(target);
  return async (args) => toValues(await call(...toNumbers(args, signature)), signature);
}
