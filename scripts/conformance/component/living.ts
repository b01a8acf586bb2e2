// One instance of a component in the engine, kept over the actions of a script: metered, with all limits out of the way.
// What is done to it is done again after a reset, and must come to the same, with the same fuel; the reset is verified.

import { isDeepStrictEqual } from "node:util";
import type {
  CompiledModule,
  EntryType,
  FuncType,
  GuestResource,
  HostModule,
  HostImports,
  WasmEngine,
} from "edge-runtime-core";
import { createHostModule, WorkerContext } from "edge-runtime-core";
import type { ComponentPlan, ExternPlan, PooledInstance, RunLimits } from "edge-runtime-core/internal";
import { instantiate, linkComponent, ResetVerifier, runError } from "edge-runtime-core/internal";
import { Trap } from "edge-runtime-common";

const limits: RunLimits = { maxFuel: Number.MAX_SAFE_INTEGER, timeoutMs: 3_600_000, memoryMb: 1 << 20 };

interface Performed {
  readonly line: number;
  readonly field: string;
  readonly args: readonly unknown[];
  readonly value: unknown;
  readonly fuel: number;
}

export interface Compiled {
  readonly module: CompiledModule;
  /** The original. */
  readonly bytes: Uint8Array;
}

/** What came of a reset and of doing everything again. */
export interface Repetition {
  /** Why it was not tried. */
  readonly notRestored: string | undefined;
  readonly repeated: number;
  readonly differences: readonly { readonly line: number; readonly text: string }[];
}

interface LivingOptions {
  readonly module: CompiledModule;
  readonly hostModules: ReadonlyMap<number, HostModule>;
  readonly plan: ComponentPlan | undefined;
}

function exportedNumbers(externs: readonly ExternPlan[]): number[] {
  return externs.flatMap((extern) => {
    if (extern.kind === "instance") return exportedNumbers(extern.items);
    return extern.kind === "exported-module" ? [extern.core] : [];
  });
}

async function exportedModules(
  engine: WasmEngine,
  externs: readonly ExternPlan[],
  cores: readonly Uint8Array[],
): Promise<Map<number, HostModule>> {
  const modules = new Map<number, HostModule>();
  for (const number of new Set(exportedNumbers(externs))) {
    const bytes = cores[number];
    // oxlint-disable-next-line no-await-in-loop
    if (bytes !== undefined) modules.set(number, await createHostModule(engine, bytes));
  }
  return modules;
}

export class Living {
  readonly module: CompiledModule;
  /** What a component exports. */
  readonly exports: readonly ExternPlan[];
  /** Its own core modules that it exports, by number, for others to import. */
  readonly hostModules: ReadonlyMap<number, HostModule>;
  readonly #pooled: PooledInstance;
  readonly #verifier = new ResetVerifier(1);
  readonly #performed: Performed[] = [];
  #isOver = false;
  /** What it does reaches another instance of the script, which is not reset with it. */
  readonly #usesOthers: boolean;
  /** Another instance of the script called it. */
  #isUsed = false;
  /** Calls in progress: an instance may call itself through what it imports. */
  #depth = 0;

  private constructor(
    { module, hostModules, plan }: LivingOptions,
    pooled: PooledInstance,
    others: ReadonlySet<string>,
  ) {
    this.module = module;
    this.hostModules = hostModules;
    this.exports = plan?.exports ?? [];
    this.#usesOthers = plan?.imports.some(({ name }) => others.has(name)) === true;
    this.#pooled = pooled;
    if (pooled.notRestorable === undefined) this.#verifier.capture(pooled);
  }

  /** `others` are the names of the script's instances. Rejects with ImportNotFound where the imports do not fit, and with what ended a start function. */
  static async create(
    engine: WasmEngine,
    compiled: Compiled,
    imports: HostImports,
    others: ReadonlySet<string> = new Set(),
  ): Promise<Living> {
    const { module, bytes } = compiled;
    const pooled = await instantiate(engine, module.link(imports), limits);
    const linked = module.kind === "component" ? linkComponent(bytes) : undefined;
    const hostModules = await exportedModules(engine, linked?.plan.exports ?? [], linked?.coreModules ?? []);
    return new Living({ module, hostModules, plan: linked?.plan }, pooled, others);
  }

  typeOf(field: string): EntryType | undefined {
    return this.module.entryType(field);
  }

  /** The type of a component's function. */
  funcType(field: string): FuncType | undefined {
    const type = this.typeOf(field);
    return type?.kind === "component" ? type.type : undefined;
  }

  /** Calls an export; rejects with the RuntimeError that ended the guest, which is then not to be entered again. */
  async invoke(line: number, field: string, args: readonly unknown[]): Promise<unknown> {
    if (this.#isOver) throw new Trap("cannot enter component instance", "cannot_enter");
    const { value, fuel } = await this.#run(field, args);
    this.#performed.push({ line, field, args, value, fuel });
    return value;
  }

  /** A call by another instance of the script. */
  serve(field: string, args: readonly unknown[]): Promise<unknown> {
    this.#isUsed = true;
    return this.invoke(0, field, args);
  }

  async #run(field: string, args: readonly unknown[]): Promise<{ readonly value: unknown; readonly fuel: number }> {
    const { store, guest } = this.#pooled;
    const entry = guest.entry(field);
    if (entry === undefined) throw new Error(`no export ${field}`);
    this.#enter();
    try {
      const value = await entry(args);
      return { value, fuel: store.meter.consumed };
    } catch (error) {
      this.#isOver = true;
      throw runError(error, store);
    } finally {
      this.#leave();
    }
  }

  #enter(): void {
    if (this.#depth === 0) {
      this.#pooled.store.startRun(limits, new WorkerContext({ requestId: "conformance", startedAtMs: 0 }));
    }
    this.#depth += 1;
  }

  #leave(): void {
    this.#depth -= 1;
    if (this.#depth === 0) this.#pooled.store.endRun();
  }

  /** Resets the instance and does everything once more. */
  async repeat(): Promise<Repetition> {
    const nothing = { repeated: 0, differences: [] };
    if (this.#isOver) return { ...nothing, notRestored: "it trapped" };
    if (this.#isUsed) return { ...nothing, notRestored: "another instance imports it" };
    if (this.#usesOthers) return { ...nothing, notRestored: "it imports another instance" };
    if (this.#pooled.notRestorable !== undefined) return { ...nothing, notRestored: this.#pooled.notRestorable };
    const { guest, store } = this.#pooled;
    guest.close();
    if (!guest.reset() || !store.reset()) return { ...nothing, notRestored: "grew, or dropped a segment" };
    const differences = this.#verifier.differences(this.#pooled).map((text) => ({ line: 0, text: `reset: ${text}` }));
    for (const { line, field, args, value, fuel } of this.#performed) {
      // In the order in which they were done.
      // oxlint-disable-next-line no-await-in-loop
      const again = await this.#run(field, args);
      if (!isDeepStrictEqual(again.value, value)) differences.push({ line, text: "another value after a reset" });
      if (again.fuel !== fuel) differences.push({ line, text: `fuel ${again.fuel} after a reset, ${fuel} before` });
    }
    return { notRestored: undefined, repeated: this.#performed.length, differences };
  }

  /** Drops a resource of this instance that another held. */
  async dispose(resource: GuestResource): Promise<void> {
    if (this.#isOver) return;
    this.#enter();
    await resource.dispose().finally(() => this.#leave());
  }

  end(): void {
    this.#pooled.guest.close();
    this.#pooled.store.dispose();
  }
}
