import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fakePlatform, testPlatform } from "edge-runtime-testing";

describe("fake platform", () => {
  test("fake platform: time stands still until it is moved", () => {
    const platform = fakePlatform();
    assert.equal(platform.now(), 0);
    assert.equal(platform.now(), 0);
    platform.advance(5);
    assert.equal(platform.now(), 5);
    assert.equal(platform.wallClock(), 1_700_000_000_005);
  });

  test("fake platform: the wall clock can go back while the monotonic clock does not", () => {
    const platform = fakePlatform({ wallClockMs: 1000 });
    platform.shiftWallClock(-600);
    assert.equal(platform.wallClock(), 400);
    assert.equal(platform.now(), 0);
  });

  test("fake platform: readings and yields take the time they are given", async () => {
    const platform = fakePlatform({ msPerReading: 2, msPerYield: 10 });
    assert.equal(platform.now(), 2);
    await platform.yieldToEventLoop();
    assert.equal(platform.yieldCount(), 1);
    assert.equal(platform.now(), 14);
  });

  test("fake platform: timers fire in the order of their time, also those that timers schedule", () => {
    const platform = fakePlatform();
    const calls: string[] = [];
    platform.schedule(20, () => calls.push("late"));
    platform.schedule(10, () => {
      calls.push(`early at ${platform.now()}`);
      platform.schedule(5, () => calls.push("nested"));
    });
    const cancel = platform.schedule(1, () => calls.push("cancelled"));
    cancel();
    assert.equal(platform.pendingTimers(), 2);
    platform.advance(19);
    assert.deepEqual(calls, ["early at 10", "nested"]);
    platform.advance(1);
    assert.deepEqual(calls, ["early at 10", "nested", "late"]);
    assert.equal(platform.pendingTimers(), 0);
  });

  test("fake platform: other keys authenticate differently", () => {
    const bytes = new Uint8Array([1]);
    const mine = fakePlatform().authenticate(bytes);
    assert.equal(mine.length, 32);
    assert.deepEqual(mine, testPlatform().authenticate(bytes));
    assert.notDeepEqual(mine, fakePlatform({ key: "other" }).authenticate(bytes));
  });

  test("fake platform: hashes and parses as the real one", async () => {
    const platform = fakePlatform();
    const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
    assert.deepEqual(await platform.parseWat("(module)"), empty);
    assert.equal(platform.sha256(empty), testPlatform().sha256(empty));
    assert.match(platform.sha256(empty), /^[0-9a-f]{64}$/);
    await assert.rejects(platform.parseWat("(module (x))"), /line: 0, col: 9/);
  });
});

describe("test platform", () => {
  test("test platform: yields let a timer run, and a cancelled one does not", async () => {
    const platform = testPlatform();
    const calls: string[] = [];
    platform.schedule(0, () => calls.push("cancelled"))();
    const fired = new Promise<void>((resolve) => {
      platform.schedule(0, resolve);
    });
    await platform.yieldToEventLoop();
    const keepAlive = setTimeout(() => calls.push("never"), 60_000);
    await fired;
    clearTimeout(keepAlive);
    assert.deepEqual(calls, []);
  });
});
