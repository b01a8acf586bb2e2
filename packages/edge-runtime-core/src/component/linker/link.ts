// From bytes to a plan.

import { CompilationFailed } from "edge-runtime-common";
import { decodeComponent } from "../binary/component.ts";
import { MAX_NESTING_DEPTH } from "../limits.ts";
import type { ComponentPlan, ExternPlan } from "../plan.ts";
import { PLAN_VERSION } from "../plan.ts";
import { Draft } from "./draft.ts";
import { evaluateComponent } from "./evaluation.ts";
import { hostSource } from "./externs.ts";
import type { Item } from "./values.ts";

export interface LinkedComponent {
  readonly plan: ComponentPlan;
  /** Core modules in the order of the plan's numbers: views of the component's bytes. */
  readonly coreModules: Uint8Array[];
  /** All core modules, those of components that are never instantiated too, by where they begin. */
  readonly allModules: readonly Uint8Array[];
}

function toExtern(draft: Draft, name: string, item: Item, depth: number): ExternPlan {
  switch (item.sort) {
    case "func": {
      const { type, nodes, target } = item.value;
      return { kind: "func", name, type: draft.internType(type, nodes).index, target };
    }
    case "instance": {
      if (depth === MAX_NESTING_DEPTH) throw new CompilationFailed(`instances nest more than ${depth} deep`);
      draft.spend(item.value.exports.size);
      return { kind: "instance", name, items: toExterns(draft, item.value.exports, depth + 1) };
    }
    case "type":
      if (item.value.kind === "resource") return { kind: "resource", name, resource: item.value.id };
      if (item.value.kind !== "value") return { kind: "other", name, what: `${item.value.kind} type` };
      draft.spendTypeNodes(item.value.nodes);
      return { kind: "type", name, type: item.value.type };
    case "core module":
      return { kind: "exported-module", name, core: draft.moduleNumber(item.value.index) };
    case "component":
      return { kind: "other", name, what: item.sort };
  }
}

function toExterns(draft: Draft, items: ReadonlyMap<string, Item>, depth: number): ExternPlan[] {
  return Array.from(items, ([name, item]) => toExtern(draft, name, item, depth));
}

function link(bytes: Uint8Array): LinkedComponent {
  const component = decodeComponent(bytes);
  const draft = new Draft();
  const imports: ExternPlan[] = [];
  const source = hostSource(draft, [], imports);
  const root = evaluateComponent(draft, { component, closure: undefined, source, parent: undefined, depth: 0 });
  const exports = toExterns(draft, root.exports, 0);
  const { instances, resources, funcTypes, importedFunctions, importedModules, lifts, trampolines } = draft;
  const { functionSlots, memorySlots, coreModules } = draft;
  const plan: ComponentPlan = {
    version: PLAN_VERSION,
    coreModules: coreModules.length,
    instances,
    resources,
    funcTypes,
    importedFunctions,
    importedModules,
    lifts,
    trampolines,
    functionSlots,
    memorySlots,
    initializers: draft.numberedInitializers(),
    imports,
    exports,
  };
  const allModules = [...draft.memory.modules.keys()].toSorted((left, right) => left.byteOffset - right.byteOffset);
  return { plan, coreModules, allModules };
}

/**
 * Decodes a component and links everything in it that is known before it runs. Core modules are not validated: the
 * engine does that. Time and memory are bounded by the limits in `limits.ts`.
 *
 * @throws CompilationFailed with the file offset, where the component is malformed, ill-typed, over a limit, or needs
 * a feature that is not supported
 */
export function linkComponent(bytes: Uint8Array): LinkedComponent {
  try {
    return link(bytes);
  } catch (error) {
    if (error instanceof CompilationFailed) throw error;
    throw new CompilationFailed("the component could not be linked", error);
  }
}
