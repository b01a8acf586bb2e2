// Instantiates core modules on paper: each import of the module is found among the arguments and checked, so that the
// engine's own link check is never the first to notice.
// Spec: Explainer "Instance Definitions", `core:instance`.

import type { CoreModuleShape, ExternalKind } from "../../binary/module.ts";
import { functionTypeAt } from "../../binary/module.ts";
import type { FunctionType } from "../../binary/types.ts";
import { quote } from "../binary/decoding.ts";
import type { CoreSort, Definition } from "../binary/definitions.ts";
import type { CoreArgument } from "../plan.ts";
import type { Draft } from "./draft.ts";
import type { Scope } from "./scope.ts";
import { failLink } from "./scope.ts";
import type { CoreEntity, CoreInstanceValue } from "./values.ts";

const sortOfKind: Readonly<Record<ExternalKind, CoreSort>> = {
  function: "core func",
  table: "core table",
  memory: "core memory",
  global: "core global",
  tag: "core tag",
};

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

/** Exports of core instance number `instance`. */
export function moduleExports(shape: CoreModuleShape, instance: number): CoreInstanceValue {
  const byName = new Map(shape.exports.map((item) => [item.name, item]));
  return {
    find: (name) => {
      const found = byName.get(name);
      if (found === undefined) return undefined;
      const { kind, index } = found;
      const item = { kind: "export", instance, name } as const;
      const func = kind === "function" ? functionTypeAt(shape.types, shape.functions[index] ?? -1) : undefined;
      const memory = kind === "memory" ? shape.memories[index]?.type : undefined;
      return { sort: sortOfKind[kind], item, func, memory };
    },
  };
}

function checkFunction(where: string, expected: FunctionType | undefined, found: CoreEntity, offset: number): void {
  if (expected === undefined || found.func === undefined) failLink(`${where}: the function has no known type`, offset);
  else if (!isSameSignature(expected, found.func)) {
    const types = `expected ${printSignature(expected)}, found ${printSignature(found.func)}`;
    failLink(`${where}: type mismatch: ${types}`, offset);
  }
}

type Instantiate = Definition & { readonly kind: "core-instantiate" };

function argumentsByName(scope: Scope, { args, offset }: Instantiate): ReadonlyMap<string, CoreInstanceValue> {
  const byName = new Map<string, CoreInstanceValue>();
  for (const { name, instance } of args) {
    if (byName.has(name)) failLink(`the argument ${quote(name)} is given twice`, offset);
    byName.set(name, scope.get("core instance", instance, offset));
  }
  return byName;
}

export function instantiateCore(draft: Draft, scope: Scope, definition: Instantiate): CoreInstanceValue {
  const { offset } = definition;
  const { index, shape } = scope.get("core module", definition.module, offset);
  const given = argumentsByName(scope, definition);
  // Imported functions come first in the function index space, in the order of the imports.
  let functions = 0;
  draft.spend(shape.imports.length + shape.exports.length);
  const args = shape.imports.map(({ module, name, kind }): CoreArgument => {
    const where = `import ${quote(module)} ${quote(name)} of core module ${index}`;
    const instance = given.get(module) ?? failLink(`${where}: no argument has this name`, offset);
    const found = instance.find(name) ?? failLink(`${where}: the argument does not export it`, offset);
    const expected = sortOfKind[kind];
    if (found.sort !== expected) failLink(`${where}: expected a ${expected}, found a ${found.sort}`, offset);
    if (kind === "function") {
      checkFunction(where, functionTypeAt(shape.types, shape.functions[functions] ?? -1), found, offset);
      functions += 1;
    }
    return { module, name, item: found.item };
  });
  const instance = draft.addCoreInstance(shape);
  draft.initializers.push({ kind: "instantiate", module: index, args });
  return moduleExports(shape, instance);
}

export function bundleCore(
  scope: Scope,
  { exports, offset }: Definition & { readonly kind: "core-bundle" },
): CoreInstanceValue {
  const items = new Map<string, CoreEntity>();
  for (const { name, sort, index } of exports) {
    if (items.has(name)) failLink(`the export ${quote(name)} is given twice`, offset);
    items.set(name, coreEntity(scope, sort, index, offset));
  }
  return { find: (name) => items.get(name) };
}

function coreEntity(scope: Scope, sort: string, index: number, offset: number): CoreEntity {
  switch (sort) {
    case "core func":
    case "core table":
    case "core memory":
    case "core global":
    case "core tag":
      return scope.get(sort, index, offset);
    default:
      return failLink(`a core instance cannot export a ${sort}`, offset);
  }
}
