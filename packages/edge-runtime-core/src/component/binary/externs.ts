// Import and export sections, the types that externs are declared with, and their names.
// Spec: Binary.md "Import and Export Definitions", `externtype`.

import { nestedNameReason, parseExternName } from "../names.ts";
import type { Decoding } from "./decoding.ts";
import { quote } from "./decoding.ts";
import type { Definition, ExternDeclaration, ExternType } from "./definitions.ts";
import { sortIndex } from "./sorts.ts";

interface NameWithAttributes {
  readonly name: string;
  /** Interface that the instance implements; only the name identifies an item, type checking ignores the rest. */
  readonly implemented: string | undefined;
}

const attributeKinds = ["implements", "versionsuffix", "external-id"] as const;

function attributes(reader: Decoding): string | undefined {
  const seen = new Map<string, string>();
  reader.items(2, () => {
    const at = reader.pos;
    const kind = attributeKinds[reader.byte()] ?? reader.fail("unknown name attribute", at);
    if (seen.has(kind)) reader.fail(`the attribute ${kind} is given twice`, at);
    seen.set(kind, reader.name());
  });
  return seen.get("implements");
}

function invalidName(reader: Decoding, name: string, at: number): never {
  return reader.fail(`${quote(name)} is not a valid extern name${nestedNameReason(quote(name).slice(1, -1))}`, at);
}

function nameWithAttributes(reader: Decoding): NameWithAttributes {
  const at = reader.pos;
  const form = reader.byte();
  if (form > 0x02) reader.fail(`unknown form of name 0x${form.toString(16)}`, at);
  const name = reader.name();
  const parsed = parseExternName(name) ?? invalidName(reader, name, at);
  const implemented = form === 0x02 ? attributes(reader) : undefined;
  if (implemented === undefined) return { name, implemented };
  if (parsed.kind !== "label") reader.fail(`name ${quote(name)} is not valid with implements`, at);
  const target = parseExternName(implemented) ?? reader.fail(`${quote(implemented)} is not a valid name`, at);
  if (target.kind !== "interface") reader.fail(`implements: ${quote(implemented)} must be an interface`, at);
  return { name, implemented };
}

/** The name of an item, which may have an `implements` attribute only where it is an instance. */
export function externName(reader: Decoding): { readonly name: string; readonly checkIs: (what: string) => void } {
  const at = reader.pos;
  const { name, implemented } = nameWithAttributes(reader);
  const checkIs = (what: string): void => {
    if (implemented !== undefined && what !== "instance") reader.fail("only instances can have an implements", at);
  };
  return { name, checkIs };
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
  const { name, checkIs } = externName(reader);
  const type = externType(reader);
  checkIs(type.kind);
  return { name, type, offset };
}

export function importDefinition(reader: Decoding): Definition {
  return { kind: "import", ...externDeclaration(reader) };
}

export function exportDefinition(reader: Decoding): Definition {
  const offset = reader.pos;
  const { name, checkIs } = externName(reader);
  const item = sortIndex(reader);
  checkIs(item.sort);
  return { kind: "export", name, item, type: reader.optional(() => externType(reader)), offset };
}
