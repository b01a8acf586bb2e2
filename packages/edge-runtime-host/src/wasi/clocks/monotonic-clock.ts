// wasi:clocks/monotonic-clock. Guests see ticks of the granted resolution, and wait for ticks: once a pollable is ready,
// `now` says that its time has come. One origin for all guests of a host, so that an instance whose start functions read
// the clock never sees it go back when a run begins; it tells nothing of how long the host has been up.

import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostInstance, Platform } from "edge-runtime-core";
import { createPollable, pollable } from "../io/io-resources.ts";
import type { Pollable } from "../io/io-resources.ts";
import type { Readiness } from "../readiness.ts";
import { ceilTo, floorTo, monotonicResolution } from "./resolution.ts";

const NS_PER_MS = 1_000_000;
/**
 * What the clock says when the host starts, a day in nanoseconds. Not 0: Go refuses to start at 0, and programs subtract
 * minutes from what they read.
 */
const FIRST_INSTANT = 86_400_000_000_000n;
const MAX_INSTANT = 2n ** 64n - 1n;
/** No run lasts longer, so nobody who waits longer is woken. */
const MAX_WAIT_MS = 3_600_000;

type Timers = Pick<Platform, "now" | "schedule">;

/** Ready from the first tick at or after `when`. Timers may be early; whoever waits looks again. */
function createAlarm(now: () => bigint, when: bigint, schedule: Platform["schedule"]): Readiness {
  return {
    isReady: () => now() >= when,
    onReady: (callback) => {
      const left = when - now();
      return schedule(left > 0n ? Math.min(Math.ceil(Number(left) / NS_PER_MS), MAX_WAIT_MS) : 0, callback);
    },
  };
}

/** `platform` gives the time, in milliseconds, and wakes those who wait. */
export function createMonotonicClock(platform: Timers): HostInstance {
  const startMs = platform.now();
  const exactNow = (): bigint => FIRST_INSTANT + BigInt(Math.floor((platform.now() - startMs) * NS_PER_MS));
  const alarm = (call: HostCall, when: (resolution: bigint) => bigint): Pollable => {
    const resolution = monotonicResolution(call);
    const instant = when(resolution);
    // The guest's own reading decides, so that it never finds the time not come after all.
    return createPollable(createAlarm(() => floorTo(resolution, exactNow()), instant, platform.schedule));
  };
  return hostInstance({
    now: {
      kind: "sync",
      reads: "clock",
      type: wit.func({}, wit.u64),
      call: (call: HostCall) => floorTo(monotonicResolution(call), exactNow()),
    },
    resolution: {
      kind: "sync",
      reads: "nothing",
      type: wit.func({}, wit.u64),
      call: monotonicResolution,
    },
    "subscribe-instant": {
      kind: "sync",
      reads: "nothing",
      type: wit.func({ when: wit.u64 }, wit.own(pollable)),
      call: (call: HostCall, when: bigint) => alarm(call, () => when),
    },
    "subscribe-duration": {
      kind: "sync",
      reads: "clock",
      type: wit.func({ when: wit.u64 }, wit.own(pollable)),
      // From the next tick on: neither by the guest's clock nor by the host's does it take less than asked for.
      call: (call: HostCall, duration: bigint) =>
        alarm(call, (resolution) => earlier(ceilTo(resolution, exactNow()) + duration, MAX_INSTANT)),
    },
  });
}

function earlier(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}
