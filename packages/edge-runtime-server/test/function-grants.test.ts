import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseConfigData } from "edge-runtime-common";
import type { FunctionConfig } from "edge-runtime-common";
import {
  CLOCK_RESOLUTION,
  CONFIG_GRANT,
  createMemoryKeyValueStore,
  DIRECTORIES,
  ENVIRONMENT,
  KEY_VALUE_GRANT,
  socketsGrant,
} from "edge-runtime-host";
import { functionGrants } from "../src/function-grants.ts";

function functionWith(directories: readonly unknown[], more: object = {}): FunctionConfig {
  const table = { name: "f", route: "/f", source: "f.wasm", permissions: { directories, ...more } };
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

test("function grants: an empty environment and clocks of a millisecond unless configured", async () => {
  const grants = await functionGrants(functionWith([]), "/");
  assert.deepEqual(grants.get(ENVIRONMENT), { variables: [], arguments: [] });
  assert.equal(grants.get(CLOCK_RESOLUTION), 1_000_000n);
});

test("function grants: variables and the clocks' resolution as configured", async () => {
  const permissions = { environment: { B: "2", A: "" }, clock_resolution_us: 5 };
  const grants = await functionGrants(functionWith([], permissions), "/");
  assert.deepEqual(grants.get(ENVIRONMENT).variables, [
    ["B", "2"],
    ["A", ""],
  ]);
  assert.equal(grants.get(CLOCK_RESOLUTION), 5000n);
});

test("function grants: sockets reach what the configuration lists, by default nothing", async () => {
  assert.deepEqual((await functionGrants(functionWith([]), "/")).get(socketsGrant), socketsGrant.none);
  const permissions = { network: { allow: ["a.test:1"], allow_private: ["b.test:2"], listen: ["127.0.0.1:3"] } };
  const [config] = parseConfigData({
    functions: [{ name: "f", route: "/f", source: "f.wasm", permissions }],
  }).functions;
  assert.ok(config);
  const { allow, allowPrivate, listen } = (await functionGrants(config, "/")).get(socketsGrant);
  assert.deepEqual(
    [allow, allowPrivate, listen].map((list) => list.map(({ port }) => port)),
    [[1], [2], [3]],
  );
});

const keyValue = createMemoryKeyValueStore({ now: () => 0 });

test("function grants: no bucket and no setting unless configured", async () => {
  const grants = await functionGrants(functionWith([]), "/", keyValue);
  assert.equal(grants.get(KEY_VALUE_GRANT), undefined);
  assert.deepEqual(grants.get(CONFIG_GRANT), new Map());
});

test("function grants: buckets are in a namespace of the function's name, settings are its own", async () => {
  const table = { name: "g", route: "/g", source: "g.wasm", permissions: { key_value: ["a"] }, config: { k: "v" } };
  const [config] = parseConfigData({ functions: [table] }).functions;
  assert.ok(config);
  const grants = await functionGrants(config, "/", keyValue);
  assert.deepEqual(grants.get(KEY_VALUE_GRANT), { store: keyValue, namespace: "g", buckets: ["a"] });
  assert.deepEqual(grants.get(CONFIG_GRANT), new Map([["k", "v"]]));
});
