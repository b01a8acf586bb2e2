// The largest guest that there is: SpiderMonkey in a component. It must be served like the smallest.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask } from "./http-client.ts";
import { assertProblem, createWorkspace } from "./serving-process.ts";
import type { LogLine, Serving } from "./serving-process.ts";
import { buildStarlingMonkey } from "./starlingmonkey-guest.ts";

const workspace = createWorkspace();
const servers = new Map<boolean, Serving>();

before(async () => {
  const source = await buildStarlingMonkey();
  const logging = { permissions: { logging: true } };
  for (const pooling_allocator of [true, false]) {
    const serving = await workspace.serve({
      engine: { pooling_allocator, instance_memory_mb: 64 },
      execution: { timeout_ms: 60_000, max_memory_mb: 64 },
      functions: {
        js: { source, ...logging },
        hurried: { source, max_fuel: Number.MAX_SAFE_INTEGER, timeout_ms: 500 },
        large: { source, max_fuel: Number.MAX_SAFE_INTEGER },
      },
    });
    servers.set(pooling_allocator, serving);
  }
});
after(() => workspace.close());

function server(pooling: boolean): Serving {
  return servers.get(pooling) ?? assert.fail("not served");
}

/** `Host` names no port: it must not tell the servers apart. */
async function askJs(serving: Serving, path: string): Promise<readonly [body: string, line: LogLine]> {
  const { headers, body, status } = await ask(serving.origin + path, { headers: { host: "function.test" } });
  assert.equal(status, 200, body);
  return [body, await serving.requestLine(String(headers["x-request-id"]))];
}

test("starlingmonkey: the same request has the same answer, fuel and memory each time, pooled or not", async () => {
  const seen = new Set<string>();
  for (const pooling of [true, false]) {
    for (let round = 0; round < 6; round += 1) {
      const [body, { fuel, memoryBytes, logs }] = await askJs(server(pooling), "/js/a?b");
      seen.add(JSON.stringify({ body, fuel, memoryBytes, logs }));
      await fetch(`${server(pooling).origin}/js/other`, { method: "POST", body: "another request in between" });
    }
  }
  assert.equal(seen.size, 1, [...seen].join("\n"));
  const [only = ""] = seen;
  const { body, fuel, memoryBytes, logs } = JSON.parse(only) as Record<string, unknown>;
  assert.deepEqual(JSON.parse(String(body)), {
    seen: ["/js/a?b"],
    sorted: ["connection", "host"],
    body: "",
    big: "1180591620717411303424",
  });
  assert.ok(Number(fuel) > 100_000 && Number(fuel) <= 10_000_000, String(fuel));
  assert.ok(Number(memoryBytes) > 1 << 20 && Number(memoryBytes) <= 64 << 20, String(memoryBytes));
  assert.equal(logs, 1);
});

const FAILING = [
  ["/js/throw", 500, "ERR_EDGE_FUNCTION_FAILED"],
  ["/js/loop", 503, "ERR_EDGE_FUEL_EXHAUSTED"],
  ["/hurried/loop", 504, "ERR_EDGE_EXECUTION_TIMEOUT"],
  // Refused growth is an exception in JavaScript: the guest itself says that it failed.
  ["/large/hoard", 500, "ERR_EDGE_FUNCTION_FAILED"],
] as const;

for (const [path, status, code] of FAILING) {
  test(`starlingmonkey: ${path} is ${status}, and the next request is not the worse for it`, async () => {
    const serving = server(true);
    const [earlier] = await askJs(serving, "/js");
    await assertProblem(await fetch(serving.origin + path), status, code);
    const [later] = await askJs(serving, "/js");
    assert.equal(later, earlier);
  });
}

test("starlingmonkey: requests at once each find a fresh interpreter", async () => {
  const serving = server(true);
  const paths = Array.from({ length: 20 }, (_, index) => `/js/${index}`);
  const answers = await Promise.all(paths.map((path) => askJs(serving, path)));
  assert.deepEqual(
    answers.map(([body]) => (JSON.parse(body) as Record<string, unknown>)["seen"]),
    paths.map((path) => [path]),
  );
});
