// How finely guests see time. Coarse unless granted: what a guest measures with a fine clock, such as which lines of a
// cache its neighbours used or how long the host took over a secret, is what timing attacks are made of. A coarse clock
// makes them slower, not impossible: a guest can still count its own steps between two ticks.

import type { Grant, HostCall } from "edge-runtime-core";

/** Nanoseconds, 1 or more, of both clocks; the wall clock is never finer than the host's, 1 ms. */
export const CLOCK_RESOLUTION: Grant<bigint> = { name: "clock resolution", none: 1_000_000n };

/** The host's wall clock counts milliseconds. */
const WALL_CLOCK_RESOLUTION = 1_000_000n;

export function monotonicResolution(call: HostCall): bigint {
  return call.context.grants.get(CLOCK_RESOLUTION);
}

export function wallClockResolution(call: HostCall): bigint {
  const granted = call.context.grants.get(CLOCK_RESOLUTION);
  return granted > WALL_CLOCK_RESOLUTION ? granted : WALL_CLOCK_RESOLUTION;
}

/** The last tick at or before a time of 0 or more. */
export function floorTo(resolution: bigint, time: bigint): bigint {
  return time - (time % resolution);
}

/** The next tick at or after it. */
export function ceilTo(resolution: bigint, time: bigint): bigint {
  return floorTo(resolution, time + resolution - 1n);
}
