// Evaluates what imports and instance types declare: each name is asked of a source, and the answer enters the index
// space, so that later declarations can refer to it.
// Spec: Explainer "Type Definitions", `importdecl` and `exportdecl`.

import { quote } from "../binary/decoding.ts";
import type { Alias, ExternDeclaration, TypeDefinition } from "../binary/definitions.ts";
import { MAX_NESTING_DEPTH } from "../limits.ts";
import type { Draft } from "./draft.ts";
import { ExternNames } from "./extern-names.ts";
import type { ExternSource } from "./externs.ts";
import { abstractSource } from "./externs.ts";
import { moduleTypeAt, resolveCoreType } from "./module-signatures.ts";
import { failLink, Scope } from "./scope.ts";
import { componentTypeAt, funcTypeAt, instanceTypeAt, resolveType } from "./type-values.ts";
import type { ComponentTypeValue, InstanceType, InstanceValue, Item, TypeValue } from "./values.ts";

export interface Declaring {
  readonly draft: Draft;
  readonly scope: Scope;
  readonly depth: number;
}

/** Adds an item to the index space of its sort. */
export function pushItem(scope: Scope, item: Item): void {
  switch (item.sort) {
    case "func":
      return scope.push("func", item.value);
    case "type":
      return scope.push("type", item.value);
    case "instance":
      return scope.push("instance", item.value);
    case "component":
      return scope.push("component", item.value);
    case "core module":
      return scope.push("core module", item.value);
  }
}

/** Asks the source for what is declared, with its type resolved in the scope. */
export function bindExtern(context: Declaring, declaration: ExternDeclaration, source: ExternSource): Item {
  const { scope, draft } = context;
  const { type, offset } = declaration;
  switch (type.kind) {
    case "func":
      return { sort: "func", value: source.func(declaration, funcTypeAt(scope, type.type, offset)) };
    case "resource":
      return { sort: "type", value: { kind: "resource", id: source.resource(declaration) } };
    case "type": {
      const value: TypeValue = scope.get("type", type.equal, offset);
      source.type(declaration, value);
      return { sort: "type", value };
    }
    case "instance": {
      const instanceType = instanceTypeAt(scope, type.type, offset);
      const inner = source.instance(declaration);
      return { sort: "instance", value: declareInstance(draft, instanceType, inner, context.depth + 1) };
    }
    case "component":
      return { sort: "component", value: source.component(declaration, componentTypeAt(scope, type.type, offset)) };
    case "module":
      return { sort: "core module", value: source.module(declaration, moduleTypeAt(scope, type.type, offset)) };
  }
}

/** The item that an instance exports under a name, as the sort that is asked for. */
export function exportedItem(instance: InstanceValue, alias: Alias & { readonly kind: "alias-export" }): Item {
  const item = instance.exports.get(alias.name);
  if (item === undefined) return failLink(`the instance has no export ${quote(alias.name)}`, alias.offset);
  if (item.sort === alias.sort) return item;
  return failLink(`export ${quote(alias.name)} is a ${item.sort}, not a ${alias.sort}`, alias.offset);
}

export function outerAlias(scope: Scope, alias: Alias & { readonly kind: "alias-outer" }): void {
  const { sort, count, index, offset } = alias;
  scope.push(sort, scope.outer(sort, count, index, offset));
}

function evaluateAlias(scope: Scope, alias: Alias): void {
  if (alias.kind === "alias-core-export") failLink("a type cannot alias exports of core instances", alias.offset);
  const second = alias.kind === "alias-outer" ? "core type" : "instance";
  if (alias.sort !== "type" && alias.sort !== second) {
    failLink(`aliases in types may only refer to types or instances, not a ${alias.sort}`, alias.offset);
  }
  if (alias.kind === "alias-outer") return outerAlias(scope, alias);
  pushItem(scope, exportedItem(scope.get("instance", alias.instance, alias.offset), alias));
}

/** Defines a type; one with declarations is checked once, with an abstract source, so that each later use may trust it. */
export function defineType(
  { draft, scope, depth }: Declaring,
  definition: Exclude<TypeDefinition, { readonly kind: "resource" }>,
  offset: number,
): TypeValue {
  if (definition.kind === "fixed-list") draft.spend(definition.length);
  if (definition.kind !== "component" && definition.kind !== "instance") return resolveType(scope, definition, offset);
  const { kind, declarations } = definition;
  const closure = scope.close();
  const { checkedTypes } = draft.memory;
  const known = checkedTypes.get(declarations);
  if (known !== undefined) return { kind, declarations, closure, hasResource: known };
  const source = abstractSource(draft);
  const sources = { imports: kind === "component" ? source : undefined, exports: source };
  const checked = declare(draft, { declarations, closure }, sources, depth + 1);
  checkedTypes.set(declarations, checked.mentionsOuterResource);
  return { kind, declarations, closure, hasResource: checked.mentionsOuterResource };
}

interface DeclarationSources {
  /** Undefined for instance types, which have none. */
  readonly imports: ExternSource | undefined;
  readonly exports: ExternSource;
}

interface Declared {
  readonly exports: ReadonlyMap<string, Item>;
  readonly mentionsOuterResource: boolean;
}

type Declarations = Pick<InstanceType, "declarations" | "closure">;

function declare(draft: Draft, type: Declarations, sources: DeclarationSources, depth: number): Declared {
  const scope = new Scope({ outer: type.closure, instance: type.closure.scope.instance, isType: true });
  const exports = new Map<string, Item>();
  const names = { imports: new ExternNames("imports"), exports: new ExternNames("exports") };
  const context = { draft, scope, depth };
  for (const declaration of type.declarations) {
    const { offset } = declaration;
    draft.spend(1);
    if (depth > MAX_NESTING_DEPTH) failLink(`instances nest more than ${MAX_NESTING_DEPTH} deep`, offset);
    switch (declaration.kind) {
      case "core-type":
        scope.push("core type", resolveCoreType(scope, declaration.type, offset));
        break;
      case "type":
        if (declaration.type.kind === "resource") return failLink("a resource inside a type", offset);
        scope.push("type", defineType(context, declaration.type, offset));
        break;
      case "import": {
        const source = sources.imports ?? failLink("an instance type has no imports", offset);
        const item = bindExtern(context, declaration, source);
        names.imports.addItem(declaration.name, item, offset);
        pushItem(scope, item);
        break;
      }
      case "export-declaration": {
        const item = bindExtern(context, declaration, sources.exports);
        names.exports.addItem(declaration.name, item, offset);
        exports.set(declaration.name, item);
        pushItem(scope, item);
        break;
      }
      default:
        evaluateAlias(scope, declaration);
    }
  }
  return { exports, mentionsOuterResource: scope.mentionsOuterResource };
}

/**
 * An instance of a type, made of what the source answers: only what the type declares is in it.
 *
 * @throws CompilationFailed where the source does not have what the type asks for
 */
export function declareInstance(draft: Draft, type: InstanceType, source: ExternSource, depth: number): InstanceValue {
  return declare(draft, type, { imports: undefined, exports: source }, depth);
}

/** The instance that a declared component would make of the given imports: abstract, for validating. */
export function declareComponentInstance(
  draft: Draft,
  type: ComponentTypeValue,
  imports: ExternSource,
  depth: number,
): InstanceValue {
  return declare(draft, type, { imports, exports: abstractSource(draft) }, depth);
}
