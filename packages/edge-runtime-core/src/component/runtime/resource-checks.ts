// Finding and taking handles, with the traps that the ABI prescribes.
// Spec: CanonicalABI `Table.get`, `lift_own`, `canon_resource_drop`.

import type { ResourceId } from "../../canonical-abi/types.ts";
import type { ComponentRuntime } from "./component-runtime.ts";
import type { Handle } from "./handle-table.ts";
import type { InstanceState } from "./instance-state.ts";

export interface HandleUse {
  readonly runtime: ComponentRuntime;
  readonly state: InstanceState;
  readonly resource: ResourceId;
  /** Unsigned. */
  readonly index: number;
}

function wrongType({ runtime, index, resource }: HandleUse, found: ResourceId): never {
  const kind = (id: ResourceId): string => (runtime.isGuestResource(id) ? "guest-defined" : "host-defined");
  const [expected, actual] = [kind(resource), kind(found)];
  const types = `expected ${expected} resource but found a ${expected === actual ? "different " : ""}${actual} resource`;
  return runtime.trap(`handle index ${index} used with the wrong type, ${types}`, "canonical_abi");
}

export function findHandle(use: HandleUse): Handle {
  const { runtime, state, index, resource } = use;
  const handle = state.handles.get(index);
  if (handle === undefined) return runtime.trap(`unknown handle index ${index}`, "unknown_handle");
  return runtime.isSameResource(handle.resource, resource) ? handle : wrongType(use, handle.resource);
}

/** Takes a handle out of the table; traps while it is lent. */
export function takeHandle(use: HandleUse): Handle {
  const handle = findHandle(use);
  if (handle.lends > 0) use.runtime.trap("cannot remove owned resource while borrowed", "canonical_abi");
  use.state.handles.remove(use.index);
  return handle;
}

/** Takes an owned handle out of the table; traps for borrowed ones. */
export function takeOwned(use: HandleUse): Handle {
  const handle = findHandle(use);
  if (handle.scope !== undefined) use.runtime.trap("cannot lift own resource from a borrow", "canonical_abi");
  return takeHandle(use);
}
