// Rewritten modules that share one counter, as the core instances of a store do, and every place where they look
// whether fuel is left: with a slice of one unit each check asks the host. Long runs are traced towards their end only.

import type { Exports } from "../../../../scripts/conformance/core/way.ts";
import { waitResult } from "../../src/instrument/atomic-wait.ts";
import type { CorePlan } from "../../src/instrument/plan.ts";
import { rewriteModule } from "../../src/instrument/rewrite-module.ts";
import { checkFor, verdict } from "../../src/instrument/slow-check.ts";

/** Most of a slice: far from the 2^31 at which the counter would wrap. */
const longSlice = 1_000_000_000;

/** Words of heap that a guest is given at a time: as many as there can be. */
const heapWords = 2 ** 31 - 1;

export class FuelTrace {
  readonly #counter = new WebAssembly.Global({ value: "i32", mutable: true }, 1);
  readonly #heap = new WebAssembly.Global({ value: "i32", mutable: true }, heapWords);
  readonly #untraced: number;
  #slice = 1;
  #consumed = 0;
  #checked = 0;

  /** @param untraced fuel to consume before checks are looked at one by one */
  constructor(untraced = 0) {
    this.#untraced = untraced;
  }

  #settle(): void {
    this.#consumed += this.#slice - this.#counter.value;
    this.#slice = Math.max(1, Math.min(longSlice, this.#untraced - this.#consumed));
    this.#counter.value = this.#slice;
  }

  /** Starts the accounts of a call. */
  start(): void {
    this.#slice = 0;
    this.#counter.value = 0;
    this.#consumed = 0;
    this.#checked = 0;
    this.#settle();
  }

  /** Fuel consumed since `start`. */
  get consumed(): number {
    return this.#consumed + this.#slice - this.#counter.value;
  }

  /** Fuel consumed at the last check that may end a guest for lack of it: any limit above it passes. */
  get checked(): number {
    return this.#checked;
  }

  #injected(): Record<string, WebAssembly.ImportValue> {
    const check = (late: number): number => {
      this.#settle();
      if (late !== checkFor.time) this.#checked = this.#consumed - late;
      return verdict.go;
    };
    return {
      check,
      yield: () => {},
      grow: () => 1,
      counter: this.#counter,
      heap: this.#heap,
      allocate: () => {
        this.#heap.value = heapWords;
      },
      wait: () => waitResult.timedOut,
      notify: () => 0,
    };
  }

  /** Instantiates without running the start function. */
  link(original: Uint8Array, imports: WebAssembly.Imports): { instance: WebAssembly.Instance; plan: CorePlan } {
    const { bytes, plan } = rewriteModule(original, { metering: "fuel", counter: "imported" });
    const linked = Object.create(null) as WebAssembly.Imports;
    for (const [module, items] of Object.entries(imports)) linked[module] = items;
    linked[plan.prefix] = this.#injected();
    return { instance: new WebAssembly.Instance(new WebAssembly.Module(bytes), linked), plan };
  }

  /** Instantiates and runs the start function. */
  readonly instantiate = (original: Uint8Array, imports: WebAssembly.Imports): Exports => {
    const { instance, plan } = this.link(original, imports);
    const start = instance.exports[`${plan.prefix}start`] as unknown as (() => void) | undefined;
    start?.();
    return instance.exports;
  };
}
