// Defined value types and the references to them.
// Spec: Binary.md "Type Definitions", `defvaltype`, `valtype`.

import type { PrimitiveKind } from "../../canonical-abi/types.ts";
import { MAX_TYPE_NODES } from "../limits.ts";
import type { Decoding } from "./decoding.ts";
import type { LabelledType, TypeDefinition, ValTypeRef } from "./definitions.ts";

const primitives: ReadonlyMap<number, PrimitiveKind> = new Map([
  [0x7f, "bool"],
  [0x7e, "s8"],
  [0x7d, "u8"],
  [0x7c, "s16"],
  [0x7b, "u16"],
  [0x7a, "s32"],
  [0x79, "u32"],
  [0x78, "s64"],
  [0x77, "u64"],
  [0x76, "f32"],
  [0x75, "f64"],
  [0x74, "char"],
  [0x73, "string"],
]);

const unsupportedTypes: ReadonlyMap<number, string> = new Map([
  [0x66, "streams (WASI 0.3)"],
  [0x65, "futures (WASI 0.3)"],
  [0x64, "error contexts (WASI 0.3)"],
]);

/** More flags would not fit the 32 bits that the ABI gives them. */
const MAX_FLAGS = 32;

export function valTypeRef(reader: Decoding): ValTypeRef {
  const at = reader.pos;
  const value = reader.s33();
  if (value >= 0 && value < 2 ** 32) return value;
  const code = value + 0x80;
  const primitive = primitives.get(code);
  if (primitive !== undefined) return primitive;
  const feature = unsupportedTypes.get(code);
  return feature === undefined ? reader.fail("malformed value type", at) : reader.unsupported(feature, at);
}

export function labelledTypes(reader: Decoding): LabelledType[] {
  return uniqueNames(reader, () => ({ name: reader.label(), type: valTypeRef(reader) }));
}

function uniqueNames<T extends { readonly name: string }>(reader: Decoding, item: () => T): T[] {
  const seen = new Set<string>();
  return reader.items(2, () => {
    const at = reader.pos;
    const result = item();
    const key = result.name.toLowerCase();
    if (seen.has(key)) reader.fail(`the name "${result.name}" is used twice`, at);
    seen.add(key);
    return result;
  });
}

function labels(reader: Decoding): string[] {
  return uniqueNames(reader, () => ({ name: reader.label() })).map(({ name }) => name);
}

function notEmpty<T>(reader: Decoding, items: readonly T[], what: string, at: number): readonly T[] {
  return items.length > 0 ? items : reader.fail(`a ${what} type must not be empty`, at);
}

function variantCase(reader: Decoding): { name: string; type: ValTypeRef | undefined } {
  const name = reader.label();
  const type = reader.optional(() => valTypeRef(reader));
  if (reader.byte() !== 0) reader.fail("malformed variant case", reader.pos - 1);
  return { name, type };
}

function flags(reader: Decoding, at: number): TypeDefinition {
  const names = notEmpty(reader, labels(reader), "flags", at);
  if (names.length > MAX_FLAGS) reader.fail(`a flags type has more than ${MAX_FLAGS} flags`, at);
  return { kind: "flags", names };
}

function fixedLength(reader: Decoding): number {
  const at = reader.pos;
  const length = reader.u32();
  if (length === 0) reader.fail("a list of fixed length must not be empty", at);
  if (length > MAX_TYPE_NODES) reader.unsupported(`lists of a fixed length over ${MAX_TYPE_NODES}`, at);
  reader.tally(length, at);
  return length;
}

/** A defined value type whose first byte `code` was read, at `at`. */
export function definedValueType(reader: Decoding, code: number, at: number): TypeDefinition {
  const primitive = primitives.get(code);
  if (primitive !== undefined) return { kind: "primitive", primitive };
  switch (code) {
    case 0x72:
      return { kind: "record", fields: notEmpty(reader, labelledTypes(reader), "record", at) };
    case 0x71:
      return {
        kind: "variant",
        cases: notEmpty(
          reader,
          uniqueNames(reader, () => variantCase(reader)),
          "variant",
          at,
        ),
      };
    case 0x70:
      return { kind: "list", element: valTypeRef(reader) };
    case 0x67:
      return { kind: "fixed-list", element: valTypeRef(reader), length: fixedLength(reader) };
    case 0x63:
      return { kind: "map", key: valTypeRef(reader), value: valTypeRef(reader) };
    case 0x6f:
      return {
        kind: "tuple",
        types: notEmpty(
          reader,
          reader.items(1, () => valTypeRef(reader)),
          "tuple",
          at,
        ),
      };
    case 0x6e:
      return flags(reader, at);
    case 0x6d:
      return { kind: "enum", names: notEmpty(reader, labels(reader), "enum", at) };
    case 0x6b:
      return { kind: "option", type: valTypeRef(reader) };
    case 0x6a: {
      const ok = reader.optional(() => valTypeRef(reader));
      return { kind: "result", ok, err: reader.optional(() => valTypeRef(reader)) };
    }
    case 0x69:
      return { kind: "own", resource: reader.u32() };
    case 0x68:
      return { kind: "borrow", resource: reader.u32() };
    default: {
      const feature = unsupportedTypes.get(code);
      if (feature !== undefined) return reader.unsupported(feature, at);
      return reader.fail(`unknown type 0x${code.toString(16)}`, at);
    }
  }
}
