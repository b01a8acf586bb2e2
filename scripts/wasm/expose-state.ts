// A module with all of its own memories, tables and mutable globals exported, so that its whole state can be compared
// from outside. Nothing else changes: the code is the same, bytes and indices too.

import { readCoreModule, SectionId, Writer } from "edge-runtime-core/internal";
import type { CoreModuleShape } from "edge-runtime-core/internal";
import { appendEntries } from "./sections.ts";

const kinds = { table: 1, memory: 2, global: 3 } as const;

/** A prefix that no export of the module begins with. */
function freePrefix(shape: CoreModuleShape): string {
  let prefix = "state:";
  while (shape.exports.some(({ name }) => name.startsWith(prefix))) prefix = `'${prefix}`;
  return prefix;
}

interface Exposed {
  readonly name: string;
  readonly kind: keyof typeof kinds;
  readonly index: number;
}

function exposedItems(shape: CoreModuleShape): Exposed[] {
  const prefix = freePrefix(shape);
  const items: Exposed[] = [];
  const add = (kind: Exposed["kind"], index: number): void => {
    items.push({ name: `${prefix}${kind}${index}`, kind, index });
  };
  shape.memories.forEach((memory, index) => memory.imported || add("memory", index));
  // JavaScript cannot hold an exception reference.
  shape.tables.forEach((table, index) => table.imported || table.type.element.includes("exn") || add("table", index));
  shape.globals.forEach((global, index) => global.imported || !global.type.mutable || add("global", index));
  return items;
}

/** Names of exported functions and of the exports that hold the state, in a fixed order. */
export interface ExposedModule {
  readonly bytes: Uint8Array;
  readonly state: readonly string[];
  /** Printed types of the globals among `state`. */
  readonly globalTypes: ReadonlyMap<string, string>;
}

/** Exposes the state of a valid module. */
export function exposeState(bytes: Uint8Array): ExposedModule {
  const shape = readCoreModule(bytes);
  const items = exposedItems(shape);
  const globalTypes = new Map(
    items.flatMap(({ name, kind, index }) =>
      kind === "global" ? [[name, shape.globals[index]?.type.type ?? ""] as const] : [],
    ),
  );
  const state = items.map(({ name }) => name);
  if (items.length === 0) return { bytes, state, globalTypes };
  const entries = items.map(({ name, kind, index }) => {
    const entry = new Writer(32);
    entry.asciiName(name);
    entry.byte(kinds[kind]);
    entry.u32(index);
    return entry.finish();
  });
  return { bytes: appendEntries(shape, SectionId.export, entries), state, globalTypes };
}
