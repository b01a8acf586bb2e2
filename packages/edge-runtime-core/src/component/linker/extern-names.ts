// The names of one scope's imports or exports: they must differ strongly, and those with an annotation must fit the
// resource that they name.
// Spec: Explainer "Name Uniqueness"; Binary.md "Import and Export Definitions".

import type { FuncType, ResourceId, ValType } from "../../canonical-abi/types.ts";
import { quote } from "../binary/decoding.ts";
import type { ExternName } from "../names.ts";
import { parseExternName, uniquenessKey } from "../names.ts";
import { failLink } from "./scope.ts";
import type { Item } from "./values.ts";

function isOwn(type: ValType | undefined, resource: ResourceId): boolean {
  return type?.kind === "own" && type.resource === resource;
}

/** What keeps the function from having an annotated name for the resource. */
function misfit(name: ExternName, { params, result }: FuncType, resource: ResourceId): string | undefined {
  if (name.kind === "constructor") {
    const made = result?.kind === "result" ? result.ok : result;
    return isOwn(made, resource) ? undefined : "the function should return `(own $T)` or `(result (own $T))`";
  }
  if (name.kind !== "method") return undefined;
  const [self] = params;
  if (self === undefined) return "the function should have at least one argument";
  if (self.name !== "self") return "the function should have a first argument called `self`";
  const isBorrow = self.type.kind === "borrow" && self.type.resource === resource;
  return isBorrow ? undefined : "the function should take a first argument of `(borrow $T)`";
}

export class ExternNames {
  readonly #of: "imports" | "exports";
  readonly #keys = new Set<string>();
  readonly #resources = new Map<string, ResourceId>();

  constructor(of: "imports" | "exports") {
    this.#of = of;
  }

  /** Takes a name whose item may be anything. */
  add(name: string, offset: number): ExternName {
    const parsed = parseExternName(name) ?? failLink(`${quote(name)} is not a valid extern name`, offset);
    if (parsed.kind === "dependency" && this.#of === "exports")
      failLink(`${quote(name)} is not a valid export name`, offset);
    const key = uniquenessKey(parsed);
    if (this.#keys.has(key)) failLink(`the name ${quote(name)} conflicts with an earlier one`, offset);
    this.#keys.add(key);
    return parsed;
  }

  /** Takes a name together with its item. */
  addItem(name: string, item: Item, offset: number): void {
    const parsed = this.add(name, offset);
    if (parsed.kind === "label" && item.sort === "type" && item.value.kind === "resource") {
      this.#resources.set(name, item.value.id);
    }
    if (parsed.kind !== "constructor" && parsed.kind !== "method" && parsed.kind !== "static") return;
    if (item.sort !== "func") return failLink(`${quote(name)} is not a func`, offset);
    const resource = this.#resources.get(parsed.resource);
    if (resource === undefined) return failLink(`the resource of ${quote(name)} is not known in this context`, offset);
    const reason = misfit(parsed, item.value.type, resource);
    if (reason !== undefined) failLink(`${quote(name)}: ${reason}`, offset);
  }
}
