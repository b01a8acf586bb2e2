// A component instance as the host sees it: its functions by path, and the end of a run.

import { bug } from "edge-runtime-common";
import type { CoreFunction } from "../../engine/component-store.ts";
import { findFunction } from "../exports.ts";
import type { FuncTarget } from "../plan.ts";
import type { ComponentRuntime } from "./component-runtime.ts";
import { enteredInstances } from "./entered-instances.ts";
import type { Handle } from "./handle-table.ts";
import type { LiftedFunction } from "./lifted-function.ts";
import { HostCallableFunction } from "./lifted-function.ts";
import type { TemplateParts } from "./template-parts.ts";

export interface ComponentInstance {
  /**
   * An exported function: `handle` at the root, `wasi:cli/run@0.2.0#run` in an exported instance, where a compatible
   * version will do. Undefined where there is none. Keep it: it stays valid over resets.
   */
  readonly getFunction: (path: string) => LiftedFunction | undefined;
  /** Ends a run: drops the host's resources that the guest still owns. */
  readonly closeHandles: () => void;
  /**
   * Brings handles and call state back to what they were after instantiation. False where that is impossible, then
   * the instance must be discarded: it owned host resources when it was made. Core state is the store's business.
   */
  readonly reset: () => boolean;
}

export class LiveComponent implements ComponentInstance {
  readonly #parts: TemplateParts;
  readonly #runtime: ComponentRuntime;
  readonly #alloc: CoreFunction;
  readonly #restoreHandles: readonly (() => void)[];
  readonly #isRestorable: boolean;

  constructor(parts: TemplateParts, runtime: ComponentRuntime, alloc: CoreFunction) {
    this.#parts = parts;
    this.#runtime = runtime;
    this.#alloc = alloc;
    this.#restoreHandles = runtime.states.map(({ handles }) =>
      handles.save((handle) => runtime.isGuestResource(handle.resource)),
    );
    this.#isRestorable = this.#hostHandles().length === 0;
  }

  readonly getFunction = (path: string): LiftedFunction | undefined => {
    const found = findFunction(this.#parts.plan, path);
    return found === undefined ? undefined : this.#lifted(found.target, found.type);
  };

  readonly closeHandles = (): void => {
    for (const { resource, rep } of this.#hostHandles()) {
      try {
        this.#parts.imports.resources.get(resource)?.drop(rep);
      } catch {
        // The run is over and has its outcome; the others must be dropped all the same.
      }
    }
    for (const restore of this.#restoreHandles) restore();
  };

  readonly reset = (): boolean => {
    if (!this.#isRestorable) return false;
    this.#runtime.resetCalls();
    for (const restore of this.#restoreHandles) restore();
    return true;
  };

  /** Handles that own something of the host's. */
  #hostHandles(): Handle[] {
    const { states } = this.#runtime;
    return states.flatMap(({ handles }) =>
      Array.from(handles.handles()).filter(
        ({ resource, scope }) => scope === undefined && !this.#runtime.isGuestResource(resource),
      ),
    );
  }

  #lifted(target: FuncTarget, typeIndex: number): LiftedFunction {
    const { plan, abis, imports } = this.#parts;
    const runtime = this.#runtime;
    const type = plan.funcTypes[typeIndex] ?? bug(`the plan has no type ${typeIndex}`);
    if (target.kind === "import") {
      const fn = imports.functions[target.index] ?? bug(`the plan has no import ${target.index}`);
      return { type, call: async (args) => runtime.store.callHostAsync(fn, args) };
    }
    const lift = plan.lifts[target.index] ?? bug(`the plan has no lift ${target.index}`);
    const entered = enteredInstances(plan.instances, lift.instance, undefined);
    const abi = abis[typeIndex] ?? bug(`the plan has no type ${typeIndex}`);
    return new HostCallableFunction({ runtime, plan: lift, type, abi, entered, alloc: this.#alloc });
  }
}
