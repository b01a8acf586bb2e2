// Finds exported functions by path: `handle`, or `wasi:cli/run@0.2.0#run`.

import type { FuncType } from "../canonical-abi/types.ts";
import type { ComponentPlan, ExternPlan, FuncTarget } from "./plan.ts";
import { matchName } from "./semver.ts";

export interface ExportedFunction {
  readonly target: FuncTarget;
  /** Index into the plan's function types. */
  readonly type: number;
}

function find(items: readonly ExternPlan[], name: string): ExternPlan | undefined {
  const byName = new Map(items.map((item) => [item.name, item]));
  const match = matchName(name, byName);
  return match === undefined ? undefined : byName.get(match);
}

/** The function at the path; each `#` goes into an instance, whose version may be any compatible one. */
export function findFunction(plan: ComponentPlan, path: string): ExportedFunction | undefined {
  let items = plan.exports;
  const names = path.split("#");
  for (const [index, name] of names.entries()) {
    const item = find(items, name);
    if (index === names.length - 1) return item?.kind === "func" ? item : undefined;
    if (item?.kind !== "instance") return undefined;
    items = item.items;
  }
  return undefined;
}

/** The type of an exported function; undefined where the component does not export it. */
export function findExport(plan: ComponentPlan, path: string): FuncType | undefined {
  const found = findFunction(plan, path);
  return found === undefined ? undefined : plan.funcTypes[found.type];
}

/** Paths of all exported functions. */
export function exportedFunctions(plan: ComponentPlan): string[] {
  const paths = (items: readonly ExternPlan[], prefix: string): string[] =>
    items.flatMap((item) => {
      if (item.kind === "func") return [`${prefix}${item.name}`];
      return item.kind === "instance" ? paths(item.items, `${prefix}${item.name}#`) : [];
    });
  return paths(plan.exports, "");
}

/** Indices of the lifts behind exported functions, each once. */
export function exportedLifts(plan: ComponentPlan): number[] {
  const lifts = (items: readonly ExternPlan[]): number[] =>
    items.flatMap((item) => {
      if (item.kind === "func") return item.target.kind === "lift" ? [item.target.index] : [];
      return item.kind === "instance" ? lifts(item.items) : [];
    });
  return [...new Set(lifts(plan.exports))];
}
