// A component instance as the host sees it: its functions by path, and the end of a run.

import { bug } from "edge-runtime-common";
import { findFunction } from "../exports.ts";
import type { FuncTarget } from "../plan.ts";
import type { ComponentRuntime } from "./component-runtime.ts";
import type { Handle } from "./handle-table.ts";
import type { HostEntry, LiftedFunction } from "./lifted-function.ts";
import type { TemplateParts } from "./template-parts.ts";

export interface ComponentInstance {
  /**
   * An exported function: `handle` at the root, `wasi:cli/run@0.2.0#run` in an exported instance, where a compatible
   * version will do. Undefined where there is none. Keep it: it stays valid over resets.
   */
  readonly getFunction: (path: string) => LiftedFunction | undefined;
  /** Ends a run: drops the host's resources that the guest still owns. */
  readonly closeHandles: () => void;
  /** Why no reset is possible: it owned host resources when it was made. */
  readonly notRestorable: string | undefined;
  /** Handles and call state of each component instance, by a name for people, for comparison after a reset. */
  readonly state: () => ReadonlyMap<string, readonly unknown[]>;
  /**
   * Brings handles and call state back to what they were after instantiation. False where that is impossible, then
   * the instance must be discarded. Core state is the store's business.
   */
  readonly reset: () => boolean;
}

interface LiveComponentOptions {
  readonly parts: TemplateParts;
  readonly runtime: ComponentRuntime;
  /** By index of the plan's lifts. */
  readonly entries: ReadonlyMap<number, HostEntry>;
  readonly adapter: WebAssembly.Instance["exports"];
}

export class LiveComponent implements ComponentInstance {
  readonly #parts: TemplateParts;
  readonly #runtime: ComponentRuntime;
  readonly #entries: ReadonlyMap<number, HostEntry>;
  readonly #adapter: WebAssembly.Instance["exports"];
  readonly #restoreHandles: readonly (() => void)[];
  readonly notRestorable: string | undefined;

  constructor({ parts, runtime, entries, adapter }: LiveComponentOptions) {
    this.#parts = parts;
    this.#runtime = runtime;
    this.#entries = entries;
    this.#adapter = adapter;
    const owns = this.#hostHandles().length > 0;
    this.notRestorable = owns ? "it owns resources of the host since its initialisation" : undefined;
    this.#restoreHandles = runtime.states.map(({ handles }) =>
      handles.save((handle) => runtime.isGuestResource(handle.resource)),
    );
  }

  readonly getFunction = (path: string): LiftedFunction | undefined => {
    const found = findFunction(this.#parts.plan, path);
    return found === undefined ? undefined : this.#lifted(found.target, found.type);
  };

  readonly closeHandles = (): void => {
    if (!this.#runtime.states.some(({ handles }) => handles.isTouched)) return;
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
    if (this.notRestorable !== undefined) return false;
    this.#runtime.resetCalls();
    if (this.#runtime.states.some(({ handles }) => handles.isTouched)) {
      for (const restore of this.#restoreHandles) restore();
    }
    return true;
  };

  readonly state = (): ReadonlyMap<string, readonly unknown[]> => {
    const facts = new Map<string, readonly unknown[]>([["calls in progress", [this.#runtime.callDepth]]]);
    this.#runtime.states.forEach((state, index) => {
      for (const [name, values] of state.facts()) facts.set(`component instance ${index}: ${name}`, values);
    });
    return facts;
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
    const { plan, imports } = this.#parts;
    const { store } = this.#runtime;
    if (target.kind === "lift") return this.#entry(target.index);
    const type = plan.funcTypes[typeIndex] ?? bug(`the plan has no type ${typeIndex}`);
    const fn = imports.functions[target.index] ?? bug(`the plan has no import ${target.index}`);
    return { type, call: async (args) => store.callHostAsync(fn, args) };
  }

  #entry(lift: number): HostEntry {
    const entry = this.#entries.get(lift) ?? bug(`lift ${lift} has no entry`);
    if (entry.isPrepared) return entry;
    const index = this.#parts.plan.trampolines.length + this.#parts.entries.indexOf(lift);
    const fn = this.#adapter[`${index}`] ?? bug(`the adapter module has no entry ${index}`);
    return entry.useFunction(this.#runtime.store.coreFunction(fn));
  }
}
