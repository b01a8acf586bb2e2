// Core types as far as the rewriter needs them: the flattened type index space with each function's parameters and
// results, what an object of each garbage-collected type takes, and the printed names of value types.
// Spec: core, Binary Format, Types.

import { CompilationFailed } from "edge-runtime-common";
import type { FieldType } from "./heap-layout.ts";
import { fieldBytes, structHeader, withField } from "./heap-layout.ts";
import type { Reader } from "./reader.ts";

/** Where a function type stands in the module, and the bytes of its value types without their counts. */
export interface FunctionEncoding {
  readonly start: number;
  readonly end: number;
  readonly params: Uint8Array;
  readonly results: Uint8Array;
  /** In a recursion group of its own, final and without supertypes: equal to any other such type of the same values. */
  readonly plain: boolean;
}

export interface FunctionType {
  readonly kind: "func";
  readonly params: readonly string[];
  readonly results: readonly string[];
  /** Absent in types that no core module declares. */
  readonly encoding?: FunctionEncoding;
}

export interface StructType {
  readonly kind: "struct";
  readonly fields: number;
  /** Bytes of one object in the heap, at most. */
  readonly bytes: number;
}

export interface ArrayType {
  readonly kind: "array";
  readonly element: FieldType;
}

export type DefinedType = FunctionType | StructType | ArrayType;

export interface Limits {
  readonly min: bigint;
  readonly max: bigint | undefined;
  readonly is64: boolean;
  readonly shared: boolean;
}

export interface TableType {
  readonly element: string;
  /** Bytes of the element type. */
  readonly elementCode: readonly number[];
  readonly limits: Limits;
}

export interface GlobalType {
  readonly type: string;
  /** Bytes of the value type. */
  readonly typeCode: readonly number[];
  readonly mutable: boolean;
}

/** Gathers which proposals a module uses, by the name under which they are reported. */
export type FeatureSet = Set<string>;

const numericTypes = new Map([
  [0x7f, "i32"],
  [0x7e, "i64"],
  [0x7d, "f32"],
  [0x7c, "f64"],
  [0x7b, "v128"],
]);

const abstractHeapTypes = new Map([
  [0x70, "func"],
  [0x6f, "extern"],
  [0x6e, "any"],
  [0x6d, "eq"],
  [0x6c, "i31"],
  [0x6b, "struct"],
  [0x6a, "array"],
  [0x69, "exn"],
  [0x71, "none"],
  [0x72, "noextern"],
  [0x73, "nofunc"],
  [0x74, "noexn"],
]);

const gcHeapTypes = new Set(["any", "eq", "i31", "struct", "array", "none"]);

function heapType(reader: Reader, features: FeatureSet): string {
  const at = reader.pos;
  const index = reader.s33();
  if (index >= 0) {
    features.add("function-references");
    return `$${index}`;
  }
  const name = abstractHeapTypes.get(index + 0x80);
  if (name === undefined) reader.fail("malformed heap type", at);
  if (gcHeapTypes.has(name)) features.add("gc");
  if (name === "exn") features.add("exceptions");
  return name;
}

function printReference(nullable: boolean, heap: string): string {
  if (nullable && heap === "func") return "funcref";
  if (nullable && heap === "extern") return "externref";
  return `(ref ${nullable ? "null " : ""}${heap})`;
}

export function valueType(reader: Reader, features: FeatureSet): string {
  const at = reader.pos;
  const byte = reader.byte();
  const numeric = numericTypes.get(byte);
  if (numeric !== undefined) {
    if (numeric === "v128") features.add("simd");
    return numeric;
  }
  if (byte === 0x63 || byte === 0x64) return printReference(byte === 0x63, heapType(reader, features));
  if (!abstractHeapTypes.has(byte)) reader.fail("malformed value type", at);
  reader.pos = at;
  return printReference(true, heapType(reader, features));
}

const packedBytes = new Map([
  [0x78, 1],
  [0x77, 2],
]);

function fieldType(reader: Reader, features: FeatureSet): FieldType {
  const start = reader.pos;
  const packed = packedBytes.get(reader.peek());
  if (packed !== undefined) {
    reader.skip(2);
    return { code: [0x7f], bytes: packed };
  }
  const bytes = fieldBytes(valueType(reader, features));
  const code = [...reader.bytes.subarray(start, reader.pos)];
  reader.byte();
  return { code, bytes };
}

function functionType(reader: Reader, features: FeatureSet, plain: boolean): FunctionType {
  const { bytes, pos: start } = reader;
  const values = (): { types: string[]; code: Uint8Array } => {
    const length = reader.count();
    const at = reader.pos;
    const types = Array.from({ length }, () => valueType(reader, features));
    return { types, code: bytes.subarray(at, reader.pos) };
  };
  const params = values();
  const results = values();
  if (results.types.length > 1) features.add("multi-value");
  const encoding = { start, end: reader.pos, params: params.code, results: results.code, plain };
  return { kind: "func", params: params.types, results: results.types, encoding };
}

function compositeType(reader: Reader, features: FeatureSet, plain: boolean): DefinedType {
  const at = reader.pos;
  const form = reader.byte();
  if (form === 0x60) return functionType(reader, features, plain);
  features.add("gc");
  if (form === 0x5e) return { kind: "array", element: fieldType(reader, features) };
  if (form === 0x5f) {
    const fields = reader.count(2);
    let bytes = structHeader;
    for (let index = 0; index < fields; index++) bytes = withField(bytes, fieldType(reader, features));
    return { kind: "struct", fields, bytes };
  }
  return reader.fail(`unknown composite type 0x${form.toString(16)}`, at);
}

/** `lone`: the only type of its recursion group. */
function subType(reader: Reader, features: FeatureSet, lone: boolean): DefinedType {
  const form = reader.peek();
  if (form !== 0x50 && form !== 0x4f) return compositeType(reader, features, lone);
  reader.byte();
  features.add("gc");
  const supertypes = reader.count();
  for (let index = 0; index < supertypes; index++) reader.u32();
  return compositeType(reader, features, lone && form === 0x4f && supertypes === 0);
}

/** The type section's content: every type that has an index, recursion groups flattened. */
export function typeSection(reader: Reader, features: FeatureSet): DefinedType[] {
  const types: DefinedType[] = [];
  const groups = reader.count();
  for (let group = 0; group < groups; group++) {
    if (reader.peek() !== 0x4e) {
      types.push(subType(reader, features, true));
      continue;
    }
    reader.byte();
    features.add("gc");
    const count = reader.count();
    for (let index = 0; index < count; index++) types.push(subType(reader, features, count === 1));
  }
  return types;
}

export function limits(reader: Reader): Limits {
  const at = reader.pos;
  const flags = reader.byte();
  if (flags > 7) {
    // Not in V8 either.
    const feature = flags < 16 ? "custom page sizes" : undefined;
    const reason = `unsupported limits flags 0x${flags.toString(16)} (at offset 0x${at.toString(16)})`;
    throw new CompilationFailed(reason, undefined, feature);
  }
  const is64 = (flags & 4) !== 0;
  const bound = (): bigint => (is64 ? reader.u64() : BigInt(reader.u32()));
  const min = bound();
  const max = flags & 1 ? bound() : undefined;
  return { min, max, is64, shared: (flags & 2) !== 0 };
}

export function memoryType(reader: Reader, features: FeatureSet): Limits {
  const memory = limits(reader);
  if (memory.is64) features.add("memory64");
  if (memory.shared) features.add("threads");
  return memory;
}

export function tableType(reader: Reader, features: FeatureSet): TableType {
  const start = reader.pos;
  const element = valueType(reader, features);
  const elementCode = [...reader.bytes.subarray(start, reader.pos)];
  const table = { element, elementCode, limits: limits(reader) };
  if (table.limits.is64) features.add("memory64");
  return table;
}

export function globalType(reader: Reader, features: FeatureSet): GlobalType {
  const start = reader.pos;
  const type = valueType(reader, features);
  const typeCode = [...reader.bytes.subarray(start, reader.pos)];
  return { type, typeCode, mutable: reader.byte() === 1 };
}
