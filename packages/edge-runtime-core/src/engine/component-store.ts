// What the component runtime needs from the store whose core instances it links: instantiation, calls that are
// metered and may yield, host calls, and a way to end the guest that its `catch_all` cannot catch.

import type { RuntimeError } from "edge-runtime-common";
import type { CoreInstance } from "./core-instance.ts";
import type { HostFunction } from "./host-functions.ts";

/** An exported core function, to be called on a stack of its own. */
export type CoreFunction = (...args: readonly unknown[]) => Promise<unknown>;

export type CoreImports = ReadonlyMap<string, ReadonlyMap<string, WebAssembly.ImportValue>>;

export interface ComponentStore {
  /** Instantiates core module number `index` of the compiled component, its start function included. */
  readonly instantiateCore: (index: number, imports: CoreImports) => Promise<CoreInstance>;
  /** Prepares an exported function for host calls; do it once per instance, not per call. */
  readonly coreFunction: (fn: WebAssembly.ExportValue) => CoreFunction;
  /**
   * Calls a core function that may suspend and yield. No JavaScript frame may be between the guest and this call:
   * use it from the top or after an `await`, never synchronously inside an import.
   */
  readonly callSuspendable: (fn: CoreFunction, args: readonly unknown[]) => Promise<unknown>;
  /**
   * Calls a `sync` host function. Faults end the guest: what is thrown is uncatchable in wasm and must propagate
   * unchanged through every JavaScript frame.
   */
  readonly callHost: (fn: HostFunction, args: readonly unknown[]) => unknown;
  /**
   * Calls an `async` host function (from within a `Suspending` import): its value where it need not wait, else a promise.
   * Where the run ends meanwhile it rejects with a genuine trap: the guest's stack is unwound and none of its code runs.
   */
  readonly callHostAsync: (fn: HostFunction, args: readonly unknown[]) => unknown;
  /** Ends the guest: records the error as the run's outcome and returns what must be thrown (a genuine wasm trap). */
  readonly kill: (error: RuntimeError) => unknown;
  /**
   * Counts values of the guest that a host function holds while it waits; those of all runs of a thread have a limit.
   * Ends the guest where there is no room. What is not released is given back when the run ends.
   */
  readonly holdHeap: (bytes: number) => void;
  readonly releaseHeap: (bytes: number) => void;
  /** To be told of what the host writes to a memory: where and how many bytes. Undefined where nobody needs to know. */
  readonly hostWrites: (memory: WebAssembly.Memory) => ((at: number, bytes: number) => void) | undefined;
  /** Fuel for a byte and for a value, lifted or lowered. */
  readonly abiCosts: { readonly abiByte: number; readonly abiValue: number };
  /**
   * Charges fuel for work of the host that is about to be done: a non-negative integer. Ends the guest (throws a genuine
   * trap, as `kill` gives) where it cannot pay or its time is over.
   */
  readonly pay: (fuel: number) => void;
  /** The same for the result of a run: the guest has done its part, and only its time can end it. */
  readonly payForResult: (fuel: number) => void;
}
