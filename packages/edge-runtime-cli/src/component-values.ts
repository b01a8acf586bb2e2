// Component values in JSON, by type, so that the text does not depend on how JavaScript holds a value.
//
// | WIT | JSON |
// |---|---|
// | bool, string, char | the same |
// | s8 to u32 | number |
// | s64, u64 | string of decimal digits |
// | f32, f64 | number; NaN and the infinities are strings |
// | list, tuple | array |
// | record | object, keys as WIT spells them |
// | variant, result | {"tag": case, "val": payload}, without "val" where the case has none |
// | enum | the case's name |
// | option | null or the value; where the value may itself be null: {"tag": "some" or "none", "val": value} |
// | flags | array of the names that are set |
// | own, borrow | "resource": it lives only as long as the run |

import { bug } from "edge-runtime-common";
import { isTaggedOption, propertyNames } from "edge-runtime-core";
import type { Field, ValType } from "edge-runtime-core";
import { floatToJson } from "./core-values.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** `value` in jco's mapping, as a run of a component gives it. */
export function componentValueToJson(value: unknown, type: ValType): Json {
  switch (type.kind) {
    case "bool":
      return value === true;
    case "s64":
    case "u64":
    case "char":
    case "string":
    case "enum":
      return String(value);
    case "f32":
    case "f64":
      return floatToJson(Number(value));
    case "list":
      return Array.from(toIterable(value), (element) => componentValueToJson(element, type.element));
    case "tuple":
      return type.types.map((elementType, index) => componentValueToJson(toArray(value)[index], elementType));
    case "record":
      return recordToJson(value, type.fields);
    case "flags": {
      const keys = propertyNames(type.names);
      return type.names.filter((_name, index) => property(value, keys[index] ?? "") === true);
    }
    case "variant":
      return taggedToJson(value, (tag) => type.cases.find((variantCase) => variantCase.name === tag)?.type);
    case "result":
      return taggedToJson(value, (tag) => (tag === "ok" ? type.ok : type.err));
    case "option":
      return optionToJson(value, type);
    case "own":
    case "borrow":
      return "resource";
    default:
      return Number(value);
  }
}

function recordToJson(value: unknown, fields: readonly Field[]): Json {
  const keys = propertyNames(fields.map((field) => field.name));
  return Object.fromEntries(
    fields.map(({ name, type }, index) => [name, componentValueToJson(property(value, keys[index] ?? ""), type)]),
  );
}

/** jco writes the option of an option as tagged values, since `undefined` could not tell them apart. */
function optionToJson(value: unknown, option: ValType & { readonly kind: "option" }): Json {
  const { type } = option;
  if (isTaggedOption(option)) return taggedToJson(value, (tag) => (tag === "some" ? type : undefined));
  return value === undefined || value === null ? null : componentValueToJson(value, type);
}

function taggedToJson(value: unknown, payloadType: (tag: string) => ValType | undefined): Json {
  const tag = String(property(value, "tag"));
  const type = payloadType(tag);
  return type === undefined ? { tag } : { tag, val: componentValueToJson(property(value, "val"), type) };
}

function property(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null) bug(`expected an object with ${key}, got ${typeof value}`);
  return Reflect.get(value, key);
}

function toArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : bug(`expected an array, got ${typeof value}`);
}

function toIterable(value: unknown): Iterable<unknown> {
  const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && Symbol.iterator in value);
  return isList ? (value as Iterable<unknown>) : bug(`expected a list, got ${typeof value}`);
}
