// The state of instances, taken from outside through exports that ./expose-state.ts added, and what differs between
// two of them. References are compared by identity: states must be of the same instance.

import { Buffer } from "node:buffer";
import type { GlobalBits } from "./global-bits.ts";

type Exports = Readonly<Record<string, WebAssembly.ExportValue>>;

export interface Exposure {
  readonly exports: Exports;
  /** Exports that hold state, in a fixed order. */
  readonly state: readonly string[];
  readonly globalTypes: ReadonlyMap<string, string>;
}

export type StateItem = Uint8Array | { readonly elements: readonly unknown[] } | { readonly global: unknown };

export type State = ReadonlyMap<string, StateItem>;

/** Bytes of all memories together; what is too large to copy should not be captured. */
export function memoryBytes({ exports, state }: Exposure): number {
  let bytes = 0;
  for (const name of state) {
    const item = exports[name];
    if (item instanceof WebAssembly.Memory) bytes += item.buffer.byteLength;
    if (item instanceof WebAssembly.Table) bytes += Number(item.length) * 8;
  }
  return bytes;
}

function elementsOf(table: WebAssembly.Table): unknown[] {
  const length = Number(table.length);
  // Tables with 64-bit indices take bigints.
  const is64 = typeof table.length === "bigint";
  return Array.from({ length }, (_, index) => table.get(is64 ? (BigInt(index) as unknown as number) : index));
}

function capture(item: WebAssembly.ExportValue | undefined, type: string, bits: GlobalBits): StateItem {
  if (item instanceof WebAssembly.Memory) return new Uint8Array(item.buffer).slice();
  if (item instanceof WebAssembly.Table) return { elements: elementsOf(item) };
  const value = item instanceof WebAssembly.Global ? bits.read(item, { type, mutable: true }) : undefined;
  return { global: value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value?.ref };
}

export function captureState({ exports, state, globalTypes }: Exposure, bits: GlobalBits): State {
  return new Map(state.map((name) => [name, capture(exports[name], globalTypes.get(name) ?? "", bits)]));
}

function firstDifference(before: StateItem, after: StateItem): string | undefined {
  if (before instanceof Uint8Array) {
    if (!(after instanceof Uint8Array)) return "";
    if (before.length !== after.length) return `: ${before.length} bytes became ${after.length}`;
    if (Buffer.from(before.buffer).equals(after)) return undefined;
    return `[${before.findIndex((byte, index) => byte !== after[index])}]`;
  }
  if ("global" in before) {
    if (!("global" in after)) return "";
    return Object.is(before.global, after.global)
      ? undefined
      : `: ${String(before.global)} became ${String(after.global)}`;
  }
  if (after instanceof Uint8Array || !("elements" in after)) return "";
  if (before.elements.length !== after.elements.length)
    return `: length ${before.elements.length} became ${after.elements.length}`;
  const at = before.elements.findIndex((element, index) => !Object.is(element, after.elements[index]));
  return at < 0 ? undefined : `[${at}]`;
}

/** Where the states differ, at most one place an item; empty where they are the same. */
export function stateDifferences(before: State, after: State): string[] {
  return [...before].flatMap(([name, item]) => {
    const other = after.get(name);
    const place = other === undefined ? ": is gone" : firstDifference(item, other);
    return place === undefined ? [] : [`${name}${place}`];
  });
}
