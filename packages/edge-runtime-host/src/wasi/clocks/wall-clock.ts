// wasi:clocks/wall-clock and timezone. Times before 1970 are not representable: they read as 1970.

import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostInstance, Platform } from "edge-runtime-core";
import { floorTo, wallClockResolution } from "./resolution.ts";

interface Datetime {
  readonly seconds: bigint;
  /** 0 to 999,999,999. */
  readonly nanoseconds: number;
}

const NS_PER_MS = 1_000_000n;
const NS_PER_SECOND = 1_000_000_000n;

export const datetimeType = wit.record({ seconds: wit.u64, nanoseconds: wit.u32 });

/** Nanoseconds, 0 or more, as the record that guests get. */
export function toDatetime(nanoseconds: bigint): Datetime {
  return { seconds: nanoseconds / NS_PER_SECOND, nanoseconds: Number(nanoseconds % NS_PER_SECOND) };
}

/** `wallClock`: milliseconds since 1970-01-01T00:00:00Z. */
export function createWallClock({ wallClock }: Pick<Platform, "wallClock">): HostInstance {
  return hostInstance({
    now: {
      kind: "sync",
      reads: "clock",
      type: wit.func({}, datetimeType),
      call: (call: HostCall) => {
        const nanoseconds = BigInt(Math.max(0, Math.floor(wallClock()))) * NS_PER_MS;
        return toDatetime(floorTo(wallClockResolution(call), nanoseconds));
      },
    },
    resolution: {
      kind: "sync",
      reads: "nothing",
      type: wit.func({}, datetimeType),
      call: (call: HostCall) => toDatetime(wallClockResolution(call)),
    },
  });
}

const displayType = wit.record({
  "utc-offset": wit.s32,
  name: wit.string,
  "in-daylight-saving-time": wit.bool,
});

/** Where the host stands is no guest's business: everywhere is UTC, which the interface allows. */
export const timezoneInterface: HostInstance = hostInstance({
  display: {
    kind: "sync",
    reads: "nothing",
    type: wit.func({ when: datetimeType }, displayType),
    call: () => ({ utcOffset: 0, name: "UTC", inDaylightSavingTime: false }),
  },
  "utc-offset": {
    kind: "sync",
    reads: "nothing",
    type: wit.func({ when: datetimeType }, wit.s32),
    call: () => 0,
  },
});
