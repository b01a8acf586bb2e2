// `resource.new`, `resource.rep` and `resource.drop` of a component instance.
// Spec: CanonicalABI `canon_resource_new`, `canon_resource_rep`, `canon_resource_drop`.

import type { HostFunction, HostResource } from "../../engine/host-functions.ts";
import type { ResourceId } from "../../canonical-abi/types.ts";
import type { ComponentRuntime } from "./component-runtime.ts";
import { guard } from "./faults.ts";
import type { Handle } from "./handle-table.ts";
import { findHandle, takeHandle } from "./resource-checks.ts";
import type { TrampolineSteps } from "./trampolines.ts";

export interface ResourceBuiltin {
  readonly runtime: ComponentRuntime;
  readonly instance: number;
  readonly resource: ResourceId;
}

export function resourceNewSteps({ runtime, instance, resource }: ResourceBuiltin): TrampolineSteps {
  const state = runtime.state(instance);
  const create = (rep: number): number => {
    runtime.checkMayLeave(state);
    const index = state.handles.add({ resource, rep, scope: undefined, lends: 0 });
    return index === 0 ? runtime.trap("resource table has no free keys", "canonical_abi") : index;
  };
  return { "": guard(runtime.kill, create) };
}

export function resourceRepSteps({ runtime, instance, resource }: ResourceBuiltin): TrampolineSteps {
  const state = runtime.state(instance);
  const represent = (index: number): number => Number(findHandle({ runtime, state, resource, index: index >>> 0 }).rep);
  return { "": guard(runtime.kill, represent) };
}

/** Takes the handle; answers the handle where it was the owner, else ends the borrow. */
function takeForDrop({ runtime, instance, resource }: ResourceBuiltin, index: number): Handle | undefined {
  const state = runtime.state(instance);
  runtime.checkMayLeave(state);
  const handle = takeHandle({ runtime, state, resource, index: index >>> 0 });
  if (handle.scope === undefined) return handle;
  handle.scope.borrows -= 1;
  return undefined;
}

/** Drops a resource that the host implements, or one without a destructor. */
export function plainDropSteps(builtin: ResourceBuiltin, host: HostResource | undefined): TrampolineSteps {
  const { runtime } = builtin;
  const dropped: HostFunction | undefined =
    host === undefined
      ? undefined
      : { kind: "sync", reads: "nothing", call: (_call, value: never) => host.drop(value) };
  const drop = (index: number): void => {
    const handle = takeForDrop(builtin, index);
    if (handle !== undefined && dropped !== undefined) runtime.store.callHost(dropped, [handle.rep]);
  };
  return { "": guard(runtime.kill, drop) };
}

/** Drops a resource whose destructor the adapter module calls; `entered` are the instances which that call enters. */
export function destructorDropSteps(builtin: ResourceBuiltin, entered: readonly number[]): TrampolineSteps {
  const { runtime } = builtin;
  const start = (index: number): number => {
    const handle = takeForDrop(builtin, index);
    if (handle === undefined) return 0;
    runtime.enter(entered);
    runtime.dtorRep = Number(handle.rep);
    return 1;
  };
  return { start: guard(runtime.kill, start), finish: guard(runtime.kill, () => runtime.leave(entered)) };
}
