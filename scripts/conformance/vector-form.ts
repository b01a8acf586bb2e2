// The form of the conformance vectors (see their README): types and typed values in JSON, brought to ours.

import { elementArrays, isNumberKind, isTaggedOption } from "edge-runtime-core";
import type { Field, PrimitiveKind, ValType } from "edge-runtime-core";

export type VectorType =
  | PrimitiveKind
  | { readonly list: VectorType }
  | { readonly record: readonly (readonly [string, VectorType])[] }
  | { readonly tuple: readonly VectorType[] }
  | { readonly variant: readonly (readonly [string, VectorType | null])[] }
  | { readonly enum: readonly string[] }
  | { readonly option: VectorType }
  | { readonly result: readonly [VectorType | null, VectorType | null] }
  | { readonly flags: readonly string[] };

export interface VectorValue {
  readonly type: string;
  readonly value: unknown;
}

export interface CoreVectorValue {
  readonly type: "i32" | "i64" | "f32" | "f64";
  readonly value: string;
}

function optionalType(type: VectorType | null): ValType | undefined {
  return type === null ? undefined : toValType(type);
}

export function toFields(fields: readonly (readonly [string, VectorType])[]): Field[] {
  return fields.map(([name, type]) => ({ name, type: toValType(type) }));
}

export function toValType(type: VectorType): ValType {
  if (typeof type === "string") return { kind: type };
  if ("list" in type) return { kind: "list", element: toValType(type.list) };
  if ("record" in type) return { kind: "record", fields: toFields(type.record) };
  if ("tuple" in type) return { kind: "tuple", types: type.tuple.map(toValType) };
  if ("variant" in type) {
    return { kind: "variant", cases: type.variant.map(([name, payload]) => ({ name, type: optionalType(payload) })) };
  }
  if ("enum" in type) return { kind: "enum", names: type.enum };
  if ("option" in type) return { kind: "option", type: toValType(type.option) };
  if ("flags" in type) return { kind: "flags", names: type.flags };
  return { kind: "result", ok: optionalType(type.result[0]), err: optionalType(type.result[1]) };
}

const scratch = new DataView(new ArrayBuffer(8));

export function floatFromBits(kind: "f32" | "f64", bits: string): number {
  if (kind === "f32") {
    scratch.setUint32(0, Number(bits));
    return scratch.getFloat32(0);
  }
  scratch.setBigUint64(0, BigInt(bits));
  return scratch.getFloat64(0);
}

export function bitsOfFloat(kind: "f32" | "f64", value: number): string {
  if (kind === "f32") {
    scratch.setFloat32(0, value);
    return String(scratch.getUint32(0));
  }
  scratch.setFloat64(0, value);
  return String(scratch.getBigUint64(0));
}

function camelCase(label: string): string {
  return label.replaceAll(/-(.)/g, (_match, letter: string) => letter.toUpperCase());
}

function listValue(element: ValType, values: readonly VectorValue[]): unknown {
  const list = values.map((value) => toValue(element, value));
  if (!isNumberKind(element.kind)) return list;
  const ElementArray = elementArrays[element.kind] as unknown as new (values: unknown[]) => unknown;
  return new ElementArray(list);
}

function flagsValue(names: readonly string[], set: readonly string[]): Record<string, boolean> {
  return Object.fromEntries(names.map((name) => [camelCase(name), set.includes(name)]));
}

function optionalValue(type: ValType | undefined, value: VectorValue | null | undefined): unknown {
  return type === undefined || value === null || value === undefined ? undefined : toValue(type, value);
}

function variantValue(type: ValType & { kind: "variant" }, value: { case: string; payload?: VectorValue }): unknown {
  const payload = type.cases.find(({ name }) => name === value.case)?.type;
  return payload === undefined ? { tag: value.case } : { tag: value.case, val: optionalValue(payload, value.payload) };
}

function optionValue(type: ValType & { kind: "option" }, value: VectorValue | null): unknown {
  if (!isTaggedOption(type)) return optionalValue(type.type, value);
  return value === null ? { tag: "none" } : { tag: "some", val: toValue(type.type, value) };
}

/** A typed value in jco's JavaScript mapping. */
export function toValue(type: ValType, { value }: VectorValue): unknown {
  switch (type.kind) {
    case "list":
      return listValue(type.element, value as VectorValue[]);
    case "record": {
      const fields = new Map(value as [string, VectorValue][]);
      return Object.fromEntries(
        type.fields.map((field) => [camelCase(field.name), optionalValue(field.type, fields.get(field.name))]),
      );
    }
    case "tuple":
      return type.types.map((part, index) => optionalValue(part, (value as VectorValue[])[index]));
    case "variant":
      return variantValue(type, value as { case: string; payload?: VectorValue });
    case "option":
      return optionValue(type, value as VectorValue | null);
    case "result": {
      const result = value as { Ok?: VectorValue | null; Err?: VectorValue | null };
      return "Ok" in result
        ? { tag: "ok", val: optionalValue(type.ok, result.Ok) }
        : { tag: "err", val: optionalValue(type.err, result.Err) };
    }
    case "flags":
      return flagsValue(type.names, value as string[]);
    case "f32":
    case "f64":
      return floatFromBits(type.kind, value as string);
    case "s64":
    case "u64":
      return BigInt(value as string);
    case "bool":
    case "char":
    case "string":
    case "enum":
      return value;
    default:
      return Number(value);
  }
}
