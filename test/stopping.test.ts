// A stop by signal: what runs is finished or cancelled and answered, nothing new is taken, and the process ends well.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { SPIN, textHandler } from "./guests.ts";
import { openSocket } from "./http-client.ts";
import { assertProblem, createWorkspace } from "./serving-process.ts";
import type { Serving } from "./serving-process.ts";

const workspace = createWorkspace();
after(() => workspace.close());

/** A server with a run under way that ends after `timeout_ms`. */
async function serveSpinning(timeout_ms: number, shutdown_grace_ms: number): Promise<[Serving, Promise<Response>]> {
  const serving = await workspace.serve({
    server: { shutdown_grace_ms },
    functions: {
      text: { text: textHandler("text") },
      spin: { text: SPIN, max_fuel: Number.MAX_SAFE_INTEGER, timeout_ms, permissions: { logging: true } },
    },
  });
  const answer = fetch(`${serving.origin}/spin`);
  await serving.logged((line) => "guest" in line);
  return [serving, answer];
}

async function isRefused(serving: Serving): Promise<boolean> {
  try {
    (await openSocket(serving.port)).destroy();
    return false;
  } catch {
    return true;
  }
}

test("stopping: SIGTERM lets a run come to its own end within the grace, and takes nothing new", async () => {
  const [serving, answer] = await serveSpinning(2500, 60_000);
  const ended = serving.stop();
  const response = await answer;
  assert.equal(response.headers.get("connection"), "close");
  await assertProblem(response, 504, "ERR_EDGE_EXECUTION_TIMEOUT");
  assert.equal((await ended).code, 0);
  assert.ok(await isRefused(serving));
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`stopping: a run that outlasts the grace after ${signal} is cancelled and its client told`, async () => {
    const [serving, answer] = await serveSpinning(600_000, 1);
    const ended = serving.stop(signal);
    await assertProblem(await answer, 503, "ERR_EDGE_EXECUTION_CANCELLED");
    const { code } = await ended;
    assert.equal(code, 0);
    assert.equal(serving.log().at(-1)?.["msg"], "stopped");
  });
}

test("stopping: idle and silent connections do not hold the stop up", async () => {
  const serving = await workspace.serve({
    server: { shutdown_grace_ms: 600_000, keep_alive_timeout_ms: 600_000 },
    functions: { text: { text: textHandler("text") } },
  });
  assert.equal(await (await fetch(`${serving.origin}/text`)).text(), "text", "its connection is kept");
  const silent = await openSocket(serving.port);
  const { code } = await serving.stop();
  assert.equal(code, 0);
  silent.destroy();
});
