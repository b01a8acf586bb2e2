// Evaluates what imports and instance types declare: each name is asked of a source, and the answer enters the index
// space, so that later declarations can refer to it.
// Spec: Explainer "Type Definitions", `importdecl` and `exportdecl`.

import { quote } from "../binary/decoding.ts";
import type { Alias, ExternDeclaration } from "../binary/definitions.ts";
import { MAX_NESTING_DEPTH } from "../limits.ts";
import { parseExternName, uniquenessKey } from "../names.ts";
import type { Draft } from "./draft.ts";
import type { ExternSource } from "./externs.ts";
import { failLink, Scope } from "./scope.ts";
import { funcTypeAt, instanceTypeAt, resolveType } from "./type-values.ts";
import type { InstanceType, InstanceValue, Item, TypeValue } from "./values.ts";

/** Names of one scope, which must differ strongly. */
export class NameSet {
  readonly #keys = new Set<string>();

  add(name: string, offset: number): void {
    const parsed = parseExternName(name) ?? failLink(`${quote(name)} is not a valid extern name`, offset);
    const key = uniquenessKey(parsed);
    if (this.#keys.has(key)) failLink(`the name ${quote(name)} conflicts with an earlier one`, offset);
    this.#keys.add(key);
  }
}

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
      scope.get("type", type.type, offset);
      return { sort: "component", value: source.component(declaration) };
    case "module":
      scope.get("core type", type.type, offset);
      return { sort: "core module", value: source.module(declaration) };
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
  if (alias.kind === "alias-outer") return outerAlias(scope, alias);
  pushItem(scope, exportedItem(scope.get("instance", alias.instance, alias.offset), alias));
}

/**
 * An instance of a type, made of what the source answers: only what the type declares is in it.
 *
 * @throws CompilationFailed where the source does not have what the type asks for
 */
export function declareInstance(draft: Draft, type: InstanceType, source: ExternSource, depth: number): InstanceValue {
  const scope = new Scope({ outer: type.closure, instance: type.closure.scope.instance, isType: true });
  const exports = new Map<string, Item>();
  const names = new NameSet();
  const context = { draft, scope, depth };
  for (const declaration of type.declarations) {
    draft.spend(1);
    if (depth > MAX_NESTING_DEPTH) failLink(`instances nest more than ${MAX_NESTING_DEPTH} deep`, declaration.offset);
    switch (declaration.kind) {
      case "core-type":
        scope.push("core type", { type: declaration.type });
        break;
      case "type":
        if (declaration.type.kind === "resource") return failLink("a resource inside a type", declaration.offset);
        scope.push("type", resolveType(scope, declaration.type, declaration.offset));
        break;
      case "import":
        return failLink("an instance type has no imports", declaration.offset);
      case "export-declaration": {
        names.add(declaration.name, declaration.offset);
        const item = bindExtern(context, declaration, source);
        exports.set(declaration.name, item);
        pushItem(scope, item);
        break;
      }
      default:
        evaluateAlias(scope, declaration);
    }
  }
  return { exports };
}
