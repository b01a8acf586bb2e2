// Limits of one run, resolved from configuration, and the fixed caps on what one store may hold.

import type { EngineConfig, ExecutionConfig } from "edge-runtime-common";

export const bytesPerMb = 1 << 20;
export const bytesPerPage = 1 << 16;
/** Garbage-collected objects of all guests together, where the platform does not say how much its heap holds. */
export const defaultHeapBytes = 256 * bytesPerMb;

/** Caps over all core instances of one store. They bound what a small binary can make the host allocate. */
export const storeCaps = { instances: 64, memories: 16, tables: 16, tableElements: 1_000_000 } as const;

/**
 * Linear memories that V8 can have at once in a process: each takes 8 GiB of 128 TiB of address space. A 64-bit memory
 * takes two places. Measured: 16,364 to 16,367, and 8,172 to 8,175.
 */
export const v8MemoryPlaces = 16_364;
/** Places that an engine gives out by default: instances that were dropped hold theirs until they are collected. */
export const memoryPlaces = 12_000;

/** Most fuel units between two looks at the clock: 100 ns a unit, the slowest mix of operators, makes 2 ms. */
export const sliceFuel = 20_000;
/** A guest that ran this long without a pause lets the event loop serve others. Milliseconds. */
export const yieldAfterMs = 2;
/** Host calls that took longer than this together make the guest's next check read the clock. Milliseconds. */
export const slowHostCallMs = 0.1;

export interface RunLimits {
  /** Infinity with fuel metering off. */
  readonly maxFuel: number;
  readonly timeoutMs: number;
  /** The lower of `instance_memory_mb` and `max_memory_mb` with pooling on, `max_memory_mb` with it off. */
  readonly memoryMb: number;
}

export function runLimits(engine: EngineConfig, execution: ExecutionConfig): RunLimits {
  const { maxMemoryMb } = execution;
  return {
    maxFuel: execution.fuelMetering ? execution.maxFuel : Number.POSITIVE_INFINITY,
    timeoutMs: execution.timeoutMs,
    memoryMb: engine.poolingAllocator ? Math.min(engine.instanceMemoryMb, maxMemoryMb) : maxMemoryMb,
  };
}
