// Where the imports of a component come from: for the root they are promised by the host, for nested components they
// are the arguments of the instantiation, checked against the declared types. Both answer the same questions, so one
// evaluation of declarations serves both; nested instance types ask for a source one level down.
// Spec: Explainer "Instance Definitions", "Type Checking".

import type { ResourceId } from "../../canonical-abi/types.ts";
import { quote } from "../binary/decoding.ts";
import { encodeModuleType } from "../module-type.ts";
import type { ExternPlan } from "../plan.ts";
import type { Draft } from "./draft.ts";
import { importedModuleIndex } from "./draft.ts";
import { funcTypeDifference, typeDifference } from "./equality.ts";
import type { ModuleSignature } from "./module-signatures.ts";
import { moduleDifference } from "./module-signatures.ts";
import { failLink } from "./scope.ts";
import type {
  ComponentTypeValue,
  ComponentValue,
  FuncTypeValue,
  FuncValue,
  Item,
  ItemSort,
  ItemValues,
  ModuleValue,
  TypeValue,
} from "./values.ts";

export interface ExternRequest {
  readonly name: string;
  readonly offset: number;
}

export interface ExternSource {
  readonly func: (request: ExternRequest, type: FuncTypeValue) => FuncValue;
  readonly resource: (request: ExternRequest) => ResourceId;
  /** Asks for a type that equals the given one. */
  readonly type: (request: ExternRequest, type: TypeValue) => void;
  readonly instance: (request: ExternRequest) => ExternSource;
  readonly component: (request: ExternRequest, type: ComponentTypeValue) => ComponentValue;
  readonly module: (request: ExternRequest, signature: ModuleSignature) => ModuleValue;
}

function typePlan(name: string, type: TypeValue): ExternPlan {
  switch (type.kind) {
    case "value":
      return { kind: "type", name, type: type.type };
    case "resource":
      return { kind: "resource-alias", name, resource: type.id };
    default:
      return { kind: "other", name, what: `${type.kind} type` };
  }
}

/** Imports of the root: each becomes an entry of the plan, which the host satisfies when a template is created. */
export function hostSource(draft: Draft, path: readonly string[], items: ExternPlan[]): ExternSource {
  return {
    func: ({ name }, { type, nodes }) => {
      const interned = draft.internType(type, nodes);
      const index = draft.importedFunctions.length;
      draft.importedFunctions.push({ path: [...path, name], type: interned.index });
      const target = { kind: "import", index } as const;
      items.push({ kind: "func", name, type: interned.index, target });
      return { type, nodes, target };
    },
    resource: ({ name }) => {
      const resource = draft.addResource({ kind: "imported", path: [...path, name] });
      items.push({ kind: "resource", name, resource });
      return resource;
    },
    type: ({ name }, type) => {
      if (type.kind === "value") draft.spendTypeNodes(type.nodes);
      items.push(typePlan(name, type));
    },
    instance: ({ name }) => {
      const inner: ExternPlan[] = [];
      items.push({ kind: "instance", name, items: inner });
      return hostSource(draft, [...path, name], inner);
    },
    component: ({ name }, type) => {
      items.push({ kind: "component", name });
      return { kind: "declared", type };
    },
    module: ({ name }, signature) => {
      draft.spend(signature.exports.size + signature.imports.length);
      const module = draft.importedModules.length;
      draft.importedModules.push({ path: [...path, name], type: encodeModuleType(signature) });
      items.push({ kind: "module", name, module });
      return { index: importedModuleIndex(module), signature, memories: 0, tableElements: [] };
    },
  };
}

/** Compares two types that are not functions' parameters; those of components and instances are compared by use. */
export function typeValueDifference(draft: Draft, expected: TypeValue, found: TypeValue): string | undefined {
  if (expected.kind !== found.kind) return `expected ${expected.kind}, found ${found.kind}`;
  if (expected.kind === "value" && found.kind === "value") {
    draft.spend(Math.min(expected.nodes, found.nodes));
    return typeDifference(expected.type, found.type);
  }
  if (expected.kind === "func" && found.kind === "func") {
    draft.spend(Math.min(expected.nodes, found.nodes));
    return funcTypeDifference(expected.type, found.type);
  }
  if (expected.kind === "resource" && found.kind === "resource") {
    return expected.id === found.id ? undefined : "resource types are not the same";
  }
  return undefined;
}

function find<S extends ItemSort>(
  items: ReadonlyMap<string, Item>,
  sort: S,
  { name, offset }: ExternRequest,
): ItemValues[S] {
  const item = items.get(name) ?? failLink(`missing ${sort} named ${quote(name)}`, offset);
  if (item.sort !== sort) return failLink(`${quote(name)} is expected to be a ${sort}, but is a ${item.sort}`, offset);
  return item.value as ItemValues[S];
}

/** Arguments of an instantiation, or the exports of an instance that is seen as another type. */
export function itemSource(draft: Draft, items: ReadonlyMap<string, Item>): ExternSource {
  return {
    func: (request, { type, nodes }) => {
      const found = find(items, "func", request);
      draft.spend(Math.min(nodes, found.nodes));
      const difference = funcTypeDifference(type, found.type);
      if (difference === undefined) return { ...found, type };
      return failLink(`type mismatch for func ${quote(request.name)}: ${difference}`, request.offset);
    },
    resource: (request) => {
      const found = find(items, "type", request);
      return found.kind === "resource"
        ? found.id
        : failLink(`type ${quote(request.name)} is not a resource`, request.offset);
    },
    type: (request, type) => {
      const difference = typeValueDifference(draft, type, find(items, "type", request));
      if (difference !== undefined) failLink(`type mismatch for ${quote(request.name)}: ${difference}`, request.offset);
    },
    instance: (request) => itemSource(draft, find(items, "instance", request).exports),
    component: (request) => find(items, "component", request),
    module: (request, signature) => {
      const found = find(items, "core module", request);
      draft.spend(signature.exports.size + signature.imports.length * found.signature.imports.length);
      const difference = moduleDifference(signature, found.signature);
      if (difference === undefined) return found;
      return failLink(`type mismatch for core module ${quote(request.name)}: ${difference}`, request.offset);
    },
  };
}

const abstractFunction = { kind: "import", index: -1 } as const;

/** Has everything that may be asked for, as declared: what a component or type is checked with before it is used. */
export function abstractSource(draft: Draft): ExternSource {
  return {
    func: (_request, { type, nodes }) => ({ type, nodes, target: abstractFunction }),
    resource: () => draft.abstractResource(),
    type: () => undefined,
    instance: () => abstractSource(draft),
    component: (_request, type) => ({ kind: "declared", type }),
    module: (_request, signature) => ({ index: -1, signature, memories: 0, tableElements: [] }),
  };
}
