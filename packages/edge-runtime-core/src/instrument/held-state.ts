// Why no snapshot of an instance can be restored, where its types tell: objects of the garbage-collection proposal are
// written through references, so that whatever holds one for long holds state that no copy of globals and tables has.

import type { CoreModuleShape } from "../binary/module.ts";
import { Use } from "../binary/opcodes.ts";

/** Reference types by what is behind them. */
export type Hierarchy = "func" | "extern" | "exn" | "any";

const abstractHierarchies: ReadonlyMap<string, Hierarchy> = new Map([
  ["func", "func"],
  ["nofunc", "func"],
  ["extern", "extern"],
  ["noextern", "extern"],
  ["exn", "exn"],
  ["noexn", "exn"],
]);

/** Undefined for numbers and vectors. */
export function hierarchyOf(shape: CoreModuleShape, type: string): Hierarchy | undefined {
  if (type === "funcref") return "func";
  if (type === "externref") return "extern";
  const heap = /^\(ref (?:null )?(.*)\)$/.exec(type)?.[1];
  if (heap === undefined) return undefined;
  if (!heap.startsWith("$")) return abstractHierarchies.get(heap) ?? "any";
  return shape.types[Number(heap.slice(1))]?.kind === "func" ? "func" : "any";
}

export interface CodeTraits {
  /** Bits of `Use`. */
  readonly uses: number;
  /** What constant expressions allocate; globals, tables and element segments hold it. */
  readonly constantHeapBytes: number;
}

/** Undefined where a snapshot can be restored as far as types tell. */
export function heldState(shape: CoreModuleShape, { uses, constantHeapBytes }: CodeTraits): string | undefined {
  if (shape.memories.some((memory) => memory.type.shared)) return "shared memory";
  const held = ({ type }: { readonly type: string }): boolean => hierarchyOf(shape, type) === "any";
  const global = shape.globals.find((entry) => held(entry.type));
  if (global !== undefined) return `global of type ${global.type.type}, whose objects can change`;
  const table = shape.tables.find((entry) => held({ type: entry.type.element }));
  if (table !== undefined) return `table of ${table.type.element}, whose objects can change`;
  if (constantHeapBytes > 0) return "objects made at instantiation, which can change";
  if ((uses & Use.externConversion) !== 0) return "extern.convert_any: objects may be behind any externref";
  return undefined;
}
