// Values as WAVE text, in the form that Wasmtime's command prints. Takes jco's JavaScript mapping.

import { bug } from "edge-runtime-common";
import { isTaggedOption, propertyNames } from "edge-runtime-core";
import type { ValType } from "edge-runtime-core";
import { printFloat } from "./numbers.ts";
import { isKeyword } from "./syntax.ts";

type TypeOf<K extends ValType["kind"]> = Extract<ValType, { readonly kind: K }>;

/**
 * The text of a value that has the type. Resources have no form in WAVE: they are printed as `resource`, which is
 * not read back.
 */
export function printWave(value: unknown, type: ValType): string {
  switch (type.kind) {
    case "f32":
    case "f64":
      return printFloat(type.kind, Number(value));
    case "char":
      return `'${escapeText(String(value))}'`;
    case "string":
      return `"${escapeText(String(value))}"`;
    case "list":
      return `[${Array.from(value as Iterable<unknown>, (element) => printWave(element, type.element)).join(", ")}]`;
    case "tuple":
      return `(${type.types.map((part, index) => printWave((value as unknown[])[index], part)).join(", ")})`;
    case "record":
      return printRecord(value, type);
    case "flags":
      return printFlags(value, type);
    case "enum":
      return caseLabel(String(value));
    case "variant":
      return printVariant(value, type);
    case "option":
      return printOption(value, type);
    case "result": {
      const { tag, val } = tagged(value);
      return tag + printPayload(val, tag === "ok" ? type.ok : type.err);
    }
    case "own":
    case "borrow":
      return "resource";
    default:
      return String(value);
  }
}

interface Tagged {
  readonly tag: string;
  readonly val: unknown;
}

function tagged(value: unknown): Tagged {
  const { tag, val } = value as { readonly tag?: unknown; readonly val?: unknown };
  return typeof tag === "string" ? { tag, val } : bug(`expected a tagged value, got one of tag ${typeof tag}`);
}

function property(value: unknown, key: string | undefined): unknown {
  return (value as Readonly<Record<string, unknown>>)[key ?? ""];
}

/** Fields that are `none` are left out; a record of nothing else is `{:}`, since `{}` is flags. */
function printRecord(value: unknown, type: TypeOf<"record">): string {
  const keys = propertyNames(type.fields.map((field) => field.name));
  const entries = type.fields.flatMap((field, index) => {
    const fieldValue = property(value, keys[index]);
    const isNone = field.type.kind === "option" && isNoneOf(fieldValue, field.type);
    return isNone ? [] : [`${field.name}: ${printWave(fieldValue, field.type)}`];
  });
  return entries.length === 0 ? "{:}" : `{${entries.join(", ")}}`;
}

function printFlags(value: unknown, type: TypeOf<"flags">): string {
  const keys = propertyNames(type.names);
  return `{${type.names.filter((_name, index) => property(value, keys[index]) === true).join(", ")}}`;
}

function caseLabel(name: string): string {
  return isKeyword(name) ? `%${name}` : name;
}

function printPayload(value: unknown, type: ValType | undefined): string {
  return type === undefined ? "" : `(${printWave(value, type)})`;
}

function printVariant(value: unknown, type: TypeOf<"variant">): string {
  const { tag, val } = tagged(value);
  const payload = type.cases.find(({ name }) => name === tag)?.type;
  return caseLabel(tag) + printPayload(val, payload);
}

function isNoneOf(value: unknown, type: TypeOf<"option">): boolean {
  return isTaggedOption(type) ? tagged(value).tag === "none" : value === undefined || value === null;
}

function printOption(value: unknown, type: TypeOf<"option">): string {
  if (isNoneOf(value, type)) return "none";
  const payload = isTaggedOption(type) ? tagged(value).val : value;
  return `some(${printWave(payload, type.type)})`;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\\", "\\\\"],
  ['"', '\\"'],
  ["'", "\\'"],
  ["\t", "\\t"],
  ["\r", "\\r"],
  ["\n", "\\n"],
]);

/** Quotes, backslashes, and what does not show by itself: controls, separators, unassigned and combining characters. */
const TO_ESCAPE = /[\\"'\p{C}\p{Grapheme_Extend}]|(?! )\p{Z}/gu;

function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(
      TO_ESCAPE,
      (character) => ESCAPES.get(character) ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
    );
}
