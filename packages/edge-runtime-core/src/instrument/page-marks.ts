// Where the marks of each memory are: a global of the module that has the memory, imported by those that import the
// memory. The array is replaced by a longer one when the memory grows, hence the global.

import type { CoreModuleShape } from "../binary/module.ts";
import { Writer } from "../binary/writer.ts";
import { markedUpToPages, marksPerPage } from "./dirty-pages.ts";
import type { Injection } from "./injection.ts";

export interface MarksPlace {
  readonly imported: boolean;
  /** Imported: index of the global; else position among the own ones. */
  readonly index: number;
  /**
   * Addresses of 32 bits that cannot wrap around inside the memory: what is known of one address then tells about
   * others near it.
   */
  readonly tracks: boolean;
}

export interface PageMarks {
  /** By memory index. */
  readonly places: readonly MarksPlace[];
  readonly imported: number;
  readonly own: number;
}

const wrappingPages = 1n << 16n;

/** Undefined where a memory cannot have marks: a shared one is never restored, an enormous one never instantiated. */
export function pageMarks(shape: CoreModuleShape, firstImported: number): PageMarks | undefined {
  if (shape.memories.length === 0) return undefined;
  if (shape.memories.some(({ type }) => type.shared || type.min > BigInt(markedUpToPages))) return undefined;
  let imported = 0;
  let own = 0;
  const places = shape.memories.map((memory): MarksPlace => {
    const tracks = !memory.type.is64 && memory.type.min < wrappingPages;
    const index = memory.imported ? firstImported + imported++ : own++;
    return { imported: memory.imported, index, tracks };
  });
  return { places, imported, own };
}

/** Type of a global of marks: a mutable reference, not null. */
function globalType(injection: Injection): Writer {
  const out = new Writer(8);
  out.byte(0x64);
  out.s32(injection.marksTypeIndex());
  out.byte(1);
  return out;
}

/** Import section entries for the marks of imported memories, by the memories' order. */
export function marksImports(injection: Injection, entry: (name: string) => Writer): Writer[] {
  return (injection.marks?.places ?? []).flatMap((place, memory) => {
    if (!place.imported) return [];
    const out = entry(`marks${memory}`);
    out.byte(3);
    out.appendWriter(globalType(injection));
    return [out];
  });
}

/** Global section entries for the marks of the module's own memories: one byte for each 4 KiB. */
export function marksGlobals(injection: Injection): Writer[] {
  return (injection.marks?.places ?? []).flatMap((place, memory) => {
    if (place.imported) return [];
    const out = globalType(injection);
    out.byte(0x41);
    out.s32(Number(injection.memory(memory)?.type.min ?? 0n) * marksPerPage);
    out.bytes2(0xfb, 7);
    out.u32(injection.marksTypeIndex());
    out.byte(0x0b);
    return [out];
  });
}
