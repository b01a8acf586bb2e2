// Core types of components: function types and the types of core modules.
// Spec: Binary.md "Type Definitions", `core:type`.

import { globalType, memoryType, tableType, valueType } from "../../binary/types.ts";
import type { Decoding } from "./decoding.ts";
import type { CoreExternType, CoreTypeDefinition, ModuleDeclaration } from "./definitions.ts";

const gcTypes = "garbage-collected core types at component level";

/** The features of module types are those of the modules, which are checked when they are compiled. */
function anyFeature(): Set<string> {
  return new Set();
}

function coreExternType(reader: Decoding): CoreExternType {
  const at = reader.pos;
  const kind = reader.byte();
  switch (kind) {
    case 0x00:
      return { kind: "func", type: reader.u32() };
    case 0x01:
      return { kind: "table", type: tableType(reader, anyFeature()) };
    case 0x02:
      return { kind: "memory", type: memoryType(reader, anyFeature()) };
    case 0x03:
      return { kind: "global", type: globalType(reader, anyFeature()) };
    case 0x04:
      if (reader.byte() !== 0) reader.fail("malformed tag attribute", at + 1);
      return { kind: "tag", type: reader.u32() };
    default:
      return reader.fail(`unknown core extern type 0x${kind.toString(16)}`, at);
  }
}

function moduleAlias(reader: Decoding): ModuleDeclaration {
  const at = reader.pos;
  if (reader.byte() !== 0x10 || reader.byte() !== 0x01) reader.fail("a module type aliases outer core types only", at);
  return { kind: "alias", count: reader.u32(), index: reader.u32() };
}

function moduleDeclaration(reader: Decoding): ModuleDeclaration {
  const at = reader.pos;
  const kind = reader.byte();
  switch (kind) {
    case 0x00:
      return { kind: "import", module: reader.name(), name: reader.name(), type: coreExternType(reader) };
    case 0x01: {
      const type = coreType(reader);
      // Here the byte of a module type is that of a subtype.
      if (type.kind === "module") reader.unsupported(gcTypes, at);
      return { kind: "type", type };
    }
    case 0x02:
      return moduleAlias(reader);
    case 0x03:
      return { kind: "export", name: reader.name(), type: coreExternType(reader) };
    default:
      return reader.fail(`unknown module declaration 0x${kind.toString(16)}`, at);
  }
}

export function coreType(reader: Decoding): CoreTypeDefinition {
  const at = reader.pos;
  const form = reader.byte();
  if (form === 0x60) {
    const values = (): string[] => reader.items(1, () => valueType(reader, anyFeature()));
    return { kind: "func", params: values(), results: values() };
  }
  if (form === 0x50) {
    const declarations = reader.nested((inner) => inner.items(2, () => moduleDeclaration(inner)));
    return { kind: "module", declarations };
  }
  const isGc = form === 0x00 || form === 0x4e || form === 0x4f || form === 0x5e || form === 0x5f;
  if (isGc) return reader.unsupported(gcTypes, at);
  if (form === 0x65) return reader.unsupported("shared core types (threads)", at);
  return reader.fail(`unknown core type 0x${form.toString(16)}`, at);
}
