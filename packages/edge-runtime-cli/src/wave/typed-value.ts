// From nodes to values of a type, in jco's JavaScript mapping.

import { isTaggedOption, propertyNames } from "edge-runtime-core";
import type { Field, ValType } from "edge-runtime-core";
import { parseNumber, toTypedArray } from "./numbers.ts";
import { unescapeMultiline, unescapeText } from "./string-literal.ts";
import type { LabelNode, Node } from "./syntax.ts";
import { describeType } from "./type-names.ts";
import { waveError } from "./wave-error.ts";
import type { WaveSource } from "./wave-error.ts";

type TypeOf<K extends ValType["kind"]> = Extract<ValType, { readonly kind: K }>;

const LONGEST_SHOWN = 40;

function misfit(source: WaveSource, node: Node, type: ValType): never {
  const text = source.text.slice(node.start, Math.min(node.end, node.start + LONGEST_SHOWN));
  throw waveError(source, node.start, `expected ${describeType(type)}, got ${text}`);
}

/** Throws SignatureMismatch with the position and the type that was expected. */
export function toTypedValue(source: WaveSource, node: Node, type: ValType): unknown {
  switch (type.kind) {
    case "bool":
      return toBool(source, node, type);
    case "char":
      if (node.kind !== "char") return misfit(source, node, type);
      return unescapeText(source, node.start + 1, node.end - 1);
    case "string":
      if (node.kind === "multiline") return unescapeMultiline(source, node.start, node.end);
      if (node.kind !== "string") return misfit(source, node, type);
      return unescapeText(source, node.start + 1, node.end - 1);
    case "list":
      if (node.kind !== "list") return misfit(source, node, type);
      return toTypedArray(
        type.element.kind,
        node.children.map((child) => toTypedValue(source, child, type.element)),
      );
    case "tuple":
      return toTuple(source, node, type);
    case "record":
      return toRecord(source, node, type);
    case "flags":
      return toFlags(source, node, type);
    case "enum":
      return toEnum(source, node, type);
    case "variant":
      return toVariant(source, node, type);
    case "option":
      return toOption(source, node, type);
    case "result":
      return toResult(source, node, type);
    case "own":
    case "borrow":
      throw waveError(source, node.start, "a resource cannot be written as text");
    default:
      return toNumber(source, node, type);
  }
}

function isCase(node: Node): node is LabelNode {
  return node.kind === "label";
}

function isBareKeyword(node: Node, ...names: readonly string[]): node is LabelNode {
  return isCase(node) && node.isKeyword && node.payload === undefined && names.includes(node.name);
}

function toBool(source: WaveSource, node: Node, type: ValType): boolean {
  return isBareKeyword(node, "true", "false") ? node.name === "true" : misfit(source, node, type);
}

function toNumber(source: WaveSource, node: Node, type: ValType): number | bigint {
  const isNumber = node.kind === "number" || isBareKeyword(node, "inf", "nan");
  const value = isNumber ? parseNumber(type.kind, source.text.slice(node.start, node.end)) : undefined;
  return value ?? misfit(source, node, type);
}

function toTuple(source: WaveSource, node: Node, type: TypeOf<"tuple">): unknown[] {
  if (node.kind !== "tuple" || node.children.length !== type.types.length) misfit(source, node, type);
  const { children } = node;
  return type.types.flatMap((part, index) => {
    const child = children[index];
    return child === undefined ? [] : [toTypedValue(source, child, part)];
  });
}

function toRecord(source: WaveSource, node: Node, type: TypeOf<"record">): Record<string, unknown> {
  if (node.kind !== "record") misfit(source, node, type);
  const labels = new Set(type.fields.map((field) => field.name));
  const unknown = node.fields.find(({ label }) => !labels.has(label.name));
  if (unknown !== undefined) throw waveError(source, unknown.label.start, `unknown field ${unknown.label.name}`);
  const values = new Map(node.fields.map(({ label, value }) => [label.name, value]));
  const keys = propertyNames(type.fields.map((field) => field.name));
  const record: Record<string, unknown> = {};
  type.fields.forEach((field, index) => {
    const value = values.get(field.name);
    record[keys[index] ?? ""] =
      value === undefined ? toAbsent(source, node, field) : toTypedValue(source, value, field.type);
  });
  return record;
}

/** What a field has that is not written. */
function toAbsent(source: WaveSource, node: Node, { name, type }: Field): unknown {
  if (type.kind === "option") return noneOf(type);
  throw waveError(source, node.start, `missing field ${name} (${describeType(type)})`);
}

function toFlags(source: WaveSource, node: Node, type: TypeOf<"flags">): Record<string, boolean> {
  if (node.kind !== "flags") misfit(source, node, type);
  const unknown = node.labels.find(({ name }) => !type.names.includes(name));
  if (unknown !== undefined)
    throw waveError(source, unknown.start, `expected ${describeType(type)}, got ${unknown.name}`);
  const set = new Set(node.labels.map(({ name }) => name));
  const keys = propertyNames(type.names);
  return Object.fromEntries(type.names.map((name, index) => [keys[index] ?? "", set.has(name)]));
}

function toEnum(source: WaveSource, node: Node, type: TypeOf<"enum">): string {
  const fits = isCase(node) && !node.isKeyword && node.payload === undefined && type.names.includes(node.name);
  return fits ? node.name : misfit(source, node, type);
}

function toVariant(source: WaveSource, node: Node, type: TypeOf<"variant">): unknown {
  if (!isCase(node) || node.isKeyword) return misfit(source, node, type);
  const found = type.cases.find(({ name }) => name === node.name);
  if (found === undefined) return misfit(source, node, type);
  const val = toPayload(source, node, found.type);
  return found.type === undefined ? { tag: found.name } : { tag: found.name, val };
}

/** The payload of a case that has the type, or of one that has none. */
function toPayload(source: WaveSource, node: LabelNode, type: ValType | undefined): unknown {
  if (type !== undefined && node.payload !== undefined) return toTypedValue(source, node.payload, type);
  if (type !== undefined) throw waveError(source, node.end, `expected (${describeType(type)}) after ${node.name}`);
  if (node.payload !== undefined) throw waveError(source, node.payload.start, `${node.name} has no payload`);
  return undefined;
}

/** A payload may stand without its `some` or `ok` where that cannot be mistaken. */
function isFlattenable(type: ValType | undefined): type is ValType {
  return type !== undefined && type.kind !== "option" && type.kind !== "result";
}

function noneOf(type: TypeOf<"option">): unknown {
  return isTaggedOption(type) ? { tag: "none" } : undefined;
}

function toOption(source: WaveSource, node: Node, type: TypeOf<"option">): unknown {
  if (isCase(node) && node.isKeyword && node.name === "none") {
    toPayload(source, node, undefined);
    return noneOf(type);
  }
  if (isCase(node) && node.isKeyword && node.name === "some") {
    const val = toPayload(source, node, type.type);
    return isTaggedOption(type) ? { tag: "some", val } : val;
  }
  return isFlattenable(type.type) ? toTypedValue(source, node, type.type) : misfit(source, node, type);
}

function toResult(source: WaveSource, node: Node, type: TypeOf<"result">): unknown {
  if (isCase(node) && node.isKeyword && (node.name === "ok" || node.name === "err")) {
    return { tag: node.name, val: toPayload(source, node, type[node.name]) };
  }
  return isFlattenable(type.ok) ? { tag: "ok", val: toTypedValue(source, node, type.ok) } : misfit(source, node, type);
}

/** Arguments by position; options at the end may be left out. */
export function toTypedArguments(source: WaveSource, nodes: readonly Node[], params: readonly Field[]): unknown[] {
  const extra = nodes[params.length];
  if (extra !== undefined) {
    throw waveError(source, extra.start, `expected ${countArguments(params.length)}, got ${nodes.length}`);
  }
  return params.map(({ name, type }, index) => {
    const node = nodes[index];
    if (node !== undefined) return toTypedValue(source, node, type);
    if (type.kind === "option") return noneOf(type);
    throw waveError(source, source.text.length, `missing argument ${name} (${describeType(type)})`);
  });
}

function countArguments(count: number): string {
  return count === 1 ? "1 argument" : `${count} arguments`;
}
