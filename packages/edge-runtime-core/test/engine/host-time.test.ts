// Time that host functions take: however it is split over calls, the guest meets its deadline and its neighbours run.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakePlatform } from "edge-runtime-testing";
import type { HostFunction, HostImports } from "../../src/index.ts";
import { hostInstance } from "../../src/index.ts";
import { createRunner, errorOf, run } from "../support/runs.ts";

const looping = `(module (import "env" "host" (func $host)) (func (export "f") loop call $host br 0 end))`;

function importing(host: HostFunction): HostImports {
  return new Map([["env", hostInstance({ host })]]);
}

test("host time: many short host calls are as long as one", async () => {
  const platform = fakePlatform();
  let calls = 0;
  const call = (): void => {
    calls += 1;
    platform.advance(0.09);
  };
  const imports = importing({ kind: "sync", call });
  const runner = await createRunner(looping, { imports, platform, execution: { maxFuel: 1e12, timeoutMs: 9 } });
  assert.equal(errorOf(await run(runner, "f")).code, "ERR_EDGE_EXECUTION_TIMEOUT");
  assert.ok(calls <= 102, `${calls} calls in 100 calls' time`);
});

test("host time: promises that are settled already do not pass for a pause", async () => {
  const platform = fakePlatform();
  const call = async (): Promise<void> => platform.advance(1);
  const imports = importing({ kind: "async", call });
  const runner = await createRunner(looping, { imports, platform, execution: { maxFuel: 1e12, timeoutMs: 100 } });
  assert.equal(errorOf(await run(runner, "f")).code, "ERR_EDGE_EXECUTION_TIMEOUT");
  assert.ok(platform.yieldCount() >= 40, `${platform.yieldCount()} yields in 100 ms`);
});
