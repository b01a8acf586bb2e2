import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseConfigData } from "edge-runtime-common";
import type { FunctionConfig } from "edge-runtime-common";
import { DIRECTORIES } from "edge-runtime-host";
import { functionGrants } from "../src/function-grants.ts";

function functionWith(directories: readonly unknown[]): FunctionConfig {
  const table = { name: "f", route: "/f", source: "f.wasm", permissions: { directories } };
  const [config] = parseConfigData({ functions: [table] }).functions;
  assert.ok(config);
  return config;
}

const linuxOnly = {
  skip: process.platform === "linux" ? false : "directories can be granted on Linux only",
};

test("function grants: no directory unless configured", async () => {
  assert.deepEqual((await functionGrants(functionWith([]), "/")).get(DIRECTORIES), []);
});

test("function grants: directories count from the configuration's folder", linuxOnly, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "edge-runtime-server-"));
  context.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "data"));
  const config = functionWith([
    { host: "data", guest: "/data", write: true },
    { host: folder, guest: "/all" },
  ]);
  assert.deepEqual((await functionGrants(config, folder)).get(DIRECTORIES), [
    { host: join(folder, "data"), guest: "/data", isWritable: true },
    { host: folder, guest: "/all", isWritable: false },
  ]);
});

test("function grants: a directory that is missing fails the start", linuxOnly, async () => {
  await assert.rejects(functionGrants(functionWith([{ host: "missing", guest: "/" }]), tmpdir()), {
    message: /^I\/O error: directory \/: ENOENT/,
  });
});
