// A platform of real time, for tests of what only real time shows: yields between guests, deadlines of loops.
// Assert order and outcome with it, never durations.

import type { Platform } from "edge-runtime-core";
import { hmacSha256, parseWat, sha256 } from "./fake-platform.ts";

export function testPlatform(): Platform {
  return {
    now: () => performance.now(),
    wallClock: () => Date.now(),
    yieldToEventLoop: () =>
      new Promise((resolve) => {
        setImmediate(resolve);
      }),
    schedule: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs);
      timer.unref();
      return () => {
        clearTimeout(timer);
      };
    },
    sha256,
    authenticate: (bytes) => hmacSha256("test key", bytes),
    parseWat,
  };
}
