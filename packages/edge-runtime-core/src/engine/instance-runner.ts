// Runs entry points of one module under one set of limits, each run in an instance of its own from the pool.
//
//   start -> acquire (idle, or made new) -> accounts start -> guest runs, may suspend and yield -> result -> release
//
// What the guest does is a result; what the caller did wrong (no such entry, wrong arguments, no instance free) rejects.

import type { ExecutionConfig, GuestFrame, RuntimeError } from "edge-runtime-common";
import {
  bug,
  ExecutionCancelled,
  ExportNotFound,
  InvalidConfig,
  MemoryLimitExceeded,
  SignatureMismatch,
} from "edge-runtime-common";
import type { CoreSignature } from "../instrument/plan.ts";
import type { InstancePool, PooledInstance, PoolStats } from "../pool/instance-pool.ts";
import type { CompiledModule, EntryType } from "./compiled-module.ts";
import type { WasmEngine } from "./engine.ts";
import type { FuelProfile } from "./fuel-profile.ts";
import type { ExecutionResult } from "./execution-result.ts";
import type { Grants } from "./grants.ts";
import type { HostImports } from "./host-functions.ts";
import { createPool, runError } from "./instantiate.ts";
import type { RunLimits } from "./limits.ts";
import { bytesPerMb, runLimits } from "./limits.ts";
import { initialBytes } from "./memory-accounts.ts";
import { covers, wantedMetering } from "./metering.ts";
import type { GuestFunction } from "./program.ts";
import type { Store } from "./store.ts";
import { toRuntimeError } from "./trap.ts";
import type { ExecutionMetrics, WorkerContext } from "./worker-context.ts";

export interface RunnerOptions {
  readonly execution: ExecutionConfig;
  readonly imports: HostImports;
  /** What start functions may use of host services; runs have the grants of their contexts. */
  readonly grants?: Grants;
}

export interface RunOptions {
  readonly context: WorkerContext;
  /** Ends the run when the engine's epoch has advanced this often since its start; default: never. */
  readonly epochsToLive?: number;
  /** Takes in where the run's fuel goes; needs fuel metering, and slows the guest down. */
  readonly profile?: FuelProfile;
}

/** A run under way. */
export interface Run {
  readonly result: Promise<ExecutionResult>;
  /** Ends the run with ExecutionCancelled; nothing happens once it has ended. */
  readonly cancel: (reason: string) => void;
}

export class InstanceRunner {
  readonly module: CompiledModule;
  readonly #engine: WasmEngine;
  readonly #limits: RunLimits;
  readonly #metered: boolean;
  readonly #pool: InstancePool;
  readonly #entryTypes = new Map<string, EntryType>();

  private constructor(engine: WasmEngine, module: CompiledModule, options: RunnerOptions) {
    this.#engine = engine;
    this.module = module;
    this.#limits = runLimits(engine.config, options.execution);
    this.#metered = options.execution.fuelMetering;
    this.#checkMetering(options.execution);
    this.#checkMemory();
    const { contentHash } = module;
    this.#pool = createPool(engine, module.link(options.imports), this.#limits, {
      grants: options.grants,
      onResetFault: (differences) => engine.onResetFault?.({ contentHash, differences }),
    });
  }

  /**
   * Links a module to what the host offers.
   *
   * @throws ImportNotFound; MemoryLimitExceeded where the module needs more memory from the start than a run may have;
   * InvalidConfig where it was compiled without the checks that the limits need.
   */
  static async create(engine: WasmEngine, module: CompiledModule, options: RunnerOptions): Promise<InstanceRunner> {
    return new InstanceRunner(engine, module, options);
  }

  #checkMetering({ fuelMetering }: ExecutionConfig): void {
    const wanted = wantedMetering(this.#engine, fuelMetering);
    const { metering } = this.module;
    if (covers(metering, wanted)) return;
    throw new InvalidConfig(
      `execution.fuel_metering: "${wanted}" metering is needed, the module was compiled with "${metering}"`,
    );
  }

  #checkMemory(): void {
    const needed = this.module.cores.reduce((sum, core) => sum + initialBytes(core.plan), 0);
    if (needed > this.#limits.memoryMb * bytesPerMb) throw new MemoryLimitExceeded(this.#limits.memoryMb);
  }

  /** Has `instances` idle instances ready, as far as the capacity allows. */
  warmUp(instances: number): Promise<void> {
    return this.#pool.prepare(instances);
  }

  stats(): PoolStats {
    return this.#pool.stats;
  }

  /** Drops idle instances; runs under way end as they would. */
  dispose(): void {
    this.#pool.dispose();
  }

  /**
   * Calls `entry`: `handle`, `wasi:cli/run@0.2.0#run`, or an exported function of a core module.
   *
   * @throws ExportNotFound, SignatureMismatch, PoolExhausted as rejections.
   */
  run(entry: string, args: readonly unknown[], options: RunOptions): Promise<ExecutionResult> {
    return this.start(entry, args, options).result;
  }

  /** As `run`, for a run that may have to be cancelled. */
  start(entry: string, args: readonly unknown[], options: RunOptions): Run {
    let store: Store | undefined;
    let cancelled: string | undefined;
    const onStore = (running: Store | undefined): void => {
      store = running;
      if (running !== undefined && cancelled !== undefined) running.abort(new ExecutionCancelled(cancelled));
    };
    return {
      result: this.#execute(entry, args, { ...options, onStore }),
      cancel: (reason) => {
        cancelled ??= reason;
        store?.abort(new ExecutionCancelled(cancelled));
      },
    };
  }

  #checkCall(entry: string, args: readonly unknown[]): void {
    let type = this.#entryTypes.get(entry);
    if (type === undefined) {
      type = this.module.entryType(entry);
      if (type === undefined) throw new ExportNotFound(entry, this.module.entryNames());
      this.#entryTypes.set(entry, type);
    }
    const params = type.kind === "core" ? type.params : type.type.params;
    if (params.length !== args.length) {
      throw new SignatureMismatch(entry, `it takes ${params.length} arguments, ${args.length} were given`);
    }
    if (type.kind === "core") checkCoreValues(entry, type, args);
  }

  async #execute(
    entry: string,
    args: readonly unknown[],
    options: RunOptions & { onStore: (store: Store | undefined) => void },
  ): Promise<ExecutionResult> {
    this.#checkCall(entry, args);
    const startedAt = this.#engine.platform.now();
    let instance = this.#pool.take();
    if (instance === undefined) {
      try {
        instance = await this.#pool.make();
      } catch (error) {
        return this.#failedStart(error, options.context, startedAt);
      }
    }
    const { store, guest } = instance;
    let value: unknown;
    let reason: RuntimeError | undefined;
    let stack: readonly GuestFrame[] = [];
    try {
      const fn = guest.entry(entry) ?? bug(`entry ${entry} has a type and no function`);
      value = await this.#guestCall(store, fn, args, options);
    } catch (error) {
      // The reason stands in the store, which `finish` clears.
      reason = runError(error, store);
      stack = store.guestStack(error);
      store.meter.stop(reason);
    }
    const metrics = this.#finish(instance, options);
    if (reason === undefined) return { kind: "success", value, metrics };
    if (reason instanceof SignatureMismatch) throw reason;
    return { kind: "trap", message: reason.message, code: reason.code, error: reason, stack, metrics };
  }

  #guestCall(
    store: Store,
    fn: GuestFunction,
    args: readonly unknown[],
    options: RunOptions & { onStore: (store: Store | undefined) => void },
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { profile } = options;
      const watch = { onAbort: reject, ...(profile === undefined ? {} : { profile }) };
      store.startRun(this.#limits, options.context, watch);
      if (options.epochsToLive !== undefined) store.meter.setEpochDeadline(this.#engine.epoch + options.epochsToLive);
      options.onStore(store);
      fn(args).then(resolve, reject);
    });
  }

  #finish(
    instance: PooledInstance,
    options: RunOptions & { onStore: (store: Store | undefined) => void },
  ): ExecutionMetrics {
    const { store, guest } = instance;
    options.onStore(undefined);
    try {
      const metrics: ExecutionMetrics = {
        fuelConsumed: this.#metered ? store.meter.consumed : 0,
        memoryUsedBytes: store.memory.usedBytes,
        durationMs: store.meter.elapsedMs,
      };
      options.profile?.end(metrics.fuelConsumed);
      guest.close();
      options.context.finish(metrics);
      return metrics;
    } finally {
      // Whatever went wrong before: the instance's place must not be lost.
      store.endRun();
      this.#pool.release(instance);
    }
  }

  /** Instantiation ended badly: the guest's doing is a result, a full pool is the caller's to handle. */
  #failedStart(error: unknown, context: WorkerContext, startedAt: number): ExecutionResult {
    const known = toRuntimeError(error);
    if (known === undefined || known.code === "ERR_EDGE_POOL_EXHAUSTED") throw error;
    const durationMs = this.#engine.platform.now() - startedAt;
    const metrics: ExecutionMetrics = { fuelConsumed: 0, memoryUsedBytes: 0, durationMs };
    context.finish(metrics);
    const stack = this.#engine.startStacks.get(known) ?? [];
    return { kind: "trap", message: known.message, code: known.code, error: known, stack, metrics };
  }
}

/** JavaScript types of numeric values; references are V8's to judge. */
const numericTypes: ReadonlyMap<string, string> = new Map([
  ["i32", "number"],
  ["f32", "number"],
  ["f64", "number"],
  ["i64", "bigint"],
]);

/** Refuses what the JS API cannot pass, and arguments that it would convert or throw at. */
function checkCoreValues(entry: string, { params, results }: CoreSignature, args: readonly unknown[]): void {
  const foreign = [...params, ...results].find((type) => type === "v128" || type.includes("exn"));
  if (foreign !== undefined) throw new SignatureMismatch(entry, `values of type ${foreign} cannot be passed`);
  for (const [index, type] of params.entries()) {
    const wanted = numericTypes.get(type);
    const given = typeof args[index];
    if (wanted !== undefined && given !== wanted) {
      throw new SignatureMismatch(entry, `argument ${index} is a ${given}; ${type} takes a ${wanted}`);
    }
  }
}
