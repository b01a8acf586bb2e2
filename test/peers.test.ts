// The bench against other runtimes: its guests do what they say, its servers end, and what it installs is pinned.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeGuests } from "../bench/peers/guests.ts";
import type { Command } from "../bench/peers/server-process.ts";
import { ServerProcess } from "../bench/peers/server-process.ts";
import { peerServers } from "../bench/peers/servers.ts";

const HELLO = "Hello from WebAssembly text";
const hello = { path: "/", body: HELLO };

/** A command that leaves serving to a process which it starts, as `jco serve` does. */
function indirectServer(port: number, body: string): Command {
  const serve = `require("node:http").createServer((_, r) => r.end(${JSON.stringify(body)})).listen(${port}, "127.0.0.1")`;
  const start = `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(serve)}]).ref()`;
  return [process.execPath, "-e", start];
}

const onUnix = { skip: process.platform === "win32" ? "processes have no groups there" : false };

test("peers: a server ends with all processes that it started", onUnix, async () => {
  const server = await ServerProcess.start((port) => indirectServer(port, HELLO), hello);
  assert.equal((await server.ask("/", 5_000))?.body, HELLO);
  assert.ok((server.residentMb() ?? 0) > 1, "resident memory of the process that serves");
  await server[Symbol.asyncDispose]();
  assert.equal(server.isRunning, false);
  assert.equal(await server.ask("/", 5_000), undefined);
});

test("peers: a server that answers something else is ended and told", onUnix, async () => {
  let port = 0;
  const start = ServerProcess.start((free) => indirectServer((port = free), "Goodbye"), hello);
  await assert.rejects(start, /status 200, "Goodbye"/);
  await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
});

test("peers: a server that cannot start tells what it wrote", async () => {
  const start = ServerProcess.start(() => [process.execPath, "-e", "throw new Error('no such luck')"], hello);
  await assert.rejects(start, /no such luck/);
});

test("peers: guests answer, and trap where they say so", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "edge-peers-test-"));
  context.after(() => rmSync(folder, { recursive: true }));
  await makeGuests(folder);
  const load = (name: string) => new WebAssembly.Module(readFileSync(join(folder, name)));

  const core = new WebAssembly.Instance(load("core.wasm")).exports as unknown as {
    memory: WebAssembly.Memory;
    hello: () => [number, number];
    trap: () => void;
  };
  assert.equal(Buffer.from(core.memory.buffer, ...core.hello()).toString(), HELLO);
  assert.throws(() => core.trap(), WebAssembly.RuntimeError);

  const block = Buffer.alloc(64, 0xff);
  const outputs: bigint[][] = [];
  const extism = new WebAssembly.Instance(load("extism.wasm"), {
    "extism:host/env": {
      alloc: () => 8n,
      store_u64: (at: bigint, value: bigint) => block.writeBigUInt64LE(BigInt.asUintN(64, value), Number(at)),
      store_u8: (at: bigint, value: number) => block.writeUInt8(value, Number(at)),
      output_set: (...output: bigint[]) => outputs.push(output),
    },
  }).exports as unknown as { hello: () => number; trap: () => void };
  assert.equal(extism.hello(), 0);
  assert.deepEqual(outputs, [[8n, 27n]]);
  assert.deepEqual(block.subarray(8, 35).toString(), HELLO);
  assert.ok(
    block.subarray(35).every((byte) => byte === 0xff),
    "nothing is written behind the block",
  );
  assert.throws(() => extism.trap(), WebAssembly.RuntimeError);
});

test("peers: what is installed for them is pinned, comes from no named host, and is no part of the workspace", () => {
  const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as unknown;
  const { dependencies } = read("../bench/peers/package.json") as { dependencies: Record<string, string> };
  const { packages } = read("../bench/peers/package-lock.json") as {
    packages: Record<string, { version?: string; resolved?: string; dependencies?: object }>;
  };
  assert.deepEqual(packages[""]?.dependencies, dependencies);
  assert.deepEqual(
    Object.values(packages).flatMap(({ resolved }) => resolved ?? []),
    [],
  );
  const workspace = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  assert.doesNotMatch(workspace, /bench\/peers/);
  const peers = peerServers.flatMap(({ needs }) => needs ?? []);
  assert.deepEqual([...new Set(peers)].toSorted(), Object.keys(dependencies).toSorted());
  for (const name of peers) {
    assert.match(dependencies[name] ?? "", /^\d+\.\d+\.\d+(-\S+)?$/);
    // The host takes the preview 1 adapters from jco's package; what serves as a peer is the other copy.
    if (name !== "@bytecodealliance/jco") assert.ok(!workspace.includes(`"${name}"`), name);
  }
});
