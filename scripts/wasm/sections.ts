// Replaces one section of a module, or appends entries to it, adding the section in its place where there is none.
// Everything else is copied.

import { Reader, SectionId, Writer } from "edge-runtime-core/internal";
import type { CoreModuleShape } from "edge-runtime-core/internal";

/** Sections that are not custom, in the order in which a module has them. */
const order = [
  SectionId.type,
  SectionId.import,
  SectionId.function,
  SectionId.table,
  SectionId.memory,
  SectionId.tag,
  SectionId.global,
  SectionId.export,
  SectionId.start,
  SectionId.element,
  SectionId.dataCount,
  SectionId.code,
  SectionId.data,
] as const;

/** The module with `content` as its section `id`. */
export function replaceSection(shape: CoreModuleShape, id: number, content: Writer): Uint8Array {
  const out = new Writer(shape.bytes.length + content.length + 16);
  out.append(shape.bytes.subarray(0, 8));
  const place = order.findIndex((item) => item === id);
  let added = false;
  const add = (): void => {
    if (!added) out.section(id, content);
    added = true;
  };
  for (const section of shape.sections) {
    if (order.findIndex((item) => item === section.id) >= place) add();
    if (section.id === id) continue;
    out.byte(section.id);
    out.u32(section.end - section.start);
    out.copy(shape.bytes, section.start, section.end);
  }
  add();
  return out.finish();
}

/** The module with more entries at the end of its section `id`. */
export function appendEntries(shape: CoreModuleShape, id: number, entries: readonly Uint8Array[]): Uint8Array {
  const out = new Writer();
  const section = shape.sections.find((item) => item.id === id);
  if (section === undefined) {
    out.u32(entries.length);
  } else {
    const reader = new Reader(shape.bytes, section.start, section.end);
    out.u32(reader.u32() + entries.length);
    out.copy(shape.bytes, reader.pos, section.end);
  }
  for (const entry of entries) out.append(entry);
  return replaceSection(shape, id, out);
}
