// The engine: what all modules, stores and runs of one process share. V8 itself is ambient; this holds its epoch, the
// limit on live instances, the compile cache, and the ports to the platform.

import type { EngineConfig, GuestFrame } from "edge-runtime-common";
import type { CapacityStats } from "./capacity.ts";
import { Capacity } from "./capacity.ts";
import type { CompiledCore } from "./core-instance.ts";
import { GuestStackReader } from "./guest-stack.ts";
import { HeapBudget } from "./heap-budget.ts";
import { defaultHeapBytes } from "./limits.ts";
import { ModuleCache } from "./module-cache.ts";
import type { ArtifactCache, Platform } from "./platform.ts";
import type { Proposals } from "./proposals.ts";
import type { TrapSource } from "./trap.ts";
import { createTrapSource } from "./trap.ts";

export interface EngineOptions {
  readonly platform: Platform;
  /** Where artifacts are kept between starts; without it, compiled modules are kept in memory only. */
  readonly cache?: ArtifactCache;
  /** Proposals that are off by default; see `Proposals`. */
  readonly proposals?: Proposals;
  /**
   * Most linear memories of living instances, a 64-bit one counted twice; default 12,000. Engines in threads of one
   * process share V8's 16,364: divide it among them.
   */
  readonly maxMemories?: number;
  /** Hears of a reset that did not restore everything (`verify_resets`); the instance is discarded already. */
  readonly onResetFault?: (fault: ResetFault) => void;
}

/** A reset that left something of the run before. */
export interface ResetFault {
  /** SHA-256 of the original module, hexadecimal. */
  readonly contentHash: string;
  /** What differed, at most 20: `core instance 0: memory 0 page 17`. No data of guests. */
  readonly differences: readonly string[];
}

export class WasmEngine {
  readonly config: EngineConfig;
  readonly platform: Platform;
  readonly cache: ArtifactCache | undefined;
  /** Undefined with `cache_compiled_modules` off. */
  readonly modules: ModuleCache | undefined;
  readonly capacity: Capacity;
  readonly trapSource: TrapSource;
  readonly heapBudget: HeapBudget;
  /** Proposals that modules may use where their own options do not say. */
  readonly proposals: Proposals;
  readonly onResetFault: ((fault: ResetFault) => void) | undefined;
  readonly #stackReaders = new WeakMap<readonly CompiledCore[], GuestStackReader>();
  /** Where start functions were when they ended their instance, by the error that tells it. */
  readonly startStacks = new WeakMap<Error, readonly GuestFrame[]>();
  #epoch = 0;

  constructor(config: EngineConfig, options: EngineOptions) {
    this.config = config;
    this.platform = options.platform;
    this.cache = config.cacheCompiledModules ? options.cache : undefined;
    this.modules = config.cacheCompiledModules ? new ModuleCache() : undefined;
    this.capacity = new Capacity(config.maxInstances, options.maxMemories);
    this.onResetFault = options.onResetFault;
    this.trapSource = createTrapSource();
    this.heapBudget = new HeapBudget(options.platform.guestHeapBytes ?? defaultHeapBytes);
    this.proposals = options.proposals ?? {};
  }

  /** The engine below: V8's WebAssembly JavaScript API. See RATIONALE, "What does inner() give on V8?". */
  inner(): typeof WebAssembly {
    return WebAssembly;
  }

  isPoolingEnabled(): boolean {
    return this.config.poolingAllocator;
  }

  /** How near the process is to its limits on instances and memories. */
  stats(): CapacityStats {
    return this.capacity.stats;
  }

  /** Advances the epoch by one: runs whose epoch deadline is reached end with ExecutionTimeout at their next check. */
  incrementEpoch(): void {
    this.#epoch += 1;
  }

  /** Reads stack traces of rewritten modules; one reader for all stores of a program. */
  stackReader(cores: readonly CompiledCore[]): GuestStackReader {
    const reader = this.#stackReaders.get(cores) ?? new GuestStackReader(cores);
    this.#stackReaders.set(cores, reader);
    return reader;
  }

  get epoch(): number {
    return this.#epoch;
  }
}
