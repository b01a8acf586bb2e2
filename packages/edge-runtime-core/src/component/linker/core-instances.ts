// Instantiates core modules on paper: each import of the module is found among the arguments and checked, so that the
// engine's own link check is never the first to notice.
// Spec: Explainer "Instance Definitions", `core:instance`.

import { quote } from "../binary/decoding.ts";
import type { Definition } from "../binary/definitions.ts";
import type { CoreArgument } from "../plan.ts";
import type { Draft } from "./draft.ts";
import type { ModuleSignature } from "./module-signatures.ts";
import { entityDifference } from "./module-signatures.ts";
import type { Scope } from "./scope.ts";
import { failLink } from "./scope.ts";
import type { CoreEntity, CoreInstanceValue } from "./values.ts";

/** Exports of core instance number `instance`. */
function moduleExports({ exports }: ModuleSignature, instance: number): CoreInstanceValue {
  return {
    find: (name) => {
      const type = exports.get(name);
      return type === undefined ? undefined : { ...type, item: { kind: "export", instance, name } };
    },
  };
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
  const module = scope.get("core module", definition.module, offset);
  const given = argumentsByName(scope, definition);
  draft.spend(module.signature.imports.length);
  const args = module.signature.imports.map(({ module: from, name, type }): CoreArgument => {
    const where = `import ${quote(from)} ${quote(name)} of core module ${module.index}`;
    const instance = given.get(from) ?? failLink(`${where}: no argument has this name`, offset);
    const found = instance.find(name) ?? failLink(`${where}: the argument does not export it`, offset);
    const difference = entityDifference(type, found);
    if (difference !== undefined) failLink(`${where}: ${difference}`, offset);
    return { module: from, name, item: found.item };
  });
  const instance = draft.addCoreInstance(module);
  draft.initializers.push({ kind: "instantiate", module: module.index, args });
  return moduleExports(module.signature, instance);
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
