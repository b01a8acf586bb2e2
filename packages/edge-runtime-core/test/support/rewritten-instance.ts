// Drives a rewritten module without the engine: the three injected imports and the counter in a few lines, so that
// tests see each of them work.

import type { CounterPlace, Metering } from "../../src/instrument/plan.ts";
import type { CorePlan } from "../../src/instrument/plan.ts";
import { waitResult } from "../../src/instrument/atomic-wait.ts";
import { rewriteModule } from "../../src/instrument/rewrite-module.ts";
import { verdict } from "../../src/instrument/slow-check.ts";

export interface RewriteOptions {
  readonly metering?: Metering;
  readonly counter?: CounterPlace;
  readonly imports?: WebAssembly.Imports;
  /** Stores mark their pages; default: they do not. */
  readonly marksPages?: boolean;
  /** What the counter is filled with at each check; default 20,000. With 1 every check calls. */
  readonly slice?: number;
  /** Every check suspends the guest, which must be called by `WebAssembly.promising`. */
  readonly suspends?: boolean;
  /** Called at each check with what is left in the counter; true ends the guest. */
  readonly onCheck?: (left: number) => boolean;
  /** Consent to growth; default: always. */
  readonly mayGrow?: (kind: number, delta: number) => boolean;
  /** Called with the time of each wait on shared memory, below 0 where it has none. */
  readonly onWait?: (timeoutNs: number) => void;
  /** Words of heap that are given when what there was is used up; default: as many as there can be. */
  readonly heapWords?: number;
  /** Called with the words used so far, when the guest asks for more. What it throws ends the guest. */
  readonly onAllocate?: (words: number) => void;
}

export interface RewrittenInstance {
  readonly plan: CorePlan;
  readonly exports: Readonly<Record<string, WebAssembly.ExportValue>>;
  /** Calls an export of the original. */
  readonly call: (name: string, ...args: unknown[]) => unknown;
  /** What an injected export is. */
  readonly injected: (name: string) => WebAssembly.ExportValue | undefined;
  /** Fuel consumed by all calls so far. */
  readonly consumed: () => number;
  /** Words of heap that all calls so far were charged. */
  readonly allocated: () => number;
  /** Makes the next check call, as a host function does that took long. */
  readonly expire: () => void;
}

/** Instantiates without running the start function. */
export function instantiateRewritten(original: Uint8Array, options: RewriteOptions = {}): RewrittenInstance {
  const { metering = "fuel", counter: place = "own", slice = 20_000, suspends = false, onCheck, mayGrow } = options;
  const { heapWords = 2 ** 31 - 1, onAllocate, onWait } = options;
  const { bytes, plan } = rewriteModule(original, {
    metering,
    counter: place,
    marksPages: options.marksPages === true,
  });
  let counter = new WebAssembly.Global({ value: "i32", mutable: true }, 0);
  let heap = new WebAssembly.Global({ value: "i32", mutable: true }, heapWords);
  let heapGiven = heapWords;
  let given = 0;
  const refill = (): void => {
    given += slice - counter.value;
    counter.value = slice;
  };
  const injected = {
    check: () => {
      const stops = onCheck?.(counter.value) === true;
      refill();
      if (stops) return verdict.stop;
      return suspends ? verdict.yield : verdict.go;
    },
    yield: suspends ? new WebAssembly.Suspending(async () => {}) : () => {},
    heap,
    allocate: () => {
      onAllocate?.(heapGiven - heap.value);
      heapGiven += heapWords - heap.value;
      heap.value = heapWords;
    },
    // Nobody else is there to wake a waiter: only a time of 0 or more ends the wait.
    wait: (_memory: number, _address: number, timeoutNs: number) => {
      onWait?.(timeoutNs);
      if (timeoutNs < 0) throw new Error("a wait that nobody ends");
      return waitResult.timedOut;
    },
    notify: () => 0,
    grow: (kind: number, delta: number) => ((mayGrow?.(kind, delta) ?? true) ? 1 : 0),
    counter,
  };
  const imports: WebAssembly.Imports = Object.create(null) as WebAssembly.Imports;
  for (const [module, items] of Object.entries(options.imports ?? {})) imports[module] = items;
  imports[plan.prefix] = injected;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  const own = exports[`${plan.prefix}counter`];
  if (own instanceof WebAssembly.Global) counter = own;
  const ownHeap = exports[`${plan.prefix}heap`];
  if (ownHeap instanceof WebAssembly.Global) {
    heap = ownHeap;
    heap.value = heapWords;
  }
  refill();
  return {
    plan,
    exports,
    call: (name, ...args) => (exports[name] as unknown as (...args: unknown[]) => unknown)(...args),
    injected: (name) => exports[plan.prefix + name],
    consumed: () => given - counter.value,
    allocated: () => heapGiven - heap.value,
    expire: () => {
      given -= counter.value;
      counter.value = 0;
    },
  };
}
