// A core module's index spaces and section boundaries: what the rewriter must know before it touches code. Bodies and
// segments stay bytes. The module was validated by the engine before; these reads are bounded all the same.
// Spec: core, Binary Format, Modules.

import { skipConstantExpression } from "./instruction.ts";
import type { Reader } from "./reader.ts";
import { Reader as ByteReader } from "./reader.ts";
import type { DefinedType, FeatureSet, FunctionType, GlobalType, Limits, TableType } from "./types.ts";
import { globalType, memoryType, tableType, typeSection } from "./types.ts";

export const SectionId = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

export type ExternalKind = "function" | "table" | "memory" | "global" | "tag";

export interface ModuleImport {
  readonly module: string;
  readonly name: string;
  readonly kind: ExternalKind;
  /** Printed type: `func(i32) -> i32` and the like. */
  readonly type: string;
}

export interface ModuleExport {
  readonly name: string;
  readonly kind: ExternalKind;
  readonly index: number;
}

export interface Section {
  readonly id: number;
  /** Content bounds in the module's bytes. */
  readonly start: number;
  readonly end: number;
}

export interface Indexed<T> {
  readonly type: T;
  readonly imported: boolean;
}

export interface CoreModuleShape {
  readonly bytes: Uint8Array;
  readonly sections: readonly Section[];
  readonly types: readonly DefinedType[];
  readonly imports: readonly ModuleImport[];
  readonly exports: readonly ModuleExport[];
  /** Type index of each function, imported ones first. */
  readonly functions: readonly number[];
  readonly importedFunctions: number;
  readonly tables: readonly Indexed<TableType>[];
  readonly memories: readonly Indexed<Limits>[];
  readonly globals: readonly Indexed<GlobalType>[];
  /** Type index of each tag, imported ones first. */
  readonly tags: readonly number[];
  readonly start: number | undefined;
  readonly features: FeatureSet;
}

interface Draft {
  types: DefinedType[];
  imports: ModuleImport[];
  exports: ModuleExport[];
  functions: number[];
  importedFunctions: number;
  tables: Indexed<TableType>[];
  memories: Indexed<Limits>[];
  globals: Indexed<GlobalType>[];
  tags: number[];
  start: number | undefined;
  features: FeatureSet;
}

const externalKinds: readonly ExternalKind[] = ["function", "table", "memory", "global", "tag"];

export function functionTypeAt(types: readonly DefinedType[], index: number): FunctionType | undefined {
  const type = types[index];
  return type?.kind === "func" ? type : undefined;
}

export function printFunctionType(type: FunctionType | undefined): string {
  if (type === undefined) return "func";
  const results = type.results.length === 0 ? "" : ` -> ${type.results.join(", ")}`;
  return `func(${type.params.join(", ")})${results}`;
}

function printLimits(limits: Limits): string {
  return limits.max === undefined ? `${limits.min}` : `${limits.min}..${limits.max}`;
}

export function printMemory(limits: Limits): string {
  return `memory ${printLimits(limits)} pages${limits.is64 ? ", 64-bit" : ""}${limits.shared ? ", shared" : ""}`;
}

export function printTable(table: TableType): string {
  return `table ${printLimits(table.limits)} ${table.element}`;
}

export function printGlobal(global: GlobalType): string {
  return `global ${global.mutable ? "mut " : ""}${global.type}`;
}

function readTag(reader: Reader, draft: Draft): number {
  reader.byte();
  const type = reader.u32();
  draft.tags.push(type);
  return type;
}

function readImportedItem(reader: Reader, draft: Draft, kind: ExternalKind): string {
  switch (kind) {
    case "function": {
      const type = reader.u32();
      draft.functions.push(type);
      draft.importedFunctions += 1;
      return printFunctionType(functionTypeAt(draft.types, type));
    }
    case "table": {
      const type = tableType(reader, draft.features);
      draft.tables.push({ type, imported: true });
      return printTable(type);
    }
    case "memory": {
      const type = memoryType(reader, draft.features);
      draft.memories.push({ type, imported: true });
      return printMemory(type);
    }
    case "global": {
      const type = globalType(reader, draft.features);
      draft.globals.push({ type, imported: true });
      return printGlobal(type);
    }
    case "tag": {
      draft.features.add("exceptions");
      const type = readTag(reader, draft);
      return `tag ${printFunctionType(functionTypeAt(draft.types, type))}`;
    }
  }
}

function readKind(reader: Reader): ExternalKind {
  const at = reader.pos;
  return externalKinds[reader.byte()] ?? reader.fail("malformed external kind", at);
}

function readImports(reader: Reader, draft: Draft): void {
  const count = reader.count(4);
  for (let index = 0; index < count; index++) {
    const module = reader.name();
    const name = reader.name();
    const kind = readKind(reader);
    draft.imports.push({ module, name, kind, type: readImportedItem(reader, draft, kind) });
  }
}

function readExports(reader: Reader, draft: Draft): void {
  const count = reader.count(3);
  for (let index = 0; index < count; index++) {
    const name = reader.name();
    const kind = readKind(reader);
    draft.exports.push({ name, kind, index: reader.u32() });
  }
}

function readTables(reader: Reader, draft: Draft): void {
  const count = reader.count(2);
  for (let index = 0; index < count; index++) {
    const withInit = reader.peek() === 0x40;
    if (withInit) reader.skip(2);
    draft.tables.push({ type: tableType(reader, draft.features), imported: false });
    if (withInit) skipConstantExpression(reader);
  }
}

function readGlobals(reader: Reader, draft: Draft): void {
  const count = reader.count(3);
  for (let index = 0; index < count; index++) {
    draft.globals.push({ type: globalType(reader, draft.features), imported: false });
    skipConstantExpression(reader);
  }
}

function readSection(id: number, reader: Reader, draft: Draft): void {
  switch (id) {
    case SectionId.type:
      draft.types = typeSection(reader, draft.features);
      return;
    case SectionId.import:
      return readImports(reader, draft);
    case SectionId.function:
      for (let count = reader.count(); count > 0; count--) draft.functions.push(reader.u32());
      return;
    case SectionId.table:
      return readTables(reader, draft);
    case SectionId.memory:
      for (let count = reader.count(2); count > 0; count--) {
        draft.memories.push({ type: memoryType(reader, draft.features), imported: false });
      }
      return;
    case SectionId.global:
      return readGlobals(reader, draft);
    case SectionId.export:
      return readExports(reader, draft);
    case SectionId.start:
      draft.start = reader.u32();
      return;
    case SectionId.tag:
      draft.features.add("exceptions");
      for (let count = reader.count(2); count > 0; count--) readTag(reader, draft);
      return;
    case SectionId.dataCount:
      draft.features.add("bulk-memory");
      return;
    default:
      if (id > SectionId.tag) reader.fail(`unknown section ${id}`);
  }
}

/** Reads the index spaces of a core module whose header was checked. */
export function readCoreModule(bytes: Uint8Array): CoreModuleShape {
  const reader = new ByteReader(bytes, 8);
  const sections: Section[] = [];
  const draft: Draft = {
    types: [],
    imports: [],
    exports: [],
    functions: [],
    importedFunctions: 0,
    tables: [],
    memories: [],
    globals: [],
    tags: [],
    start: undefined,
    features: new Set(),
  };
  while (!reader.done) {
    const id = reader.byte();
    const at = reader.pos;
    const size = reader.u32();
    if (size > reader.remaining) reader.fail(`section ${id} of ${size} bytes exceeds the module`, at);
    const start = reader.pos;
    reader.skip(size);
    sections.push({ id, start, end: reader.pos });
    readSection(id, new ByteReader(bytes, start, reader.pos), draft);
  }
  if (draft.memories.length > 1) draft.features.add("multi-memory");
  return { bytes, sections, ...draft };
}
