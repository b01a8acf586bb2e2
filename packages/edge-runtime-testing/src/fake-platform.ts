// A platform whose time moves only when a test says so: no test waits, none depends on the machine's speed. Hashes,
// keys and the text format are real, since fakes of them would test nothing.

import { createHash, createHmac } from "node:crypto";
import type { Platform } from "edge-runtime-core";

export interface FakePlatformOptions {
  /** Wall clock at the start, in milliseconds since 1970-01-01T00:00:00Z. Default 1,700,000,000,000. */
  readonly wallClockMs?: number;
  /** Milliseconds that pass at each reading of `now`; with more than 0 a spinning guest meets its deadline. Default 0. */
  readonly msPerReading?: number;
  /** Milliseconds that pass at each yield to the event loop. Default 0. */
  readonly msPerYield?: number;
  /** Key of `authenticate`; other keys are other installations. Default "test key". */
  readonly key?: string;
}

export interface FakePlatform extends Platform {
  /** Moves both clocks by `ms` (0 or more) and calls what was scheduled until then, in the order of its time. */
  readonly advance: (ms: number) => void;
  /** Moves the wall clock alone, back too: as when somebody sets it. */
  readonly shiftWallClock: (ms: number) => void;
  /** Yields so far. */
  readonly yieldCount: () => number;
  /** Scheduled and neither called nor cancelled. */
  readonly pendingTimers: () => number;
}

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export function fakePlatform(options: FakePlatformOptions = {}): FakePlatform {
  const { wallClockMs = 1_700_000_000_000, msPerReading = 0, msPerYield = 0, key = "test key" } = options;
  const timers = new Set<Timer>();
  let nowMs = 0;
  let wallOffsetMs = wallClockMs;
  let yields = 0;

  function advance(ms: number): void {
    const untilMs = nowMs + ms;
    for (let timer = nextTimer(timers, untilMs); timer !== undefined; timer = nextTimer(timers, untilMs)) {
      timers.delete(timer);
      nowMs = Math.max(nowMs, timer.dueMs);
      timer.callback();
    }
    nowMs = Math.max(nowMs, untilMs);
  }

  return {
    advance,
    shiftWallClock: (ms) => {
      wallOffsetMs += ms;
    },
    yieldCount: () => yields,
    pendingTimers: () => timers.size,
    now: () => {
      nowMs += msPerReading;
      return nowMs;
    },
    wallClock: () => wallOffsetMs + nowMs,
    yieldToEventLoop: async () => {
      yields += 1;
      advance(msPerYield);
    },
    schedule: (delayMs, callback) => {
      const timer = { dueMs: nowMs + delayMs, callback };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    sha256,
    authenticate: (bytes) => hmacSha256(key, bytes),
    parseWat,
  };
}

/** The earliest that is due, of equal ones the first scheduled. */
function nextTimer(timers: ReadonlySet<Timer>, untilMs: number): Timer | undefined {
  let next: Timer | undefined;
  for (const timer of timers) {
    if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
  }
  return next;
}

/** 64 lower-case hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** 32 bytes. */
export function hmacSha256(key: string, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac("sha256", key).update(bytes).digest());
}

/** Text format to binary, core module or component, by the official wasm-tools; loading them takes about 100 ms. */
export async function parseWat(text: string): Promise<Uint8Array> {
  const { parse } = await import("@bytecodealliance/jco-transpile/wasm-tools");
  return parse(text);
}
