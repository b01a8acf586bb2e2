// Stores by hand, for embedders that want the accounts without the runner.

import type { ExecutionConfig } from "edge-runtime-common";
import type { CompiledCore } from "./core-instance.ts";
import type { WasmEngine } from "./engine.ts";
import { runLimits } from "./limits.ts";
import { Store } from "./store.ts";
import { WorkerContext } from "./worker-context.ts";

/** A store for `cores` that no run has started in. */
export function emptyStore(engine: WasmEngine, cores: readonly CompiledCore[]): Store {
  const { platform, trapSource, config, heapBudget } = engine;
  const epoch = config.epochInterruption ? () => engine.epoch : () => Number.NEGATIVE_INFINITY;
  return new Store({ platform, trapSource, epoch, cores, heapBudget, stacks: engine.stackReader(cores) });
}

/** A store whose first run has started: its fuel is full and its deadline counts from now. */
export function createStore(engine: WasmEngine, config: ExecutionConfig, requestId: string): Store {
  const store = emptyStore(engine, []);
  const startedAtMs = engine.platform.wallClock();
  store.startRun(runLimits(engine.config, config), new WorkerContext({ requestId, startedAtMs }));
  return store;
}

/** Fuel units that the store's run may still consume; Infinity with metering off. */
export function getRemainingFuel(store: Store): number {
  return store.meter.remaining;
}

/** Fuel units consumed since `initial` units remained; 0 with metering off. */
export function calculateFuelConsumed(initial: number, store: Store): number {
  const remaining = getRemainingFuel(store);
  return Number.isFinite(initial) && Number.isFinite(remaining) ? Math.max(0, initial - remaining) : 0;
}
