// Adds exported mutable globals at the end of a module.

import { readCoreModule, SectionId, Writer } from "edge-runtime-core/internal";
import { appendEntries } from "./sections.ts";

function exportEntry(name: string, index: number): Uint8Array {
  const out = new Writer(32);
  out.asciiName(name);
  out.byte(3);
  out.u32(index);
  return out.finish();
}

/** `entry` is a global section entry, the same for all; `names` must not be exported yet. */
export function addGlobals(bytes: Uint8Array, entry: readonly number[], names: readonly string[]): Uint8Array {
  const shape = readCoreModule(bytes);
  const first = shape.globals.length;
  const entries = names.map(() => new Uint8Array(entry));
  const extended = readCoreModule(appendEntries(shape, SectionId.global, entries));
  return appendEntries(
    extended,
    SectionId.export,
    names.map((name, index) => exportEntry(name, first + index)),
  );
}
