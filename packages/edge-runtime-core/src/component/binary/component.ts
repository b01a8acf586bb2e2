// Decodes a component binary into its definitions. Cost and memory are linear in the size of the file, and nested
// components and types are bounded in depth; core modules stay bytes of the file, which is not copied.
// Spec: Binary.md "Component Definitions".

import { CompilationFailed } from "edge-runtime-common";
import { validateWasmHeader } from "../../binary/header.ts";
import { alias } from "./aliases.ts";
import { canon } from "./canons.ts";
import { coreType } from "./core-types.ts";
import { Decoding } from "./decoding.ts";
import type { ComponentDefinition, Definition } from "./definitions.ts";
import { exportDefinition, importDefinition } from "./externs.ts";
import { coreInstance, instance } from "./instances.ts";
import { typeDefinition } from "./types.ts";

/** Sections whose content is a count and as many definitions, by section id. */
const vectorSections: ReadonlyMap<number, (reader: Decoding) => Definition> = new Map([
  [2, coreInstance],
  [3, (reader: Decoding): Definition => ({ kind: "core-type", offset: reader.pos, type: coreType(reader) })],
  [5, instance],
  [6, alias],
  [7, (reader: Decoding): Definition => ({ kind: "type", offset: reader.pos, type: typeDefinition(reader) })],
  [8, canon],
  [10, importDefinition],
  [11, exportDefinition],
]);

const CUSTOM_SECTION = 0;
const CORE_MODULE_SECTION = 1;
const COMPONENT_SECTION = 4;
const START_SECTION = 9;
const VALUE_SECTION = 12;

function customSection(section: Decoding): void {
  section.name();
}

function sectionDefinitions(id: number, section: Decoding): Definition[] {
  const offset = section.pos;
  switch (id) {
    case CUSTOM_SECTION:
      customSection(section);
      return [];
    case CORE_MODULE_SECTION: {
      const bytes = section.take(section.remaining);
      if (validateWasmHeader(bytes) !== "core") section.fail("a core module section holds a component", offset);
      return [{ kind: "core-module", bytes, offset }];
    }
    case COMPONENT_SECTION:
      return [{ kind: "component", component: component(section), offset }];
    case START_SECTION:
      return section.unsupported("a start function");
    case VALUE_SECTION:
      return section.unsupported("values");
    default: {
      const item = vectorSections.get(id) ?? section.fail(`unknown component section ${id}`);
      const definitions = section.items(1, () => item(section));
      if (!section.done) section.fail(`section ${id} is longer than its content`);
      return definitions;
    }
  }
}

function component(reader: Decoding): ComponentDefinition {
  const start = reader.pos;
  const kind = validateWasmHeader(reader.bytes.subarray(start, reader.end));
  if (kind !== "component") reader.fail("a core module where a component is expected", start);
  reader.skip(8);
  const definitions: Definition[] = [];
  while (!reader.done) {
    const id = reader.byte();
    const at = reader.pos;
    const size = reader.u32();
    if (size > reader.remaining) reader.fail(`section ${id} of ${size} bytes exceeds its component`, at);
    for (const definition of sectionDefinitions(id, reader.section(size))) definitions.push(definition);
  }
  return { definitions };
}

/**
 * Decodes a component. Indices and types are not checked: `linkComponent` does that.
 *
 * @throws CompilationFailed with the file offset, where the bytes are malformed, over a limit, or use a feature that
 * is not supported (then naming it).
 */
export function decodeComponent(bytes: Uint8Array): ComponentDefinition {
  try {
    return component(new Decoding(bytes));
  } catch (error) {
    if (error instanceof CompilationFailed) throw error;
    throw new CompilationFailed("the component could not be decoded", error);
  }
}
