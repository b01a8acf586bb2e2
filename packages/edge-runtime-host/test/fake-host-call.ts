// A call of a host function as a run would make it, with what the function did to it.

import { WorkerContext } from "edge-runtime-core";
import type { HostCall, HostFunction, HostImports, WorkerContextOptions } from "edge-runtime-core";

export interface FakeHostCall extends HostCall {
  readonly fuelCharged: () => number;
}

export interface FakeHostCallOptions extends Partial<WorkerContextOptions> {
  readonly memory?: Uint8Array;
}

export function fakeHostCall(options: FakeHostCallOptions = {}): FakeHostCall {
  const { memory, ...rest } = options;
  let charged = 0;
  const permissions = { loggingEnabled: true };
  return {
    context: new WorkerContext({ requestId: "r", startedAtMs: 0, permissions, ...rest }),
    charge: (fuel) => {
      charged += fuel;
    },
    remainingMs: () => 100,
    memory: () => memory,
    fuelCharged: () => charged,
  };
}

/** Calls the function of an instance, by both names. */
export function callHost(imports: HostImports, path: string, call: HostCall, ...args: readonly unknown[]): unknown {
  const [instance = "", name = ""] = path.split("#");
  const item = imports.get(instance);
  const fn = item?.kind === "instance" ? item.items.get(name) : undefined;
  if (fn === undefined || (fn.kind !== "sync" && fn.kind !== "async")) throw new Error(`no host function ${path}`);
  const callable: HostFunction["call"] = fn.call;
  return callable(call, ...(args as never[]));
}
