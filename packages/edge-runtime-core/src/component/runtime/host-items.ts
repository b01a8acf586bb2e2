// Matches what a component imports with what the host offers, once per template. Interface names match by compatible
// version; everything that is missing is reported at once, by its path from the root.
// Spec: Explainer "Canonical Interface Name".

import { ImportNotFound } from "edge-runtime-common";
import type { HostFunction, HostImports, HostItem, HostResource } from "../../engine/host-functions.ts";
import type { ComponentPlan, ExternPlan } from "../plan.ts";
import { matchName } from "../semver.ts";
import { hasHostType } from "./host-signature.ts";

export interface ResolvedImports {
  /** By index of the plan's imported functions. */
  readonly functions: readonly HostFunction[];
  /** By resource id; resources that components define have no entry. */
  readonly resources: ReadonlyMap<number, HostResource>;
}

interface Resolving {
  readonly functions: Map<number, HostFunction>;
  readonly resources: Map<number, HostResource>;
  readonly missing: string[];
}

const longestList = 20;

function wordFor(item: HostItem): string {
  return item.kind === "sync" || item.kind === "async" ? "function" : item.kind;
}

function resolve(
  externs: readonly ExternPlan[],
  offered: ReadonlyMap<string, HostItem>,
  path: string,
  state: Resolving,
): void {
  for (const extern of externs) {
    const where = path === "" ? extern.name : `${path} -> ${extern.name}`;
    if (extern.kind === "type" || extern.kind === "other") continue;
    const name = matchName(extern.name, offered);
    const item = name === undefined ? undefined : offered.get(name);
    if (extern.kind === "resource" && item === undefined && state.resources.has(extern.resource)) {
      // A resource of another interface that this one uses by name.
      continue;
    }
    if (item === undefined) {
      state.missing.push(where);
    } else if (extern.kind === "instance" && item.kind === "instance") {
      resolve(extern.items, item.items, where, state);
    } else if (extern.kind === "resource" && item.kind === "resource") {
      state.resources.set(extern.resource, item);
    } else if (extern.kind === "func" && (item.kind === "sync" || item.kind === "async")) {
      if (extern.target.kind === "import") state.functions.set(extern.target.index, item);
    } else {
      state.missing.push(`${where} (a ${extern.kind} is needed, the host has a ${wordFor(item)})`);
    }
  }
}

/** The host functions behind a component's imports, by index; undefined for those that the host does not offer. */
export function offeredFunctions(plan: ComponentPlan, host: HostImports): readonly (HostFunction | undefined)[] {
  const state: Resolving = { functions: new Map(), resources: new Map(), missing: [] };
  resolve(plan.imports, host, "", state);
  return plan.importedFunctions.map((_, index) => state.functions.get(index));
}

/** The imported functions whose declared types are not the host's, by path. */
function mistyped(plan: ComponentPlan, state: Resolving): string[] {
  return plan.importedFunctions.flatMap(({ path, type }, index) => {
    const wanted = state.functions.get(index)?.type;
    const declared = plan.funcTypes[type];
    if (wanted === undefined || declared === undefined || hasHostType(declared, wanted, state.resources)) return [];
    return [`${path.join(" -> ")} (its type is not that of the host's function)`];
  });
}

/** @throws ImportNotFound with the path of the first missing item and a list of all of them in its reason */
export function resolveImports(plan: ComponentPlan, host: HostImports): ResolvedImports {
  const state: Resolving = { functions: new Map(), resources: new Map(), missing: [] };
  resolve(plan.imports, host, "", state);
  if (state.missing.length === 0) state.missing.push(...mistyped(plan, state));
  const [first, ...others] = state.missing;
  if (first !== undefined) {
    const rest = others.slice(0, longestList).join(", ");
    const more = others.length > longestList ? ` and ${others.length - longestList} more` : "";
    const reason = "nothing that the host offers satisfies it";
    throw new ImportNotFound(first, others.length === 0 ? reason : `${reason}; also missing: ${rest}${more}`);
  }
  return {
    functions: plan.importedFunctions.map((_, index) => state.functions.get(index) ?? unresolved(plan, index)),
    resources: state.resources,
  };
}

function unresolved(plan: ComponentPlan, index: number): never {
  throw new ImportNotFound(plan.importedFunctions[index]?.path.join(" -> ") ?? "", "the plan does not list it");
}
