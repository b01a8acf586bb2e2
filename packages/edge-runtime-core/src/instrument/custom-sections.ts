// Custom sections of the rewritten module: those that stay true are copied to where they were, those that count bytes
// or indices of code that moved are dropped, and names are renumbered. Where functions have no name, a section of our
// own says where they begin in the original, for stack traces.
// Spec: core, Binary Format, Custom Section.

import type { CoreModuleShape, Section } from "../binary/module.ts";
import { SectionId } from "../binary/module.ts";
import { Reader } from "../binary/reader.ts";
import { Writer } from "../binary/writer.ts";
import type { Injection } from "./injection.ts";
import { nameSection } from "./name-section.ts";

/** Names of sections that hold offsets into code, relocations, or where such are to be found; and of our own. */
const untrue =
  /^(\.debug_|reloc\.|metadata\.code\.|linking$|sourceMappingURL$|external_debug_info$|name$|\$edge\$* offsets$)/;

/** Behind the injected prefix: the section that says where functions begin. */
export const offsetsSection = " offsets";

interface CustomSection {
  readonly name: string;
  /** The content behind the name. */
  readonly content: Reader;
}

function customSection(shape: CoreModuleShape, { start, end }: Section): CustomSection {
  const content = new Reader(shape.bytes, start, end);
  return { name: content.name(), content };
}

function writeCustom(out: Writer, name: string, content: Writer): void {
  const section = new Writer(content.length + name.length + 8);
  section.asciiName(name);
  section.appendWriter(content);
  out.section(SectionId.custom, section);
}

export class CustomSections {
  readonly #shape: CoreModuleShape;
  /** By the section before them in the original, 0 for none. */
  readonly #kept = new Map<number, Section[]>();
  readonly #names: CustomSection | undefined;

  constructor(shape: CoreModuleShape) {
    this.#shape = shape;
    let previous = 0;
    let names: CustomSection | undefined;
    for (const section of shape.sections) {
      if (section.id !== SectionId.custom) {
        previous = section.id;
        continue;
      }
      const custom = customSection(shape, section);
      if (custom.name === "name") names ??= custom;
      if (untrue.test(custom.name)) continue;
      const list = this.#kept.get(previous) ?? [];
      list.push(section);
      this.#kept.set(previous, list);
    }
    this.#names = names;
  }

  /** Copies those that follow section `id` in the original; with 0, those before all. */
  copyAfter(id: number, out: Writer): void {
    for (const { start, end } of this.#kept.get(id) ?? []) {
      out.byte(SectionId.custom);
      out.u32(end - start);
      out.copy(this.#shape.bytes, start, end);
    }
  }

  /** Writes the names, and where functions begin if one of them has no name. */
  writeLast(injection: Injection, moduleName: string, out: Writer): void {
    const { content, namedFunctions } = nameSection(injection, this.#names?.content, moduleName);
    writeCustom(out, "name", content);
    const { functions, importedFunctions } = this.#shape;
    if (namedFunctions < functions.length - importedFunctions) {
      writeCustom(out, injection.prefix + offsetsSection, functionOffsets(this.#shape));
    }
  }
}

/** For each function with code, how far behind the one before its body begins; the first counts from the module's start. */
function functionOffsets(shape: CoreModuleShape): Writer {
  const out = new Writer(1024);
  const code = shape.sections.find((section) => section.id === SectionId.code);
  if (code === undefined) return out;
  const reader = new Reader(shape.bytes, code.start, code.end);
  let previous = 0;
  for (let count = reader.count(2); count > 0; count--) {
    const size = reader.u32();
    out.u32(reader.pos - previous);
    previous = reader.pos;
    reader.skip(size);
  }
  return out;
}
