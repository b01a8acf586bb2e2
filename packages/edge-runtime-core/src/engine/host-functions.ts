// Host functions as data: what an embedder offers to guests, by the name that guests import.
// The same record serves core modules (`env`) and components (`edge:runtime/logging@0.1.0`).

import type { ModuleSignature } from "../component/index.ts";
import type { CompiledCore } from "./core-instance.ts";
import type { HostFuncType } from "./host-types.ts";
import type { WorkerContext } from "./worker-context.ts";

/**
 * What a host function may know of the run that calls it. Valid only during the call: a pooled instance serves
 * another request afterwards.
 */
export interface HostCall {
  readonly context: WorkerContext;
  /** Charges fuel for work done on the guest's behalf: a non-negative integer. */
  readonly charge: (fuel: number) => void;
  /** The run's remaining time in milliseconds, 0 or more. */
  readonly remainingMs: () => number;
  /**
   * Memory of the calling core instance, for core-module host functions only (components get lifted values).
   * Re-read it after every guest call: growth detaches the buffer. Undefined where the guest exports no memory.
   * It may be written to, so the reset after a run that asked for it copies the whole memory.
   */
  readonly memory: () => Uint8Array | undefined;
}

/**
 * What a host function's answer depends on besides its arguments and what the same guest did before: `nothing`, or what
 * differs from one call or process to the next.
 */
export type HostReads = "nothing" | "randomness" | "clock" | "environment";

/**
 * One host function. `sync` ones cost 4 ns a call; `async` ones may return a promise and then suspend only the
 * calling guest (81 ns where nothing suspends). Arguments are lifted values (components; jco's mapping) or plain
 * numbers and bigints (core modules). A WIT `result` is returned as `{ tag: "ok" | "err", val }`.
 * A thrown HostFunctionError or RuntimeError ends the run with that error; anything else ends it as a host fault.
 */
export interface HostFunction {
  readonly kind: "sync" | "async";
  readonly call: (call: HostCall, ...args: readonly never[]) => unknown;
  /**
   * Default: unknown, taken for the worst. An instance whose initialisation called a function that reads anything serves
   * one run only: a snapshot of it would share seeds, keys and times between runs.
   */
  readonly reads?: HostReads;
  /**
   * What components must declare to import; a component that declares another type is refused. Default: any type, for
   * functions that check their arguments themselves.
   */
  readonly type?: HostFuncType;
}

/** A resource type that the host implements. Guests hold handles; the host sees the value behind `rep`. */
export interface HostResource {
  readonly kind: "resource";
  /** Called once when the last owner drops the handle, and for those left over when the run ends. */
  readonly drop: (value: unknown) => void;
}

/** A core module that components import, as `createHostModule` makes it. */
export interface HostModule {
  readonly kind: "module";
  readonly core: CompiledCore;
  /** What it imports and exports. */
  readonly signature: ModuleSignature;
}

export type HostItem = HostFunction | HostResource | HostModule | HostInstance;

/** Functions and resources by name, `instance` imports by their full name, e.g. `edge:runtime/logging@0.1.0`. */
export interface HostInstance {
  readonly kind: "instance";
  readonly items: ReadonlyMap<string, HostItem>;
}

/** Everything an embedder offers: interface name (or core import module, or a bare function name) to item. */
export type HostImports = ReadonlyMap<string, HostItem>;

export function hostInstance(items: Readonly<Record<string, HostItem>>): HostInstance {
  return { kind: "instance", items: new Map(Object.entries(items)) };
}
