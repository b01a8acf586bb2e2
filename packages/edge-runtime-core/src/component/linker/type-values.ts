// From type definitions to resolved types: indices become the types that they denote, shared where the definitions
// share them. Sizes as a tree are kept, because whatever walks a type later walks the tree.
// Spec: Explainer "Type Definitions".

import type { FuncType, ResourceId, ValType } from "../../canonical-abi/types.ts";
import type { LabelledType, TypeDefinition, ValTypeRef } from "../binary/definitions.ts";
import { MAX_NESTING_DEPTH, MAX_TYPE_NODES } from "../limits.ts";
import type { Scope } from "./scope.ts";
import { failLink } from "./scope.ts";
import type { ComponentTypeValue, FuncTypeValue, InstanceType, SizedType, TypeValue } from "./values.ts";

const leaf = { nodes: 1, depth: 1, hasBorrow: false, hasResource: false };

/** A type made of `parts`, checked against the limits on size and depth. */
function compose(type: ValType, parts: readonly SizedType[], own: number, offset: number): SizedType {
  const nodes = parts.reduce((sum, part) => sum + part.nodes, own);
  if (nodes > MAX_TYPE_NODES) failLink(`a type has more than ${MAX_TYPE_NODES} nodes`, offset);
  const depth = parts.reduce((most, part) => Math.max(most, part.depth), 0) + 1;
  if (depth > MAX_NESTING_DEPTH) failLink(`a type nests more than ${MAX_NESTING_DEPTH} deep`, offset);
  return {
    type,
    nodes,
    depth,
    hasBorrow: parts.some((part) => part.hasBorrow),
    hasResource: parts.some((part) => part.hasResource),
  };
}

export function valueTypeAt(scope: Scope, ref: ValTypeRef, offset: number): SizedType {
  if (typeof ref !== "number") return { type: { kind: ref }, ...leaf };
  const value = scope.get("type", ref, offset);
  return value.kind === "value" ? value : failLink(`type ${ref} is not a value type`, offset);
}

export function resourceAt(scope: Scope, index: number, offset: number): ResourceId {
  const value = scope.get("type", index, offset);
  return value.kind === "resource" ? value.id : failLink(`type ${index} is not a resource type`, offset);
}

export function funcTypeAt(scope: Scope, index: number, offset: number): FuncTypeValue {
  const value = scope.get("type", index, offset);
  return value.kind === "func" ? value : failLink(`type ${index} is not a function type`, offset);
}

export function componentTypeAt(scope: Scope, index: number, offset: number): ComponentTypeValue {
  const value = scope.get("type", index, offset);
  if (value.kind === "component") return { ...value, kind: "component" };
  return failLink(`type ${index} is not a component type`, offset);
}

export function instanceTypeAt(scope: Scope, index: number, offset: number): InstanceType {
  const value = scope.get("type", index, offset);
  if (value.kind === "instance") return { ...value, kind: "instance" };
  return failLink(`type ${index} is not an instance type`, offset);
}

interface SizedFields {
  readonly fields: readonly { readonly name: string; readonly type: ValType }[];
  readonly parts: readonly SizedType[];
}

function resolveFields(scope: Scope, fields: readonly LabelledType[], offset: number): SizedFields {
  const parts = fields.map((field) => valueTypeAt(scope, field.type, offset));
  return { fields: fields.map(({ name }, index) => ({ name, type: partAt(parts, index).type })), parts };
}

function partAt(parts: readonly SizedType[], index: number): SizedType {
  return parts[index] ?? failLink("a type lost one of its parts", 0);
}

function resolveFunc(scope: Scope, definition: TypeDefinition & { kind: "func" }, offset: number): TypeValue {
  const { fields, parts } = resolveFields(scope, definition.params, offset);
  const result = definition.result === undefined ? undefined : valueTypeAt(scope, definition.result, offset);
  if (result?.hasBorrow === true) failLink("a function result contains a borrowed handle", offset);
  const all = result === undefined ? parts : [...parts, result];
  const type: FuncType = { params: fields, result: result?.type };
  const { nodes, hasResource } = compose({ kind: "bool" }, all, 1 + fields.length, offset);
  return { kind: "func", type, nodes, hasResource };
}

type CompoundKind = "record" | "variant" | "list" | "fixed-list" | "map" | "tuple" | "option" | "result";
type CompoundDefinition = Extract<TypeDefinition, { readonly kind: CompoundKind }>;

function optionalType(scope: Scope, ref: ValTypeRef | undefined, offset: number): SizedType | undefined {
  return ref === undefined ? undefined : valueTypeAt(scope, ref, offset);
}

function resolveCompound(scope: Scope, definition: CompoundDefinition, offset: number): SizedType {
  switch (definition.kind) {
    case "record": {
      const { fields, parts } = resolveFields(scope, definition.fields, offset);
      return compose({ kind: "record", fields }, parts, 1 + fields.length, offset);
    }
    case "variant": {
      const sized = definition.cases.map(({ type }) => optionalType(scope, type, offset));
      const cases = definition.cases.map(({ name }, index) => ({ name, type: sized[index]?.type }));
      const parts = sized.filter((part) => part !== undefined);
      return compose({ kind: "variant", cases }, parts, 1 + cases.length, offset);
    }
    case "list": {
      const element = valueTypeAt(scope, definition.element, offset);
      return compose({ kind: "list", element: element.type }, [element], 1, offset);
    }
    case "fixed-list": {
      // Despecialized: its elements lie as those of a tuple, flat too.
      const element = valueTypeAt(scope, definition.element, offset);
      const nodes = 1 + element.nodes * definition.length;
      const types = nodes > MAX_TYPE_NODES ? [] : Array.from({ length: definition.length }, () => element.type);
      return compose({ kind: "tuple", types }, [element], nodes - element.nodes, offset);
    }
    case "map": {
      // Despecialized: a list of pairs, as which it lies in memory.
      const parts = [valueTypeAt(scope, definition.key, offset), valueTypeAt(scope, definition.value, offset)];
      const pair: ValType = { kind: "tuple", types: parts.map((part) => part.type) };
      return compose({ kind: "list", element: pair }, parts, 2, offset);
    }
    case "tuple": {
      const parts = definition.types.map((type) => valueTypeAt(scope, type, offset));
      return compose({ kind: "tuple", types: parts.map((part) => part.type) }, parts, 1, offset);
    }
    case "option": {
      const type = valueTypeAt(scope, definition.type, offset);
      return compose({ kind: "option", type: type.type }, [type], 1, offset);
    }
    case "result": {
      const ok = optionalType(scope, definition.ok, offset);
      const err = optionalType(scope, definition.err, offset);
      const parts = [ok, err].filter((part) => part !== undefined);
      return compose({ kind: "result", ok: ok?.type, err: err?.type }, parts, 1, offset);
    }
  }
}

/** Type definitions without declarations or an instance to belong to. */
export type PlainTypeDefinition = Exclude<TypeDefinition, { readonly kind: "resource" | "component" | "instance" }>;

export function resolveType(scope: Scope, definition: PlainTypeDefinition, offset: number): TypeValue {
  switch (definition.kind) {
    case "primitive":
      return { kind: "value", type: { kind: definition.primitive }, ...leaf };
    case "flags":
    case "enum": {
      const type = { kind: definition.kind, names: definition.names };
      return { kind: "value", ...leaf, type, nodes: 1 + definition.names.length };
    }
    case "own":
    case "borrow": {
      const type = { kind: definition.kind, resource: resourceAt(scope, definition.resource, offset) };
      return { kind: "value", ...leaf, type, hasResource: true, hasBorrow: definition.kind === "borrow" };
    }
    case "func":
      return resolveFunc(scope, definition, offset);
    default:
      return { kind: "value", ...resolveCompound(scope, definition, offset) };
  }
}
