// wasi:cli/environment: what the operator granted, nothing of the process's own.

import { hostInstance, wit } from "edge-runtime-core";
import type { Grant, HostCall, HostInstance } from "edge-runtime-core";

export interface GuestEnvironment {
  /** Names and values, in the order in which guests see them. */
  readonly variables: readonly (readonly [name: string, value: string])[];
  /** The first is the program's name, by convention. */
  readonly arguments: readonly string[];
  /** A path of the guest's. Default: none. */
  readonly initialCwd?: string | undefined;
}

export const ENVIRONMENT: Grant<GuestEnvironment> = { name: "environment", none: { variables: [], arguments: [] } };

export const environmentInterface: HostInstance = hostInstance({
  "get-environment": {
    kind: "sync",
    reads: "environment",
    type: wit.func({}, wit.list(wit.tuple(wit.string, wit.string))),
    call: (call: HostCall) => call.context.grants.get(ENVIRONMENT).variables,
  },
  "get-arguments": {
    kind: "sync",
    reads: "environment",
    type: wit.func({}, wit.list(wit.string)),
    call: (call: HostCall) => call.context.grants.get(ENVIRONMENT).arguments,
  },
  "initial-cwd": {
    kind: "sync",
    reads: "environment",
    type: wit.func({}, wit.option(wit.string)),
    call: (call: HostCall) => call.context.grants.get(ENVIRONMENT).initialCwd,
  },
});
