// Linked instances in one store of the engine, as the core instances of a component are, with a snapshot once their
// state is complete. What is done to them afterwards can be done again:
//
//   reset -> the state is the snapshot's -> the actions once more -> same answers, fuel and final state -> reset -> ...
//
// States are compared twice: here, through exports that were added to the modules, and by the engine's own verification.

import type { Store, WasmEngine } from "edge-runtime-core";
import { WorkerContext } from "edge-runtime-core";
import type { CompiledCore, CorePlan, Guest, RunLimits } from "edge-runtime-core/internal";
import { emptyStore, ProgramImages, ResetVerifier, rewriteModule } from "edge-runtime-core/internal";
import { exposeState } from "../../wasm/expose-state.ts";
import type { GlobalBits } from "../../wasm/global-bits.ts";
import type { Exposure, State } from "../../wasm/state.ts";
import { captureState, memoryBytes, stateDifferences } from "../../wasm/state.ts";
import type { LinkGroup } from "./link-groups.ts";
import type { Outcome } from "./outcome.ts";
import { printOutcome } from "./outcome.ts";
import type { Exports, Perform } from "./way.ts";

const limits: RunLimits = { maxFuel: Number.MAX_SAFE_INTEGER, timeoutMs: 3_600_000, memoryMb: 1 << 20 };
/** Larger states are not copied and compared: that would take seconds for a few assertions. */
const maxComparedBytes = 64 << 20;

interface Performed {
  readonly at: number;
  readonly perform: Perform;
  readonly text: string;
  readonly fuel: number;
}

/** What came of resetting a group. */
export interface Verification {
  /** Why the group was not reset; undefined where it was. */
  readonly notRestored: string | undefined;
  readonly replayed: number;
  readonly differences: readonly { readonly at: number; readonly text: string }[];
}

function coreImports(plan: CorePlan, imports: WebAssembly.Imports): Map<string, Map<string, WebAssembly.ImportValue>> {
  const modules = new Map<string, Map<string, WebAssembly.ImportValue>>();
  for (const { module, name } of plan.imports) {
    const items = modules.get(module) ?? new Map<string, WebAssembly.ImportValue>();
    const value = imports[module]?.[name];
    if (value !== undefined) modules.set(module, items.set(name, value));
  }
  return modules;
}

/** Instances that are called directly: nothing beside the store is to be reset. */
const guest: Guest = {
  entry: () => undefined,
  close: () => {},
  notRestorable: undefined,
  reset: () => true,
  state: () => new Map(),
};

export class PooledGroup {
  readonly #group: LinkGroup;
  readonly #cores: CompiledCore[] = [];
  readonly #store: Store;
  readonly #bits: GlobalBits;
  readonly #exposures: Exposure[] = [];
  readonly #performed: Performed[] = [];
  readonly #verifier = new ResetVerifier(1);
  /** Stores mark the pages that they write to. A memory of the host has no marks. */
  readonly #marksPages: boolean;
  #snapshot: readonly State[] | undefined;
  #notRestored: string | undefined;

  constructor(group: LinkGroup, options: { engine: WasmEngine; bits: GlobalBits; marksPages: boolean }) {
    const { engine, bits, marksPages } = options;
    this.#group = group;
    this.#marksPages = marksPages && !group.usesHostState;
    this.#store = emptyStore(engine, this.#cores);
    this.#bits = bits;
  }

  async instantiate(original: Uint8Array, imports: WebAssembly.Imports, at: number): Promise<Exports> {
    const exposed = exposeState(original);
    const options = { metering: "fuel", counter: "imported", marksPages: this.#marksPages } as const;
    const { bytes, plan } = rewriteModule(exposed.bytes, options);
    this.#notRestored ??= plan.notRestorable;
    const index = this.#cores.push({ module: new WebAssembly.Module(bytes), plan }) - 1;
    const exports = Object.create(null) as Record<string, WebAssembly.ExportValue>;
    this.#startRun();
    try {
      await this.#store.instantiateCore(index, coreImports(plan, imports));
      return exports;
    } finally {
      this.#store.endRun();
      this.#expose(index, exports, exposed);
      if (at === this.#group.lastLink) this.#takeSnapshot();
    }
  }

  /** An instance whose start function trapped is there all the same: others may hold its functions. */
  #expose(index: number, exports: Record<string, WebAssembly.ExportValue>, exposed: Omit<Exposure, "exports">): void {
    const plan = this.#cores[index]?.plan;
    const instance = this.#store.instances.findLast((item) => item.plan === plan);
    if (plan === undefined || instance === undefined) return;
    for (const { name } of plan.exports) {
      const item = instance.getExport(name);
      if (item !== undefined) exports[name] = item;
    }
    const { state, globalTypes } = exposed;
    this.#exposures.push({ exports, state, globalTypes });
  }

  /** The group is not reset, for a reason that stands outside it. */
  giveUp(reason: string): void {
    this.#notRestored = reason;
    this.#snapshot = undefined;
  }

  #startRun(): void {
    this.#store.startRun(limits, new WorkerContext({ requestId: "conformance", startedAtMs: 0 }));
  }

  #takeSnapshot(): void {
    if (this.#group.usesHostState) this.#notRestored ??= "imports a memory or table of the host";
    const size = this.#exposures.reduce((sum, exposure) => sum + memoryBytes(exposure), 0);
    if (size > maxComparedBytes) this.#notRestored ??= `state over ${maxComparedBytes >> 20} MiB`;
    if (this.#notRestored !== undefined) return;
    this.#notRestored = this.#store.snapshot(new ProgramImages());
    if (this.#notRestored !== undefined) return;
    this.#verifier.capture({ store: this.#store, guest });
    this.#snapshot = this.#capture();
  }

  #capture(): State[] {
    return this.#exposures.map((exposure) => captureState(exposure, this.#bits));
  }

  async act(at: number, perform: Perform): Promise<Outcome> {
    const { outcome, fuel } = await this.#run(perform);
    if (this.#snapshot !== undefined) this.#performed.push({ at, perform, text: printOutcome(outcome), fuel });
    return outcome;
  }

  async #run(perform: Perform): Promise<{ readonly outcome: Outcome; readonly fuel: number }> {
    this.#startRun();
    const outcome = await perform();
    const fuel = this.#store.meter.consumed;
    this.#store.endRun();
    return { outcome, fuel };
  }

  /** Fuel of each action since the snapshot. */
  get fuel(): readonly number[] {
    return this.#performed.map(({ fuel }) => fuel);
  }

  /** Resets and repeats what was done since the snapshot. */
  async verify(): Promise<Verification> {
    const snapshot = this.#snapshot;
    const nothing = { replayed: 0, differences: [] };
    if (snapshot === undefined) return { ...nothing, notRestored: this.#notRestored ?? "never complete" };
    const final = this.#capture();
    if (!this.#store.reset()) return { ...nothing, notRestored: "grew, or dropped a segment" };
    const last = this.#performed.at(-1)?.at ?? this.#group.lastLink;
    const same = (what: string, before: readonly State[], after: readonly State[]): { at: number; text: string }[] =>
      before.flatMap((state, index) =>
        stateDifferences(state, after[index] ?? new Map()).map((text) => ({ at: last, text: `${what}: ${text}` })),
      );
    const reset = (what: string): { at: number; text: string }[] => [
      ...same(what, snapshot, this.#capture()),
      ...this.#verifier
        .differences({ store: this.#store, guest })
        .map((text) => ({ at: last, text: `${what}, verified: ${text}` })),
    ];
    const differences = reset("state after reset");
    for (const performed of this.#performed) {
      // In the order in which they were done.
      // oxlint-disable-next-line no-await-in-loop
      differences.push(...(await this.#repeat(performed)));
    }
    // How far recursion comes before the stack is exhausted varies, and with it what it leaves behind.
    const exhausted = this.#performed.some(({ text }) => text === "exhausted");
    if (!exhausted) differences.push(...same("state after the second run", final, this.#capture()));
    // A part of it ahead, as where the pool has time.
    this.#store.resetAhead(1);
    if (this.#store.reset()) differences.push(...reset("state after the second reset"));
    else differences.push({ at: last, text: "the second reset failed" });
    return { notRestored: undefined, replayed: this.#performed.length, differences };
  }

  async #repeat({ at, perform, text, fuel }: Performed): Promise<{ at: number; text: string }[]> {
    const again = await this.#run(perform);
    const repeated = printOutcome(again.outcome);
    if (repeated !== text) return [{ at, text: `after reset: ${repeated}, before: ${text}` }];
    // What a trap consumed depends on the last check before it, which may have been one for time.
    if (text === "exhausted" || text.startsWith("trap") || again.fuel === fuel) return [];
    return [{ at, text: `after reset: fuel ${again.fuel}, before: ${fuel}` }];
  }
}
