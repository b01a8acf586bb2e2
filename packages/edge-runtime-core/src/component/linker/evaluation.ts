// Evaluates the definitions of a component once for each of its instances, like a program whose only effects are
// entries of the plan. Nested components are evaluated once more where they are defined, with abstract imports and a
// plan that is thrown away: that is how those are validated which are never instantiated.
//
// Nested instantiation recurses; depth, instances and steps are bounded, because a component that instantiates its
// child twice, 60 deep, would ask for 2^60 instances.
// Spec: Explainer "Component Definitions", "Instance Definitions".

import { quote } from "../binary/decoding.ts";
import type { ComponentDefinition, Definition, Sort } from "../binary/definitions.ts";
import { MAX_NESTING_DEPTH } from "../limits.ts";
import { defineResource, lift, lower, resourceBuiltin } from "./canons.ts";
import { bundleCore, instantiateCore } from "./core-instances.ts";
import {
  bindExtern,
  declareComponentInstance,
  defineType,
  exportedItem,
  outerAlias,
  pushItem,
} from "./declarations.ts";
import { Draft } from "./draft.ts";
import { ExternNames } from "./extern-names.ts";
import type { ExternSource } from "./externs.ts";
import { abstractSource, itemSource } from "./externs.ts";
import { resolveCoreType } from "./module-signatures.ts";
import { failLink, Scope } from "./scope.ts";
import type { Closure, ComponentValue, InstanceValue, Item } from "./values.ts";

interface Evaluation {
  readonly draft: Draft;
  readonly scope: Scope;
  readonly source: ExternSource;
  readonly exports: Map<string, Item>;
  readonly importNames: ExternNames;
  readonly exportNames: ExternNames;
  readonly depth: number;
}

export interface ComponentInstantiation {
  readonly component: ComponentDefinition;
  readonly closure: Closure | undefined;
  readonly source: ExternSource;
  readonly parent: number | undefined;
  readonly depth: number;
}

function itemAt(scope: Scope, sort: Sort, index: number, offset: number): Item {
  switch (sort) {
    case "func":
      return { sort, value: scope.get(sort, index, offset) };
    case "type":
      return { sort, value: scope.get(sort, index, offset) };
    case "instance":
      return { sort, value: scope.get(sort, index, offset) };
    case "component":
      return { sort, value: scope.get(sort, index, offset) };
    case "core module":
      return { sort, value: scope.get(sort, index, offset) };
    default:
      return failLink(`a ${sort} cannot be passed between components`, offset);
  }
}

type Bundle = Definition & { readonly kind: "bundle" };
type Instantiate = Definition & { readonly kind: "instantiate" };

function bundle({ scope }: Evaluation, { exports, offset }: Bundle): InstanceValue {
  const names = new ExternNames("exports");
  const items = new Map<string, Item>();
  for (const { name, sort, index } of exports) {
    names.add(name, offset);
    items.set(name, itemAt(scope, sort, index, offset));
  }
  return { exports: items };
}

function instantiate({ draft, scope, depth }: Evaluation, definition: Instantiate): InstanceValue {
  const { offset } = definition;
  if (depth >= MAX_NESTING_DEPTH) failLink(`components nest more than ${MAX_NESTING_DEPTH} deep`, offset);
  const component = scope.get("component", definition.component, offset);
  const args = new Map<string, Item>();
  for (const { name, sort, index } of definition.args) {
    if (args.has(name)) failLink(`the argument ${quote(name)} is given twice`, offset);
    args.set(name, itemAt(scope, sort, index, offset));
  }
  const source = itemSource(draft, args);
  if (component.kind === "declared") return declareComponentInstance(draft, component.type, source, depth + 1);
  return evaluateComponent(draft, { ...component, source, parent: scope.instance, depth: depth + 1 });
}

/** The item as the type that the export ascribes to it: what the type does not declare is out of reach behind it. */
function ascribed(evaluation: Evaluation, definition: Definition & { readonly kind: "export" }): Item {
  const { scope, draft, depth } = evaluation;
  const { name, type, offset } = definition;
  const item = itemAt(scope, definition.item.sort, definition.item.index, offset);
  if (type === undefined) return item;
  const source = itemSource(draft, new Map([[name, item]]));
  return bindExtern({ draft, scope, depth }, { name, type, offset }, source);
}

function evaluateExport(evaluation: Evaluation, definition: Definition & { readonly kind: "export" }): void {
  const { scope, draft, exports, exportNames } = evaluation;
  const { name, offset } = definition;
  const item = ascribed(evaluation, definition);
  exportNames.addItem(name, item, offset);
  if (item.sort === "type" && item.value.kind === "resource") draft.nameResource(item.value.id, name);
  exports.set(name, item);
  pushItem(scope, item);
}

function evaluateImport(evaluation: Evaluation, definition: Definition & { readonly kind: "import" }): void {
  const item = bindExtern(evaluation, definition, evaluation.source);
  evaluation.importNames.addItem(definition.name, item, definition.offset);
  pushItem(evaluation.scope, item);
}

function evaluateCoreAlias(scope: Scope, alias: Definition & { readonly kind: "alias-core-export" }): void {
  const { sort, name, offset } = alias;
  const entity = scope.get("core instance", alias.instance, offset).find(name);
  if (entity === undefined) return failLink(`the core instance has no export ${quote(name)}`, offset);
  if (entity.sort !== sort) return failLink(`export ${quote(name)} is a ${entity.sort}, not a ${sort}`, offset);
  scope.push(entity.sort, entity);
}

function evaluateType(evaluation: Evaluation, { type, offset }: Definition & { readonly kind: "type" }): void {
  const { scope } = evaluation;
  if (type.kind !== "resource") return scope.push("type", defineType(evaluation, type, offset));
  scope.push("type", { kind: "resource", id: defineResource(evaluation, { dtor: type.dtor, offset }) });
}

/** Checks a component once by evaluating it with abstract imports, for nothing: it may never be instantiated. */
function defineComponent({ draft, scope, depth }: Evaluation, component: ComponentDefinition): ComponentValue {
  const closure = scope.close();
  const { checkedComponents } = draft.memory;
  if (!checkedComponents.has(component)) {
    checkedComponents.add(component);
    const trial = new Draft(draft.memory);
    const source = abstractSource(trial);
    evaluateComponent(trial, { component, closure, source, parent: undefined, depth: depth + 1 });
  }
  return { kind: "defined", component, closure };
}

function evaluate(evaluation: Evaluation, definition: Definition): void {
  const { draft, scope } = evaluation;
  switch (definition.kind) {
    case "core-module":
      return scope.push("core module", draft.module(definition.bytes, definition.offset));
    case "core-instantiate":
      return scope.push("core instance", instantiateCore(draft, scope, definition));
    case "core-bundle":
      return scope.push("core instance", bundleCore(scope, definition));
    case "core-type":
      return scope.push("core type", resolveCoreType(scope, definition.type, definition.offset));
    case "component":
      return scope.push("component", defineComponent(evaluation, definition.component));
    case "instantiate":
      return scope.push("instance", instantiate(evaluation, definition));
    case "bundle":
      return scope.push("instance", bundle(evaluation, definition));
    case "type":
      return evaluateType(evaluation, definition);
    case "alias-export":
      return pushItem(scope, exportedItem(scope.get("instance", definition.instance, definition.offset), definition));
    case "alias-core-export":
      return evaluateCoreAlias(scope, definition);
    case "alias-outer":
      return outerAlias(scope, definition);
    case "canon-lift":
      return scope.push("func", lift(evaluation, definition));
    case "canon-lower":
      return scope.push("core func", lower(evaluation, definition));
    case "resource-new":
    case "resource-drop":
    case "resource-rep":
      return scope.push("core func", resourceBuiltin(evaluation, definition));
    case "import":
      return evaluateImport(evaluation, definition);
    case "export":
      return evaluateExport(evaluation, definition);
  }
}

/** Evaluates a component as a new instance, whose exports it returns. */
export function evaluateComponent(draft: Draft, instantiation: ComponentInstantiation): InstanceValue {
  const { component, closure, source, parent, depth } = instantiation;
  const instance = draft.addInstance(parent);
  const evaluation: Evaluation = {
    draft,
    scope: new Scope({ outer: closure, instance, isType: false }),
    source,
    exports: new Map(),
    importNames: new ExternNames("imports"),
    exportNames: new ExternNames("exports"),
    depth,
  };
  for (const definition of component.definitions) {
    draft.spend(1);
    evaluate(evaluation, definition);
  }
  return { exports: evaluation.exports };
}
