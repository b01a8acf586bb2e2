// Rewritten modules that share one counter, as the core instances of a store do, and every place where they look
// whether fuel is left: with a slice of one unit each check asks the host.

import { rewriteModule } from "../../src/instrument/rewrite-module.ts";
import { checkFor, verdict } from "../../src/instrument/slow-check.ts";

export class FuelTrace {
  readonly #counter = new WebAssembly.Global({ value: "i32", mutable: true }, 1);
  #consumed = 0;
  #checked = 0;

  #settle(): void {
    this.#consumed += 1 - this.#counter.value;
    this.#counter.value = 1;
  }

  /** Starts the accounts of a call. */
  start(): void {
    this.#settle();
    this.#consumed = 0;
    this.#checked = 0;
  }

  /** Fuel consumed since `start`. */
  get consumed(): number {
    this.#settle();
    return this.#consumed;
  }

  /** Fuel consumed at the last check that may end a guest for lack of it: any limit above it passes. */
  get checked(): number {
    return this.#checked;
  }

  /** Instantiates and runs the start function. */
  readonly instantiate = (original: Uint8Array, imports: WebAssembly.Imports) => {
    const { bytes, plan } = rewriteModule(original, { metering: "fuel", counter: "imported" });
    const linked = Object.create(null) as WebAssembly.Imports;
    for (const [module, items] of Object.entries(imports)) linked[module] = items;
    linked[plan.prefix] = {
      check: (late: number) => {
        this.#settle();
        if (late !== checkFor.time) this.#checked = this.#consumed - late;
        return verdict.go;
      },
      yield: () => {},
      grow: () => 1,
      counter: this.#counter,
    };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), linked);
    const start = exports[`${plan.prefix}start`] as unknown as (() => void) | undefined;
    start?.();
    return exports;
  };
}
