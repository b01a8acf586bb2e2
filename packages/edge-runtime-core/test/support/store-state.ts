// Everything that guest code of a store can read, taken from outside, and what differs between two such states.

import type { Store } from "../../src/index.ts";

export interface StoreState {
  readonly memories: readonly Uint8Array[];
  readonly tables: readonly (readonly unknown[])[];
  /** Exported globals by name, in the order of the instances. */
  readonly globals: ReadonlyMap<string, unknown>;
}

export function captureState(store: Store): StoreState {
  const memories = store.instances.flatMap((instance) => instance.memories);
  const tables = store.instances.flatMap((instance) => instance.tables);
  const globals = new Map<string, unknown>();
  store.instances.forEach((instance, number) => {
    for (const { name, kind } of instance.plan.exports) {
      const item = kind === "global" ? instance.getExport(name) : undefined;
      if (item instanceof WebAssembly.Global) globals.set(`${number}.${name}`, item.value);
    }
  });
  return {
    memories: memories.map((memory) => new Uint8Array(memory.buffer).slice()),
    tables: tables.map((table) => Array.from({ length: table.length }, (_, index) => table.get(index) as unknown)),
    globals,
  };
}

/** Where the states differ, at most one place for each memory and table; empty where they are the same. */
export function stateDifferences(before: StoreState, after: StoreState): string[] {
  const differences: string[] = [];
  const note = (what: string, left: readonly unknown[] | Uint8Array, right: readonly unknown[] | Uint8Array): void => {
    if (left.length !== right.length) {
      differences.push(`${what}: length ${left.length} became ${right.length}`);
      return;
    }
    for (let index = 0; index < left.length; index++) {
      if (Object.is(left[index], right[index])) continue;
      differences.push(`${what}[${index}]`);
      return;
    }
  };
  before.memories.forEach((memory, index) => note(`memory ${index}`, memory, after.memories[index] ?? []));
  before.tables.forEach((table, index) => note(`table ${index}`, table, after.tables[index] ?? []));
  for (const [name, value] of before.globals) {
    if (!Object.is(value, after.globals.get(name))) differences.push(`global ${name}`);
  }
  return differences;
}
