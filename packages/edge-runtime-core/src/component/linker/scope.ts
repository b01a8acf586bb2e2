// Index spaces of one component instance (or of one type with declarations) while it is linked, and the way outwards
// for outer aliases.
// Spec: Explainer "Index Spaces", "Alias Definitions".

import { CompilationFailed } from "edge-runtime-common";
import type { Sort } from "../binary/definitions.ts";
import type { Closure, Spaces, TypeValue } from "./values.ts";

/** @throws CompilationFailed always, with the file offset of what is wrong. */
export function failLink(reason: string, offset: number): never {
  throw new CompilationFailed(`${reason} (at offset 0x${offset.toString(16)})`);
}

type Entries = { [S in Sort]: Spaces[S][] };

function emptySpaces(): Entries {
  return {
    "core func": [],
    "core table": [],
    "core memory": [],
    "core global": [],
    "core tag": [],
    "core type": [],
    "core module": [],
    "core instance": [],
    func: [],
    type: [],
    component: [],
    instance: [],
  };
}

const outerSorts: readonly Sort[] = ["core type", "core module", "type", "component"];

export interface ScopeOptions {
  readonly outer: Closure | undefined;
  /** Component instance whose definitions are evaluated here. */
  readonly instance: number;
  readonly isType: boolean;
}

export class Scope {
  readonly instance: number;
  readonly isType: boolean;
  readonly #outer: Closure | undefined;
  readonly #spaces: Entries = emptySpaces();
  #mentionsOuterResource = false;

  constructor(options: ScopeOptions) {
    this.instance = options.instance;
    this.isType = options.isType;
    this.#outer = options.outer;
  }

  push<S extends Sort>(sort: S, value: Spaces[S]): void {
    this.#spaces[sort].push(value);
  }

  get<S extends Sort>(sort: S, index: number, offset: number): Spaces[S] {
    const space: readonly Spaces[S][] = this.#spaces[sort];
    return space[index] ?? failLink(`unknown ${sort} ${index}: the index space has ${space.length}`, offset);
  }

  /** The scope with its present sizes: what a definition made here may alias. */
  close(): Closure {
    return { scope: this, sizes: new Map(outerSorts.map((sort) => [sort, this.#spaces[sort].length])) };
  }

  /** Whether an outer alias in this type brought in a resource from outside. */
  get mentionsOuterResource(): boolean {
    return this.#mentionsOuterResource;
  }

  /**
   * Entry `index` of the scope `count` levels outwards, 0 being this one. Resource types do not cross the border of a
   * component this way: each of its instances would have to be tied to one instance of the outer one.
   */
  outer<S extends Sort>(sort: S, count: number, index: number, offset: number): Spaces[S] {
    if (!outerSorts.includes(sort))
      failLink(`outer aliases may only refer to types or instances, not a ${sort}`, offset);
    if (count === 0) return this.get(sort, index, offset);
    const crossed: Scope[] = [this];
    let closure = this.#outer;
    for (let level = 1; level < count && closure !== undefined; level++) {
      crossed.push(closure.scope);
      closure = closure.scope.#outer;
    }
    if (closure === undefined) return failLink(`invalid outer alias count ${count}`, offset);
    if (index >= (closure.sizes.get(sort) ?? 0)) failLink(`unknown outer ${sort} ${index}`, offset);
    const value = closure.scope.get(sort, index, offset);
    if (sort === "type" && mentionsResource(value as TypeValue)) {
      if (crossed.some((scope) => !scope.isType)) {
        failLink(`outer type ${index} refers to resources not defined in the current component`, offset);
      }
      for (const scope of crossed) scope.#mentionsOuterResource = true;
    }
    return value;
  }
}

function mentionsResource(type: TypeValue): boolean {
  return type.kind === "resource" || type.hasResource;
}
