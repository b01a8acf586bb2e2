// A component store without metering, limits or runs: core modules as they are, host calls as they come. What ends a
// guest is kept in `outcome`.

import { HostFunctionError, InternalError, RuntimeError } from "edge-runtime-common";
import type { ComponentStore, CoreFunction, CoreImports } from "../../src/engine/component-store.ts";
import type { CoreInstance } from "../../src/engine/core-instance.ts";
import type { HostCall, HostFunction } from "../../src/engine/host-functions.ts";
import { createTrapSource } from "../../src/engine/trap.ts";
import { WorkerContext } from "../../src/engine/worker-context.ts";

const trapSource = createTrapSource();

export class FakeStore implements ComponentStore {
  /** The first error that ended the guest. */
  outcome: RuntimeError | undefined;
  charged = 0;
  readonly #modules: readonly WebAssembly.Module[];
  readonly #call: HostCall;

  constructor(modules: readonly WebAssembly.Module[]) {
    this.#modules = modules;
    this.#call = {
      context: new WorkerContext({ requestId: "test", startedAtMs: 0 }),
      charge: this.charge,
      remainingMs: () => 1000,
      memory: () => undefined,
    };
  }

  readonly charge = (fuel: number): void => {
    this.charged += fuel;
  };

  readonly abiCosts = { abiByte: 1, abiValue: 1 };

  readonly pay = this.charge;

  readonly payForResult = this.charge;

  /** Bytes that waiting host functions hold. */
  held = 0;

  readonly holdHeap = (bytes: number): void => {
    this.held += bytes;
  };

  readonly releaseHeap = (bytes: number): void => {
    this.held -= bytes;
  };

  readonly hostWrites = (): undefined => undefined;

  readonly instantiateCore = async (index: number, imports: CoreImports): Promise<CoreInstance> => {
    const module = this.#modules[index];
    if (module === undefined) throw new InternalError(`no core module ${index}`);
    const object: WebAssembly.Imports = {};
    for (const [name, items] of imports) object[name] = Object.fromEntries(items);
    const { exports } = new WebAssembly.Instance(module, object);
    return { getExport: (name) => exports[name] };
  };

  readonly coreFunction = (fn: WebAssembly.ExportValue): CoreFunction => WebAssembly.promising(fn);

  readonly callSuspendable = (fn: CoreFunction, args: readonly unknown[]): Promise<unknown> => fn(...args);

  readonly callHost = (fn: HostFunction, args: readonly unknown[]): unknown => {
    try {
      return fn.call(this.#call, ...(args as never[]));
    } catch (error) {
      throw this.kill(error instanceof RuntimeError ? error : new InternalError("host function failed", error));
    }
  };

  readonly callHostAsync = async (fn: HostFunction, args: readonly unknown[]): Promise<unknown> => {
    try {
      return await fn.call(this.#call, ...(args as never[]));
    } catch (error) {
      if (error instanceof RuntimeError) throw this.kill(error);
      throw this.kill(new InternalError(error instanceof HostFunctionError ? error.message : "host failed", error));
    }
  };

  readonly kill = (error: RuntimeError): unknown => {
    this.outcome ??= error;
    return trapSource();
  };
}
