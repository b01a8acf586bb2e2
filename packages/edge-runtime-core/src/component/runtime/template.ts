// A component linked with what a host offers: imports resolved, lifting and lowering compiled, the adapter module
// compiled by V8. Made once per component and host, shared by all instances; an instance then costs its core
// instances and a few closures.

import { bug } from "edge-runtime-common";
import type { FuncAbi } from "../../canonical-abi/index.ts";
import { compileFuncAbi } from "../../canonical-abi/index.ts";
import type { ComponentStore } from "../../engine/component-store.ts";
import type { CompiledCore } from "../../engine/core-instance.ts";
import type { HostImports } from "../../engine/host-functions.ts";
import { exportedLifts } from "../exports.ts";
import type { ComponentPlan, LiftPlan, TrampolinePlan } from "../plan.ts";
import { neededToLift, neededToLower, shapeOf } from "../type-shape.ts";
import type { AdapterShape } from "./adapter-shape.ts";
import { encodeAdapterModule } from "./adapter-module.ts";
import type { ComponentInstance } from "./component-instance.ts";
import { instantiateComponent } from "./instantiation.ts";
import { resolveImports } from "./host-items.ts";
import type { TemplateParts } from "./template-parts.ts";

export interface ComponentTemplate {
  readonly plan: ComponentPlan;
  /** Core modules of the host, numbered behind the component's own. */
  readonly importedCores: readonly CompiledCore[];
  /** Brings the component to life in a store of its own; rejects with what its start functions failed with. */
  readonly instantiate: (store: ComponentStore) => Promise<ComponentInstance>;
}

type LowerPlan = TrampolinePlan & { readonly kind: "lower" };

const handleToI32 = { params: ["i32"], results: ["i32"] } as const;
const handleToNothing = { params: ["i32"], results: [] } as const;

function siblingShape(plan: ComponentPlan, lower: LowerPlan, lift: LiftPlan, abi: FuncAbi): AdapterShape {
  const shape = shapeOf(plan.funcTypes[lower.type] ?? bug(`the plan has no type ${lower.type}`));
  return {
    kind: "sibling",
    signature: abi.lower,
    callee: { slot: lift.callee, signature: abi.lift },
    calleeRealloc: neededToLift(shape).realloc ? lift.options.realloc : undefined,
    callerRealloc: neededToLower(shape).realloc ? lower.options.realloc : undefined,
    postReturn: lift.postReturn,
  };
}

function entryShape(plan: ComponentPlan, index: number, abis: readonly FuncAbi[]): AdapterShape {
  const lift = plan.lifts[index] ?? bug(`the plan has no lift ${index}`);
  const abi = abis[lift.type] ?? bug(`the plan has no type ${lift.type}`);
  const shape = shapeOf(plan.funcTypes[lift.type] ?? bug(`the plan has no type ${lift.type}`));
  return {
    kind: "entry",
    callee: { slot: lift.callee, signature: abi.lift },
    realloc: neededToLift(shape).realloc ? lift.options.realloc : undefined,
    postReturn: lift.postReturn,
  };
}

function lowerShape(plan: ComponentPlan, lower: LowerPlan, abi: FuncAbi): AdapterShape {
  const { target } = lower;
  if (target.kind === "lift") {
    return siblingShape(plan, lower, plan.lifts[target.index] ?? bug(`the plan has no lift ${target.index}`), abi);
  }
  const type = plan.funcTypes[lower.type] ?? bug(`the plan has no type ${lower.type}`);
  const { realloc } = lower.options;
  if (!neededToLower(shapeOf(type)).realloc || realloc === undefined) return { kind: "direct", signature: abi.lower };
  return { kind: "host", signature: abi.lower, realloc };
}

function trampolineShape(plan: ComponentPlan, trampoline: TrampolinePlan, abis: readonly FuncAbi[]): AdapterShape {
  switch (trampoline.kind) {
    case "lower":
      return lowerShape(plan, trampoline, abis[trampoline.type] ?? bug(`the plan has no type ${trampoline.type}`));
    case "resource-new":
    case "resource-rep":
      return { kind: "direct", signature: handleToI32 };
    case "resource-drop": {
      const resource = plan.resources[trampoline.resource];
      const dtor = resource?.kind === "defined" ? resource.dtor : undefined;
      return dtor === undefined ? { kind: "direct", signature: handleToNothing } : { kind: "drop", dtor };
    }
  }
}

/**
 * Links a component's plan with what the host offers.
 *
 * @throws ImportNotFound where the host lacks something, by the path of its first missing item
 */
export function createComponentTemplate(plan: ComponentPlan, host: HostImports): ComponentTemplate {
  const imports = resolveImports(plan, host);
  const abis = plan.funcTypes.map(compileFuncAbi);
  const entries = exportedLifts(plan);
  const shapes = [
    ...plan.trampolines.map((trampoline) => trampolineShape(plan, trampoline, abis)),
    ...entries.map((lift) => entryShape(plan, lift, abis)),
  ];
  const adapter = new WebAssembly.Module(encodeAdapterModule(shapes, plan.functionSlots));
  const parts: TemplateParts = { plan, imports, abis, shapes, entries, adapter };
  return {
    plan,
    importedCores: imports.modules.map(({ core }) => core),
    instantiate: (store) => instantiateComponent(parts, store),
  };
}
