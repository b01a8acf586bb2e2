// Random component types with values of them, for properties such as lift(lower(v)) = v. Values are in jco's
// mapping exactly as lifting gives them: typed arrays for lists of numbers, `undefined` for none, every key present.

import { isTaggedOption, propertyNames } from "edge-runtime-core";
import type { PrimitiveKind, ValType } from "edge-runtime-core";
import fc from "fast-check";

/** Labels that are names of every object, WAVE keywords, acronyms and digits among them. */
const LABELS = [
  "a",
  "b",
  "c-d",
  "long-label-name",
  "x1",
  "x-1",
  "HTTP-status",
  "constructor",
  "to-string",
  "ok",
  "none",
];

const PRIMITIVES: readonly PrimitiveKind[] = [
  "bool",
  "s8",
  "u8",
  "s16",
  "u16",
  "s32",
  "u32",
  "s64",
  "u64",
  "f32",
  "f64",
  "char",
  "string",
];

const labels = fc.uniqueArray(fc.constantFrom(...LABELS), { minLength: 1, maxLength: 5 });

function primitiveType(): fc.Arbitrary<ValType> {
  return fc.constantFrom(...PRIMITIVES).map((kind): ValType => ({ kind }));
}

function labelType(): fc.Arbitrary<ValType> {
  return labels.chain((names) => fc.constantFrom<ValType>({ kind: "enum", names }, { kind: "flags", names }));
}

function compositeType(part: fc.Arbitrary<ValType>): fc.Arbitrary<ValType> {
  const optional = fc.option(part, { nil: undefined });
  const parts = fc.array(part, { minLength: 1, maxLength: 5 });
  return fc.oneof(
    part.map((element): ValType => ({ kind: "list", element })),
    part.map((type): ValType => ({ kind: "option", type })),
    fc.tuple(optional, optional).map(([ok, err]): ValType => ({ kind: "result", ok, err })),
    parts.map((types): ValType => ({ kind: "tuple", types })),
    fc
      .tuple(labels, fc.array(part, { minLength: 5, maxLength: 5 }))
      .map(([names, types]): ValType => ({ kind: "record", fields: zip(names, types) })),
    fc
      .tuple(labels, fc.array(optional, { minLength: 5, maxLength: 5 }))
      .map(([names, types]): ValType => ({ kind: "variant", cases: zip(names, types) })),
  );
}

function zip<T>(names: readonly string[], types: readonly T[]): { readonly name: string; readonly type: T }[] {
  return types.slice(0, names.length).map((type, index) => ({ name: names[index] ?? "", type }));
}

/** Types nested up to `depth` levels; none of them holds resources. */
export function arbitraryType(depth = 3): fc.Arbitrary<ValType> {
  if (depth === 0) return fc.oneof({ weight: 4, arbitrary: primitiveType() }, { weight: 1, arbitrary: labelType() });
  const part = arbitraryType(depth - 1);
  return fc.oneof({ weight: 1, arbitrary: part }, { weight: 2, arbitrary: compositeType(part) });
}

const scalarValue = fc
  .oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0, max: 0x10_ffff - 0x800 }))
  .map((code) => String.fromCodePoint(code < 0xd800 ? code : code + 0x800));

const text = fc.oneof(
  fc.string({ unit: "grapheme-ascii" }),
  // fast-check's own unit "binary" takes a second to make.
  fc.array(scalarValue).map((units) => units.join("")),
  fc.string({ maxLength: 99 }),
);

const primitiveValues: Readonly<Record<PrimitiveKind, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  s8: fc.integer({ min: -0x80, max: 0x7f }),
  u8: fc.integer({ min: 0, max: 0xff }),
  s16: fc.integer({ min: -0x8000, max: 0x7fff }),
  u16: fc.integer({ min: 0, max: 0xffff }),
  s32: fc.integer(),
  u32: fc.integer({ min: 0, max: 0xffff_ffff }),
  s64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  f32: fc.float(),
  f64: fc.double(),
  char: scalarValue,
  string: text,
};

const numberArrays: ReadonlyMap<string, new (values: unknown[]) => unknown> = new Map<string, unknown>([
  ["s8", Int8Array],
  ["u8", Uint8Array],
  ["s16", Int16Array],
  ["u16", Uint16Array],
  ["s32", Int32Array],
  ["u32", Uint32Array],
  ["s64", BigInt64Array],
  ["u64", BigUint64Array],
  ["f32", Float32Array],
  ["f64", Float64Array],
]) as ReadonlyMap<string, new (values: unknown[]) => unknown>;

function listValue(element: ValType): fc.Arbitrary<unknown> {
  const values = fc.array(arbitraryValue(element), { maxLength: 6 });
  const NumberArray = numberArrays.get(element.kind);
  return NumberArray === undefined ? values : values.map((numbers) => new NumberArray(numbers));
}

function payloadValue(type: ValType | undefined): fc.Arbitrary<unknown> {
  return type === undefined ? fc.constant(undefined) : arbitraryValue(type);
}

function optionValue(type: ValType & { readonly kind: "option" }): fc.Arbitrary<unknown> {
  const payload = arbitraryValue(type.type);
  if (!isTaggedOption(type)) return fc.option(payload, { nil: undefined });
  return fc.oneof(
    fc.constant({ tag: "none" }),
    payload.map((val) => ({ tag: "some", val })),
  );
}

function keyedValues(names: readonly string[], values: readonly fc.Arbitrary<unknown>[]): fc.Arbitrary<unknown> {
  const keys = propertyNames(names);
  return fc.tuple(...values).map((all) => Object.fromEntries(all.map((value, index) => [keys[index] ?? "", value])));
}

/** Values of the type. */
export function arbitraryValue(type: ValType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "list":
      return listValue(type.element);
    case "option":
      return optionValue(type);
    case "tuple":
      return fc.tuple(...type.types.map((part) => arbitraryValue(part)));
    case "result":
      return fc.oneof(
        payloadValue(type.ok).map((val) => ({ tag: "ok", val })),
        payloadValue(type.err).map((val) => ({ tag: "err", val })),
      );
    case "variant":
      return fc.oneof(
        ...type.cases.map(({ name, type: payload }) =>
          payloadValue(payload).map((val) => (payload === undefined ? { tag: name } : { tag: name, val })),
        ),
      );
    case "enum":
      return fc.constantFrom(...type.names);
    case "flags":
      return keyedValues(
        type.names,
        type.names.map(() => fc.boolean()),
      );
    case "record":
      return keyedValues(
        type.fields.map((field) => field.name),
        type.fields.map((field) => arbitraryValue(field.type)),
      );
    case "own":
    case "borrow":
      throw new RangeError("no random values of resources");
    default:
      return primitiveValues[type.kind];
  }
}

/** A type and a value of it. */
export function arbitraryTypedValue(depth = 3): fc.Arbitrary<readonly [ValType, unknown]> {
  return arbitraryType(depth).chain((type) => fc.tuple(fc.constant(type), arbitraryValue(type)));
}
