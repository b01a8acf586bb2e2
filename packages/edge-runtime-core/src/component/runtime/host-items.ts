// Matches what a component imports with what the host offers, once per template. Interface names match by compatible
// version; everything that is missing is reported at once, by its path from the root.
// Spec: Explainer "Canonical Interface Name".

import { ImportNotFound } from "edge-runtime-common";
import type { FuncType } from "../../canonical-abi/types.ts";
import type { HostFuncType } from "../../engine/host-types.ts";
import type { HostFunction, HostImports, HostItem, HostModule, HostResource } from "../../engine/host-functions.ts";
import type { ComponentPlan, ExternPlan } from "../plan.ts";
import { moduleDifference } from "../linker/module-signatures.ts";
import { decodeModuleType } from "../module-type.ts";
import { matchName } from "../semver.ts";
import { hasHostType } from "./host-signature.ts";

export interface ResolvedImports {
  /** By index of the plan's imported functions. */
  readonly functions: readonly HostFunction[];
  /** By resource id; resources that components define have no entry. */
  readonly resources: ReadonlyMap<number, HostResource>;
  /** By index of the plan's imported modules. */
  readonly modules: readonly HostModule[];
}

interface Resolving {
  readonly plan: ComponentPlan;
  readonly modules: Map<number, HostModule>;
  readonly functions: Map<number, HostFunction>;
  readonly resources: Map<number, HostResource>;
  readonly missing: string[];
}

const longestList = 20;

function isFunction(item: HostItem): item is HostFunction {
  return item.kind === "sync" || item.kind === "async";
}

function wordFor(item: HostItem): string {
  return isFunction(item) ? "function" : item.kind;
}

/** Items that the host need not offer: types without identity, and other names of what was found already. */
function isOptional(extern: ExternPlan, { resources }: Resolving): boolean {
  switch (extern.kind) {
    case "type":
    case "other":
    case "resource-alias":
    case "exported-module":
      return true;
    case "resource":
      // A resource of another interface that this one uses by name.
      return resources.has(extern.resource);
    default:
      return false;
  }
}

/** Takes the item for what is imported; says why not, where it does not fit. */
function bind(extern: ExternPlan, item: HostItem, where: string, state: Resolving): string | undefined {
  if (extern.kind === "type" || extern.kind === "other" || extern.kind === "exported-module") return undefined;
  if (extern.kind === "instance" && item.kind === "instance") {
    resolve(extern.items, item.items, where, state);
    return undefined;
  }
  if (extern.kind === "resource" && item.kind === "resource") {
    state.resources.set(extern.resource, item);
    return undefined;
  }
  if (extern.kind === "resource-alias" && item.kind === "resource") {
    return state.resources.get(extern.resource) === item ? undefined : "mismatched resource types";
  }
  if (extern.kind === "func" && isFunction(item)) {
    if (extern.target.kind === "import") state.functions.set(extern.target.index, item);
    return undefined;
  }
  if (extern.kind === "module" && item.kind === "module") {
    state.modules.set(extern.module, item);
    const declared = state.plan.importedModules[extern.module];
    return declared && moduleDifference(decodeModuleType(declared.type), item.signature);
  }
  return `a ${extern.kind} is needed, the host has a ${wordFor(item)}`;
}

function resolve(
  externs: readonly ExternPlan[],
  offered: ReadonlyMap<string, HostItem>,
  path: string,
  state: Resolving,
): void {
  for (const extern of externs) {
    const where = path === "" ? extern.name : `${path} -> ${extern.name}`;
    const name = matchName(extern.name, offered);
    const item = name === undefined ? undefined : offered.get(name);
    if (item === undefined) {
      if (!isOptional(extern, state)) state.missing.push(where);
      continue;
    }
    const difference = bind(extern, item, where, state);
    if (difference !== undefined) state.missing.push(`${where} (${difference})`);
  }
}

function resolveAll(plan: ComponentPlan, host: HostImports): Resolving {
  const state: Resolving = { plan, functions: new Map(), resources: new Map(), modules: new Map(), missing: [] };
  resolve(plan.imports, host, "", state);
  return state;
}

/** The host functions behind a component's imports, by index; undefined for those that the host does not offer. */
export function offeredFunctions(plan: ComponentPlan, host: HostImports): readonly (HostFunction | undefined)[] {
  const state = resolveAll(plan, host);
  return plan.importedFunctions.map((_, index) => state.functions.get(index));
}

/** Whether a function that the component exports has a type that names the host's resources. */
export function exportHasType(plan: ComponentPlan, found: FuncType, wanted: HostFuncType, host: HostImports): boolean {
  return hasHostType(found, wanted, resolveAll(plan, host).resources);
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
  const state = resolveAll(plan, host);
  if (state.missing.length === 0) state.missing.push(...mistyped(plan, state));
  const [first, ...others] = state.missing;
  if (first !== undefined) {
    const rest = others.slice(0, longestList).join(", ");
    const more = others.length > longestList ? ` and ${others.length - longestList} more` : "";
    const reason = "nothing that the host offers satisfies it";
    throw new ImportNotFound(first, others.length === 0 ? reason : `${reason}; also missing: ${rest}${more}`);
  }
  return {
    functions: plan.importedFunctions.map(
      (_, index) => state.functions.get(index) ?? unresolved(plan.importedFunctions[index]),
    ),
    resources: state.resources,
    modules: plan.importedModules.map((module, index) => state.modules.get(index) ?? unresolved(module)),
  };
}

function unresolved(item: { readonly path: readonly string[] } | undefined): never {
  throw new ImportNotFound(item?.path.join(" -> ") ?? "", "the plan does not list it");
}
