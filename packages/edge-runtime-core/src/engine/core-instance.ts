// One instantiated core module inside a store. `CoreInstance` is the view by the names of the *original* binary. What
// the rewriter injected (counter, checks, accessors) is reachable only from the engine: a guest or a component's
// `with` arguments that could name the counter would own its meter.

import type { CorePlan, GlobalSlot } from "../instrument/plan.ts";
import type { InjectedMarks } from "./guest-memory.ts";
import { GuestMemory } from "./guest-memory.ts";

export interface CoreInstance {
  /** An export of the original module; undefined where there is none. */
  readonly getExport: (name: string) => WebAssembly.ExportValue | undefined;
}

/** A rewritten core module, compiled by V8 and ready to instantiate any number of times. */
export interface CompiledCore {
  readonly module: WebAssembly.Module;
  readonly plan: CorePlan;
}

type Restore = () => number;
type Action = () => void;

export class CoreModuleInstance implements CoreInstance {
  readonly plan: CorePlan;
  readonly memories: readonly WebAssembly.Memory[];
  /** The same memories with their marks. */
  readonly guestMemories: readonly GuestMemory[];
  readonly tables: readonly WebAssembly.Table[];
  readonly #exports: Readonly<Record<string, WebAssembly.ExportValue>>;
  readonly #names: ReadonlySet<string>;
  readonly #save: Action;
  readonly #restore: Restore;

  constructor(core: CompiledCore, instance: WebAssembly.Instance) {
    this.plan = core.plan;
    this.#exports = instance.exports;
    this.#names = new Set(core.plan.exports.map((entry) => entry.name));
    this.#save = this.#injected("save") as Action;
    this.#restore = this.#injected("restore") as unknown as Restore;
    this.memories = this.#own("memory", core.plan.memories) as WebAssembly.Memory[];
    this.tables = this.#own("table", core.plan.tables) as WebAssembly.Table[];
    this.guestMemories = core.plan.memories.flatMap((plan, index) =>
      plan.imported
        ? []
        : [new GuestMemory(this.#injected(`memory${index}`) as WebAssembly.Memory, plan, this.#marks(index))],
    );
  }

  readonly getExport = (name: string): WebAssembly.ExportValue | undefined =>
    this.#names.has(name) ? this.#exports[name] : undefined;

  #injected(name: string): WebAssembly.ExportValue | undefined {
    return this.#exports[this.plan.prefix + name];
  }

  #own(name: string, plans: readonly { readonly imported: boolean }[]): unknown[] {
    return plans.flatMap((plan, index) => (plan.imported ? [] : [this.#injected(`${name}${index}`)]));
  }

  #marks(memory: number): InjectedMarks | undefined {
    if (!this.plan.marksPages) return undefined;
    const mark = this.#injected(`mark${memory}`) as unknown as InjectedMarks["mark"];
    return { global: this.#injected(`marks${memory}`) as WebAssembly.Global, mark };
  }

  /** The counter of a lone module. */
  get counter(): WebAssembly.Global | undefined {
    return this.#injected("counter") as WebAssembly.Global | undefined;
  }

  /** The words of heap that a lone module has left of its slice; undefined where it allocates nothing. */
  get heap(): WebAssembly.Global | undefined {
    return this.#injected("heap") as WebAssembly.Global | undefined;
  }

  /** The original start function, which the rewriter took out of the start section. */
  get start(): WebAssembly.ExportValue | undefined {
    return this.#injected("start");
  }

  /** A segment was dropped since `save`, which cannot be undone. */
  get isTainted(): boolean {
    return this.#readGlobal("globalWord", 0) !== 0n;
  }

  /**
   * Values of the mutable globals as their bits (a v128 global has two) or references, in the order of the plan's
   * slots; read by other code than that which saves and restores them.
   */
  readGlobals(): unknown[] {
    const next = { globalWord: 1, globalFunc: 0, globalExtern: 0 };
    return this.plan.globalSlots.map(({ reader }) => this.#readGlobal(reader, next[reader]++));
  }

  #readGlobal(reader: GlobalSlot["reader"], slot: number): unknown {
    return (this.#injected(reader) as (slot: number) => unknown)(slot);
  }

  /** Saves globals, and tables where they can be restored. */
  save(withTables: boolean): void {
    this.#save();
    if (withTables && this.plan.tableShadows) (this.#injected("saveTables") as Action)();
  }

  /** Restores what `save` kept; false where something happened that cannot be undone (a segment was dropped). */
  restore(withTables: boolean): boolean {
    if (withTables && this.plan.tableShadows) (this.#injected("restoreTables") as Action)();
    return this.#restore() === 0;
  }
}
