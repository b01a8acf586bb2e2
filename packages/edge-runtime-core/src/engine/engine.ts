// The engine: what all modules, stores and runs of one process share. V8 itself is ambient; this holds its epoch, the
// limit on live instances, the compile cache, and the ports to the platform.

import type { EngineConfig } from "edge-runtime-common";
import { Capacity } from "./capacity.ts";
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
  #epoch = 0;

  constructor(config: EngineConfig, options: EngineOptions) {
    this.config = config;
    this.platform = options.platform;
    this.cache = config.cacheCompiledModules ? options.cache : undefined;
    this.modules = config.cacheCompiledModules ? new ModuleCache() : undefined;
    this.capacity = new Capacity(config.maxInstances);
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

  /** Advances the epoch by one: runs whose epoch deadline is reached end with ExecutionTimeout at their next check. */
  incrementEpoch(): void {
    this.#epoch += 1;
  }

  get epoch(): number {
    return this.#epoch;
  }
}
