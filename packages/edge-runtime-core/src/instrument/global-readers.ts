// Injected functions that read what JavaScript cannot, or not bit for bit: every mutable global of a module, and the
// flag of dropped segments. Verification compares by them what a reset restored by other means.
//
//   globalWord(slot) -> i64     slot 0 the flag, then the bits of each numeric global: one slot, two for v128
//   globalFunc(slot) -> funcref, globalExtern(slot) -> externref      the references, counted apart
//
// A slot is found by a tree of comparisons: reading n globals costs n log n, whatever number a guest has chosen.

import type { Writer } from "../binary/writer.ts";
import { hierarchyOf } from "./held-state.ts";
import type { Injection } from "./injection.ts";
import { V } from "./injection.ts";
import type { GlobalSlot } from "./plan.ts";

type Leaf = (body: Writer) => void;

interface Readable {
  /** Index in the original module. */
  readonly index: number;
  readonly type: string;
}

interface Slots {
  readonly leaves: Leaf[];
  readonly slots: GlobalSlot[];
}

const get = 0x23;
const extendUnsigned = 0xad;
/** What makes an i64 of a value's bits, by type. */
const toWord: ReadonlyMap<string, readonly number[]> = new Map([
  ["i32", [extendUnsigned]],
  ["i64", []],
  ["f32", [0xbc, extendUnsigned]],
  ["f64", [0xbd]],
]);

function leaf(injection: Injection, index: number, conversion: readonly number[]): Leaf {
  return (body) => {
    body.byte(get);
    body.u32(injection.globalIndex(index));
    body.append(conversion);
  };
}

function wordSlots(injection: Injection, globals: readonly Readable[]): Slots {
  const taint: Leaf = (body) => {
    body.byte(get);
    body.u32(injection.taintGlobal);
    body.byte(extendUnsigned);
  };
  const leaves = [taint];
  const slots: GlobalSlot[] = [];
  for (const { index, type } of globals) {
    const conversion = toWord.get(type);
    if (conversion !== undefined) {
      leaves.push(leaf(injection, index, conversion));
      slots.push({ global: index, reader: "globalWord" });
    } else if (type === "v128") {
      for (const lane of [0, 1]) {
        leaves.push(leaf(injection, index, [0xfd, 0x1d, lane]));
        slots.push({ global: index, reader: "globalWord" });
      }
    }
  }
  return { leaves, slots };
}

/** References by the function that reads them: each type is a subtype of what it gives. */
const referenceReaders = { func: "globalFunc", extern: "globalExtern" } as const;

function referenceSlots(
  injection: Injection,
  globals: readonly Readable[],
  hierarchy: keyof typeof referenceReaders,
): Slots {
  const chosen = globals.filter(({ type }) => hierarchyOf(injection.shape, type) === hierarchy);
  return {
    leaves: chosen.map(({ index }) => leaf(injection, index, [])),
    slots: chosen.map(({ index }) => ({ global: index, reader: referenceReaders[hierarchy] })),
  };
}

/** Signed LEB128 of a count, which is not negative. */
function constant(body: Writer, value: number): void {
  body.byte(0x41);
  let rest = value;
  while (rest > 0x3f) {
    body.byte((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  body.byte(rest);
}

/** Code that leaves the leaf of the slot in local 0, of those from `from` up to `to`. */
function tree(body: Writer, leaves: readonly Leaf[], result: number, from: number, to: number): void {
  if (to - from === 1) return leaves[from]?.(body);
  const middle = (from + to) >> 1;
  body.bytes2(0x20, 0);
  constant(body, middle);
  body.append([0x49, 0x04, result]);
  tree(body, leaves, result, from, middle);
  body.byte(0x05);
  tree(body, leaves, result, middle, to);
  body.byte(0x0b);
}

export interface GlobalReaders {
  readonly slots: readonly GlobalSlot[];
  readonly exports: readonly { readonly name: string; readonly index: number }[];
}

/** Adds the readers of `globals`, which are mutable and of types that can be saved. */
export function addGlobalReaders(injection: Injection, globals: readonly Readable[]): GlobalReaders {
  const readers = [
    { name: "globalWord", result: V.i64, ...wordSlots(injection, globals) },
    { name: "globalFunc", result: V.funcref, ...referenceSlots(injection, globals, "func") },
    { name: "globalExtern", result: V.externref, ...referenceSlots(injection, globals, "extern") },
  ].filter(({ leaves }) => leaves.length > 0);
  const exports = readers.map(({ name, result, leaves }) => {
    const index = injection.functionFor(name, injection.type([V.i32], [result]), (body) => {
      body.byte(0);
      tree(body, leaves, result, 0, leaves.length);
      body.byte(0x0b);
    });
    return { name, index };
  });
  return { slots: readers.flatMap(({ slots }) => slots), exports };
}
