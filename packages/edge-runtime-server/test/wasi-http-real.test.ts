// Guests of wasi:http that other toolchains made, where the folder of conformance data stands beside the checkout.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { FunctionLoadFailed, parseConfigData } from "edge-runtime-common";
import { WasmEngine } from "edge-runtime-core";
import { createLogger, createNodePlatform } from "edge-runtime-host";
import { createServer } from "../src/index.ts";
import type { EdgeServer } from "../src/index.ts";

const FOLDER = fileURLToPath(new URL("../../../../shared/conformance/real/wasmcloud/crates", import.meta.url));
const skip = existsSync(FOLDER) ? false : "../shared/conformance is not there";

function serverOf(source: string): EdgeServer {
  const config = parseConfigData({
    server: { listen: "127.0.0.1:0" },
    functions: [{ name: "real", route: "/", source: join(FOLDER, source), timeout_ms: 10_000 }],
  });
  const engine = new WasmEngine(config.engine, { platform: createNodePlatform() });
  return createServer({ config, engine, logger: createLogger({ destination: { write: () => true } }) });
}

test("real guest: Rust, wasi:http 0.2.0, answers the same each time", { skip }, async (context) => {
  const server = serverOf("wash/tests/fixtures/http_hello_world_rust.wasm");
  context.after(() => server.close());
  const { port } = await server.listen();
  for (let count = 0; count < 3; count += 1) {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    assert.deepEqual([response.status, await response.text()], [200, "Hello from Rust!\n"]);
  }
});

for (const [source, missing] of [
  ["wash-runtime/tests/fixtures/http_counter.wasm", /wasi:blobstore/],
  ["wash/tests/fixtures/inter_component_call_caller.wasm", /wasmcloud:example\/middleware/],
] as const) {
  test(`real guest: ${source} needs what no host here has, and is told so`, { skip }, async (context) => {
    const server = serverOf(source);
    context.after(() => server.close());
    await assert.rejects(server.listen(), (error) => {
      assert.ok(error instanceof FunctionLoadFailed);
      assert.match(error.message, missing);
      return true;
    });
  });
}
