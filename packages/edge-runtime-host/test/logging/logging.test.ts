import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { InvalidArgument } from "edge-runtime-common";
import { fakePlatform } from "edge-runtime-testing";
import { createHostImports } from "../../src/index.ts";
import { CUT_MARK } from "../../src/logging/log-message.ts";
import { callHost, fakeHostCall } from "../fake-host-call.ts";

const imports = createHostImports({ platform: fakePlatform({ wallClockMs: 1234 }) });
const LEVELS = ["debug", "info", "warn", "error"] as const;
const COMPONENT = "edge:runtime/logging@0.1.0";

function memoryWith(text: string, at: number): Uint8Array {
  const memory = new Uint8Array(65_536).fill(0xee);
  memory.set(new TextEncoder().encode(text), at);
  return memory;
}

describe("component logging", () => {
  for (const level of LEVELS) {
    test(`component logging: ${level} and log(${level}) keep an entry of that level with the time`, () => {
      const call = fakeHostCall();
      assert.equal(callHost(imports, `${COMPONENT}#${level}`, call, "one"), undefined);
      assert.equal(callHost(imports, `${COMPONENT}#log`, call, level, "two"), undefined);
      assert.deepEqual(call.context.logs, [
        { level, message: "one", timestampMs: 1234 },
        { level, message: "two", timestampMs: 1234 },
      ]);
    });
  }

  test("component logging: a message over 8 KiB is cut and marked", () => {
    const call = fakeHostCall();
    callHost(imports, `${COMPONENT}#info`, call, "a".repeat(100_000));
    assert.equal(call.context.logs[0]?.message, "a".repeat(8192) + CUT_MARK);
  });

  test("component logging: without the grant entries are dropped and counted", () => {
    const call = fakeHostCall({ permissions: { loggingEnabled: false } });
    callHost(imports, `${COMPONENT}#error`, call, "secret");
    callHost(imports, `${COMPONENT}#log`, call, "debug", "secret");
    assert.deepEqual(call.context.logs, []);
    assert.equal(call.context.droppedLogs, 2);
  });

  test("component logging: beyond the limits of the run entries are dropped and counted", () => {
    const call = fakeHostCall({ maxLogEntries: 2 });
    for (let n = 0; n < 5; n += 1) callHost(imports, `${COMPONENT}#info`, call, `entry ${n}`);
    assert.equal(call.context.logs.length, 2);
    assert.equal(call.context.droppedLogs, 3);
  });
});

describe("core logging", () => {
  for (const [number, level] of LEVELS.entries()) {
    test(`core logging: level ${number} is ${level}`, () => {
      const call = fakeHostCall({ memory: memoryWith("héllo", 10) });
      assert.equal(callHost(imports, "env#log", call, number, 10, 6), undefined);
      assert.deepEqual(call.context.logs, [{ level, message: "héllo", timestampMs: 1234 }]);
    });
  }

  for (const level of [4, -1, 0x7fffffff, -0x80000000]) {
    test(`core logging: level ${level} is an invalid argument`, () => {
      const call = fakeHostCall({ memory: memoryWith("x", 0) });
      assert.throws(() => callHost(imports, "env#log", call, level, 0, 1), InvalidArgument);
      assert.deepEqual(call.context.logs, []);
    });
  }

  const outside: readonly (readonly [number, number])[] = [
    [65_536, 1],
    [65_535, 2],
    [0, 65_537],
    [-1, 1],
    [-1, 2],
    [1, -1],
    [-1, -1],
    [-0x80000000, -0x80000000],
  ];
  for (const [ptr, len] of outside) {
    test(`core logging: ${len} bytes at ${ptr} are outside of the memory, without wrapping around`, () => {
      const call = fakeHostCall({ memory: memoryWith("x", 0) });
      assert.throws(() => callHost(imports, "env#log", call, 1, ptr, len), InvalidArgument);
    });
  }

  test("core logging: no bytes are within the memory up to its very end", () => {
    const call = fakeHostCall({ memory: memoryWith("x", 0) });
    callHost(imports, "env#log", call, 1, 65_536, 0);
    assert.equal(call.context.logs[0]?.message, "");
  });

  test("core logging: a module without a memory cannot log", () => {
    assert.throws(() => callHost(imports, "env#log", fakeHostCall(), 1, 0, 0), InvalidArgument);
  });

  test("core logging: reads no more than 8 KiB and charges for what it reads", () => {
    const call = fakeHostCall({ memory: memoryWith("a".repeat(60_000), 0) });
    callHost(imports, "env#log", call, 1, 0, 60_000);
    assert.equal(call.context.logs[0]?.message, "a".repeat(8192) + CUT_MARK);
    assert.equal(call.fuelCharged(), 128);
  });

  test("core logging: without the grant nothing is checked, read or charged, only counted", () => {
    const call = fakeHostCall({ permissions: { loggingEnabled: false }, memory: memoryWith("x", 0) });
    callHost(imports, "env#log", call, 1, 0, 1);
    callHost(imports, "env#log", call, 99, -1, -1);
    assert.equal(call.context.droppedLogs, 2);
    assert.equal(call.fuelCharged(), 0);
  });
});
