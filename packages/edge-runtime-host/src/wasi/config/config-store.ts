// wasi:config/store (a draft): values that the operator wrote down for the function, and nothing else.
// Hosts offer it under several versions with the same functions; prereleases match exactly, so each has its name.

import { hostInstance, wit } from "edge-runtime-core";
import type { Grant, HostCall, HostImports } from "edge-runtime-core";
import { ok } from "../results.ts";

/** Configuration values by key. */
export const CONFIG_GRANT: Grant<ReadonlyMap<string, string>> = { name: "config", none: new Map() };

export const CONFIG_INTERFACES: readonly string[] = [
  "wasi:config/store@0.2.0-rc.1",
  "wasi:config/store@0.2.0-draft",
  "wasi:config/store@0.2.0-draft-2024-09-27",
  "wasi:config/runtime@0.2.0-draft",
];

const error = wit.variant({ upstream: wit.string, io: wit.string });

const configStore = hostInstance({
  get: {
    kind: "sync",
    reads: "environment",
    type: wit.func({ key: wit.string }, wit.result(wit.option(wit.string), error)),
    call: ({ context }: HostCall, key: string) => ok(context.grants.get(CONFIG_GRANT).get(key)),
  },
  "get-all": {
    kind: "sync",
    reads: "environment",
    type: wit.func({}, wit.result(wit.list(wit.tuple(wit.string, wit.string)), error)),
    call: ({ context }: HostCall) => ok([...context.grants.get(CONFIG_GRANT)]),
  },
});

export function configInterfaces(): HostImports {
  return new Map(CONFIG_INTERFACES.map((name) => [name, configStore]));
}
