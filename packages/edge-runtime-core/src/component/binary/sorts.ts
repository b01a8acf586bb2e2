// Sorts: which index space a number refers to.
// Spec: Binary.md "Instance Definitions".

import type { Decoding } from "./decoding.ts";
import type { CoreSort, NamedIndex, Sort, SortIndex } from "./definitions.ts";

const coreSorts: ReadonlyMap<number, CoreSort> = new Map([
  [0x00, "core func"],
  [0x01, "core table"],
  [0x02, "core memory"],
  [0x03, "core global"],
  [0x04, "core tag"],
  [0x10, "core type"],
  [0x11, "core module"],
  [0x12, "core instance"],
]);

const sorts: ReadonlyMap<number, Sort> = new Map([
  [0x01, "func"],
  [0x03, "type"],
  [0x04, "component"],
  [0x05, "instance"],
]);

export function coreSort(reader: Decoding): CoreSort {
  const at = reader.pos;
  const byte = reader.byte();
  return coreSorts.get(byte) ?? reader.fail(`unknown core sort 0x${byte.toString(16)}`, at);
}

export function sort(reader: Decoding): Sort {
  const at = reader.pos;
  const byte = reader.byte();
  if (byte === 0x00) return coreSort(reader);
  if (byte === 0x02) return reader.unsupported("values", at);
  return sorts.get(byte) ?? reader.fail(`unknown sort 0x${byte.toString(16)}`, at);
}

export function sortIndex(reader: Decoding): SortIndex {
  return { sort: sort(reader), index: reader.u32() };
}

/** A core sort and index under a name: an export of a bundle of core items. */
export function namedCoreIndex(reader: Decoding): NamedIndex {
  return { name: reader.name(), sort: coreSort(reader), index: reader.u32() };
}
