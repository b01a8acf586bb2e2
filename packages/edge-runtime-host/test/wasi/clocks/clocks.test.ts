import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Grants } from "edge-runtime-core";
import { fakePlatform } from "edge-runtime-testing";
import type { FakePlatform } from "edge-runtime-testing";
import { CLOCK_RESOLUTION, createHostImports } from "../../../src/index.ts";
import { whenAnyReady } from "../../../src/wasi/readiness.ts";
import type { Pollable } from "../../../src/wasi/io/io-resources.ts";
import { callHost, fakeHostCall } from "../../fake-host-call.ts";

const DAY = 86_400_000_000_000n;
const MS = 1_000_000n;

/** Functions of the clocks as a guest sees them; `resolution` in nanoseconds. */
function clocks(platform: FakePlatform = fakePlatform(), resolution?: bigint) {
  const imports = createHostImports({ platform });
  const grants = resolution === undefined ? Grants.none : Grants.none.with(CLOCK_RESOLUTION, resolution);
  const call = fakeHostCall({ grants });
  const monotonic = (name: string, ...args: readonly unknown[]): unknown =>
    callHost(imports, `wasi:clocks/monotonic-clock@0.2.12#${name}`, call, ...args);
  return {
    platform,
    now: () => monotonic("now") as bigint,
    resolution: () => monotonic("resolution") as bigint,
    instant: (when: bigint) => (monotonic("subscribe-instant", when) as Pollable).readiness,
    duration: (when: bigint) => (monotonic("subscribe-duration", when) as Pollable).readiness,
    wall: (name: string) => callHost(imports, `wasi:clocks/wall-clock@0.2.12#${name}`, call),
    timezone: (name: string, when: unknown) => callHost(imports, `wasi:clocks/timezone@0.2.12#${name}`, call, when),
  };
}

describe("monotonic-clock", () => {
  test("monotonic-clock: begins a day after zero, whatever the host's clock says", () => {
    const platform = fakePlatform();
    platform.advance(123_456);
    assert.equal(clocks(platform).now(), DAY);
  });

  test("monotonic-clock: ticks each millisecond unless a finer resolution is granted", () => {
    const { platform, now, resolution } = clocks();
    platform.advance(1.999_999);
    assert.equal(now(), DAY + MS);
    assert.equal(resolution(), MS);
  });

  test("monotonic-clock: ticks at the granted resolution", () => {
    const { platform, now, resolution } = clocks(fakePlatform(), 250n);
    platform.advance(0.000_777);
    assert.equal(now(), DAY + 750n);
    assert.equal(resolution(), 250n);
  });

  test("monotonic-clock: an instant is ready from its tick on, by the guest's own reading", () => {
    const { platform, now, instant } = clocks();
    const alarm = instant(DAY + MS + 1n);
    platform.advance(1.5);
    assert.equal(alarm.isReady(), false);
    platform.advance(0.5);
    assert.equal(alarm.isReady(), true);
    assert.ok(now() >= DAY + MS + 1n);
  });

  test("monotonic-clock: an instant of the past is ready at once", () => {
    assert.equal(clocks().instant(0n).isReady(), true);
  });

  test("monotonic-clock: a duration takes no less by the host's clock than asked for", () => {
    const { platform, duration } = clocks();
    platform.advance(0.9);
    const alarm = duration(MS);
    platform.advance(0.9);
    assert.equal(alarm.isReady(), false, "less than a millisecond has passed");
    platform.advance(1);
    assert.equal(alarm.isReady(), true);
  });

  test("monotonic-clock: a duration past the end of time is never ready", () => {
    const { platform, duration } = clocks();
    const alarm = duration(2n ** 64n - 1n);
    platform.advance(1e12);
    assert.equal(alarm.isReady(), false);
  });

  test("monotonic-clock: waiting takes one timer, and none once the time has come", async () => {
    const { platform, duration } = clocks();
    const waiting = whenAnyReady([duration(10n * MS)]);
    assert.equal(platform.pendingTimers(), 1);
    platform.advance(5);
    assert.equal(platform.pendingTimers(), 1);
    platform.advance(5);
    await waiting;
    assert.equal(platform.pendingTimers(), 0);
  });

  test("monotonic-clock: who is woken too early waits for the rest", async () => {
    const platform = fakePlatform();
    // As a timer that fires early, which Node's may.
    const early = { ...platform, schedule: (ms: number, wake: () => void) => platform.schedule(ms / 2, wake) };
    const { duration } = clocks(early);
    let woken = false;
    const waiting = whenAnyReady([duration(8n * MS)])?.then(() => {
      woken = true;
    });
    platform.advance(7.9);
    await Promise.resolve();
    assert.equal(woken, false);
    platform.advance(8);
    await waiting;
    assert.equal(woken, true);
  });

  test("monotonic-clock: a wait that is given up leaves no timer", () => {
    const { platform, duration } = clocks();
    duration(10n * MS).onReady(() => assert.fail("called back"))();
    assert.equal(platform.pendingTimers(), 0);
  });
});

describe("wall-clock", () => {
  test("wall-clock: gives seconds and nanoseconds since 1970", () => {
    const { wall } = clocks(fakePlatform({ wallClockMs: 1_700_000_000_123.9 }));
    assert.deepEqual(wall("now"), { seconds: 1_700_000_000n, nanoseconds: 123_000_000 });
  });

  test("wall-clock: times before 1970 read as 1970", () => {
    assert.deepEqual(clocks(fakePlatform({ wallClockMs: -5 })).wall("now"), { seconds: 0n, nanoseconds: 0 });
  });

  for (const [granted, nanoseconds] of [
    [1n, 1_000_000],
    [1_500_000_000n, 500_000_000],
  ] as const) {
    test(`wall-clock: with a resolution of ${granted} ns says what it can`, () => {
      const seconds = BigInt(Math.floor(Number(granted) / 1e9));
      assert.deepEqual(clocks(fakePlatform(), granted).wall("resolution"), { seconds, nanoseconds });
    });
  }

  test("wall-clock: is as coarse as granted", () => {
    const { wall } = clocks(fakePlatform({ wallClockMs: 7_999 }), 2_000_000_000n);
    assert.deepEqual(wall("now"), { seconds: 6n, nanoseconds: 0 });
  });

  test("timezone: is UTC everywhere", () => {
    const { timezone } = clocks();
    const when = { seconds: 0n, nanoseconds: 0 };
    assert.deepEqual(timezone("display", when), { utcOffset: 0, name: "UTC", inDaylightSavingTime: false });
    assert.equal(timezone("utc-offset", when), 0);
  });
});
