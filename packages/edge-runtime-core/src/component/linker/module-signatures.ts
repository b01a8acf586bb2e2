// Types of core modules: what a module needs and offers, read from the module itself or from a module type, and
// whether one may stand for another.
// Spec: Explainer "Type Definitions" (`core:moduletype`); core, "Import Matching".

import type { CoreModuleShape, ExternalKind } from "../../binary/module.ts";
import { functionTypeAt } from "../../binary/module.ts";
import type { FunctionType, GlobalType, Limits, TableType } from "../../binary/types.ts";
import { quote } from "../binary/decoding.ts";
import type { CoreExternType, CoreSort, CoreTypeDefinition, ModuleDeclaration } from "../binary/definitions.ts";
import type { Scope } from "./scope.ts";
import { failLink } from "./scope.ts";
import type { CoreTypeValue } from "./values.ts";

/** The type of a core function, table, memory, global or tag; only what its sort has is there. */
export interface CoreEntityType {
  readonly sort: CoreSort;
  readonly func?: FunctionType | undefined;
  readonly table?: TableType | undefined;
  readonly memory?: Limits | undefined;
  readonly global?: GlobalType | undefined;
}

export interface ModuleImportType {
  readonly module: string;
  readonly name: string;
  readonly type: CoreEntityType;
}

export interface ModuleSignature {
  readonly imports: readonly ModuleImportType[];
  readonly exports: ReadonlyMap<string, CoreEntityType>;
}

const MAX_PAGES = 65_536n;

function entityType(shape: CoreModuleShape, kind: ExternalKind, index: number): CoreEntityType {
  switch (kind) {
    case "function":
      return { sort: "core func", func: functionTypeAt(shape.types, shape.functions[index] ?? -1) };
    case "table":
      return { sort: "core table", table: shape.tables[index]?.type };
    case "memory":
      return { sort: "core memory", memory: shape.memories[index]?.type };
    case "global":
      return { sort: "core global", global: shape.globals[index]?.type };
    case "tag":
      return { sort: "core tag" };
  }
}

/** Imports in components are found by name: two of one name would be ambiguous. */
class Signature implements ModuleSignature {
  readonly imports: ModuleImportType[] = [];
  readonly exports = new Map<string, CoreEntityType>();
  readonly #names = new Set<string>();
  readonly #offset: number;

  constructor(offset: number) {
    this.#offset = offset;
  }

  addImport(entry: ModuleImportType): void {
    const key = `${entry.module.length}:${entry.module}${entry.name}`;
    if (this.#names.has(key)) {
      failLink(`duplicate import ${quote(entry.module)} ${quote(entry.name)} of a core module`, this.#offset);
    }
    this.#names.add(key);
    this.imports.push(entry);
  }

  addExport(name: string, type: CoreEntityType): void {
    if (this.exports.has(name)) failLink(`duplicate export ${quote(name)} of a core module`, this.#offset);
    this.exports.set(name, type);
  }
}

/** The signature of a core module whose sections were read. */
export function signatureOfModule(shape: CoreModuleShape, offset: number): ModuleSignature {
  const signature = new Signature(offset);
  // Imported items come first in each index space, in the order of the imports.
  const counts: Record<ExternalKind, number> = { function: 0, table: 0, memory: 0, global: 0, tag: 0 };
  for (const { module, name, kind } of shape.imports) {
    signature.addImport({ module, name, type: entityType(shape, kind, counts[kind]) });
    counts[kind] += 1;
  }
  for (const { name, kind, index } of shape.exports) signature.addExport(name, entityType(shape, kind, index));
  return signature;
}

function funcTypeOf(types: readonly CoreTypeValue[], index: number, offset: number): FunctionType {
  const value = types[index] ?? failLink(`unknown core type ${index} in a module type`, offset);
  return value.kind === "func" ? value.type : failLink(`core type ${index} is not a function type`, offset);
}

function declaredType(types: readonly CoreTypeValue[], declared: CoreExternType, offset: number): CoreEntityType {
  switch (declared.kind) {
    case "func":
      return { sort: "core func", func: funcTypeOf(types, declared.type, offset) };
    case "table":
      return { sort: "core table", table: declared.type };
    case "memory":
      if (!declared.type.is64 && (declared.type.min > MAX_PAGES || (declared.type.max ?? 0n) > MAX_PAGES)) {
        failLink(`memory size must be at most ${MAX_PAGES} pages`, offset);
      }
      return { sort: "core memory", memory: declared.type };
    case "global":
      return { sort: "core global", global: declared.type };
    case "tag":
      funcTypeOf(types, declared.type, offset);
      return { sort: "core tag" };
  }
}

function signatureOfType(scope: Scope, declarations: readonly ModuleDeclaration[], offset: number): ModuleSignature {
  const signature = new Signature(offset);
  const types: CoreTypeValue[] = [];
  for (const declaration of declarations) {
    switch (declaration.kind) {
      case "type":
        types.push(resolveCoreType(scope, declaration.type, offset));
        break;
      case "alias": {
        const { count, index } = declaration;
        const own = types[index] ?? (count === 0 ? failLink(`unknown core type ${index}`, offset) : undefined);
        const value = count === 0 ? own : scope.outer("core type", count - 1, index, offset);
        if (value === undefined || value.kind === "module") failLink("a module type aliases a module type", offset);
        else types.push(value);
        break;
      }
      case "import": {
        const { module, name } = declaration;
        signature.addImport({ module, name, type: declaredType(types, declaration.type, offset) });
        break;
      }
      case "export":
        signature.addExport(declaration.name, declaredType(types, declaration.type, offset));
        break;
    }
  }
  return signature;
}

export function resolveCoreType(scope: Scope, definition: CoreTypeDefinition, offset: number): CoreTypeValue {
  if (definition.kind === "module") {
    return { kind: "module", signature: signatureOfType(scope, definition.declarations, offset) };
  }
  return { kind: "func", type: { kind: "func", params: definition.params, results: definition.results } };
}

export function moduleTypeAt(scope: Scope, index: number, offset: number): ModuleSignature {
  const value = scope.get("core type", index, offset);
  return value.kind === "module" ? value.signature : failLink(`core type ${index} is not a module type`, offset);
}

export function printSignature(type: FunctionType): string {
  return `(${type.params.join(" ")}) -> (${type.results.join(" ")})`;
}

/** Types that name others by index mean something in their own module only: the engine compares those. */
function isComparable(type: FunctionType): boolean {
  return ![...type.params, ...type.results].some((part) => part.includes("$"));
}

export function isSameSignature(left: FunctionType, right: FunctionType): boolean {
  return !isComparable(left) || !isComparable(right) || printSignature(left) === printSignature(right);
}

function limitsDifference(expected: Limits, found: Limits): string | undefined {
  if (expected.is64 !== found.is64) return "mismatch in index type";
  if (expected.shared !== found.shared) return "mismatch in the shared flag";
  const isWithin =
    found.min >= expected.min && (expected.max === undefined || (found.max !== undefined && found.max <= expected.max));
  return isWithin ? undefined : "mismatch in limits";
}

/** What keeps `found` from standing where `expected` is needed; undefined where nothing does. */
export function entityDifference(expected: CoreEntityType, found: CoreEntityType): string | undefined {
  if (expected.sort !== found.sort) return `expected a ${expected.sort}, found a ${found.sort}`;
  if (expected.func !== undefined && found.func !== undefined && !isSameSignature(expected.func, found.func)) {
    return `type mismatch: expected ${printSignature(expected.func)}, found ${printSignature(found.func)}`;
  }
  if (expected.memory !== undefined && found.memory !== undefined) {
    return limitsDifference(expected.memory, found.memory);
  }
  if (expected.table !== undefined && found.table !== undefined) {
    if (expected.table.element !== found.table.element) return "mismatch in element type";
    return limitsDifference(expected.table.limits, found.table.limits);
  }
  if (expected.global !== undefined && found.global !== undefined) {
    const isSame = expected.global.type === found.global.type && expected.global.mutable === found.global.mutable;
    return isSame ? undefined : "mismatch in global type";
  }
  return undefined;
}

/** What keeps a module from standing for a module type: it may need less and offer more. */
export function moduleDifference(expected: ModuleSignature, found: ModuleSignature): string | undefined {
  for (const { module, name, type } of found.imports) {
    const given = expected.imports.find((entry) => entry.module === module && entry.name === name);
    if (given === undefined) return `missing expected import ${quote(module)} ${quote(name)}`;
    const difference = entityDifference(type, given.type);
    if (difference !== undefined) return `import ${quote(module)} ${quote(name)}: ${difference}`;
  }
  for (const [name, type] of expected.exports) {
    const offered = found.exports.get(name);
    if (offered === undefined) return `missing expected export ${quote(name)}`;
    const difference = entityDifference(type, offered);
    if (difference !== undefined) return `export ${quote(name)}: ${difference}`;
  }
  return undefined;
}
