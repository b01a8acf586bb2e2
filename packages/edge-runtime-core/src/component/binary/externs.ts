// Import and export sections, the types that externs are declared with, and their names.
// Spec: Binary.md "Import and Export Definitions", `externtype`.

import { parseExternName } from "../names.ts";
import type { Decoding } from "./decoding.ts";
import { quote } from "./decoding.ts";
import type { Definition, ExternDeclaration, ExternType } from "./definitions.ts";
import { sortIndex } from "./sorts.ts";

/** Attributes do not identify an item (spec: type checking ignores them): they are read and dropped. */
function attribute(reader: Decoding): void {
  const at = reader.pos;
  const kind = reader.byte();
  if (kind > 0x02) reader.fail(`unknown name attribute 0x${kind.toString(16)}`, at);
  reader.name();
}

export function externName(reader: Decoding): string {
  const at = reader.pos;
  const form = reader.byte();
  if (form > 0x02) reader.fail(`unknown form of name 0x${form.toString(16)}`, at);
  const text = reader.name();
  if (parseExternName(text) === undefined) reader.fail(`${quote(text)} is not a valid extern name`, at);
  if (form === 0x02) reader.items(2, () => attribute(reader));
  return text;
}

function typeBound(reader: Decoding): ExternType {
  const at = reader.pos;
  const bound = reader.byte();
  if (bound === 0x00) return { kind: "type", equal: reader.u32() };
  if (bound === 0x01) return { kind: "resource" };
  return reader.fail(`unknown type bound 0x${bound.toString(16)}`, at);
}

export function externType(reader: Decoding): ExternType {
  const at = reader.pos;
  const byte = reader.byte();
  switch (byte) {
    case 0x00:
      if (reader.byte() !== 0x11) reader.fail("only modules are core items that can be imported or exported", at);
      return { kind: "module", type: reader.u32() };
    case 0x01:
      return { kind: "func", type: reader.u32() };
    case 0x02:
      return reader.unsupported("values", at);
    case 0x03:
      return typeBound(reader);
    case 0x04:
      return { kind: "component", type: reader.u32() };
    case 0x05:
      return { kind: "instance", type: reader.u32() };
    default:
      return reader.fail(`unknown extern type 0x${byte.toString(16)}`, at);
  }
}

export function externDeclaration(reader: Decoding): ExternDeclaration {
  const offset = reader.pos;
  return { name: externName(reader), type: externType(reader), offset };
}

export function importDefinition(reader: Decoding): Definition {
  return { kind: "import", ...externDeclaration(reader) };
}

export function exportDefinition(reader: Decoding): Definition {
  const offset = reader.pos;
  const name = externName(reader);
  const item = sortIndex(reader);
  return { kind: "export", name, item, type: reader.optional(() => externType(reader)), offset };
}
