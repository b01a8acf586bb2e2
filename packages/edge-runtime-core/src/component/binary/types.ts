// Type sections: value, function, resource, component and instance types.
// Spec: Binary.md "Type Definitions", `deftype`.

import { alias } from "./aliases.ts";
import { coreType } from "./core-types.ts";
import type { Decoding } from "./decoding.ts";
import type { Declaration, TypeDefinition, ValTypeRef } from "./definitions.ts";
import { externDeclaration } from "./externs.ts";
import { definedValueType, labelledTypes, valTypeRef } from "./value-types.ts";

const I32 = 0x7f;

function resultList(reader: Decoding): ValTypeRef | undefined {
  const at = reader.pos;
  const form = reader.byte();
  if (form === 0x00) return valTypeRef(reader);
  if (form === 0x01 && reader.byte() === 0x00) return undefined;
  return reader.fail("malformed result list", at);
}

function funcType(reader: Decoding): TypeDefinition {
  const params = labelledTypes(reader);
  return { kind: "func", params, result: resultList(reader) };
}

function resourceType(reader: Decoding): TypeDefinition {
  const at = reader.pos;
  if (reader.byte() !== I32) reader.unsupported("resources that are not represented by an i32", at);
  return { kind: "resource", dtor: reader.optional(() => reader.u32()) };
}

function declaration(reader: Decoding, withImports: boolean): Declaration {
  const offset = reader.pos;
  const kind = reader.byte();
  switch (kind) {
    case 0x00:
      return { kind: "core-type", type: coreType(reader), offset };
    case 0x01: {
      const type = typeDefinition(reader);
      if (type.kind === "resource") reader.fail("resources cannot be defined within a type", offset);
      return { kind: "type", type, offset };
    }
    case 0x02:
      return alias(reader);
    case 0x03:
      if (!withImports) return reader.fail("an instance type has no imports", offset);
      return { kind: "import", ...externDeclaration(reader) };
    case 0x04:
      return { kind: "export-declaration", ...externDeclaration(reader) };
    default:
      return reader.fail(`unknown declaration 0x${kind.toString(16)}`, offset);
  }
}

function declarations(reader: Decoding, withImports: boolean): Declaration[] {
  return reader.nested((inner) => inner.items(2, () => declaration(inner, withImports)));
}

export function typeDefinition(reader: Decoding): TypeDefinition {
  const at = reader.pos;
  const code = reader.byte();
  switch (code) {
    case 0x40:
      return funcType(reader);
    case 0x43:
      return reader.unsupported("async function types (WASI 0.3)", at);
    case 0x41:
      return { kind: "component", declarations: declarations(reader, true) };
    case 0x42:
      return { kind: "instance", declarations: declarations(reader, false) };
    case 0x3f:
      return resourceType(reader);
    case 0x3e:
      return reader.unsupported("resources with async destructors", at);
    default:
      return definedValueType(reader, code, at);
  }
}
