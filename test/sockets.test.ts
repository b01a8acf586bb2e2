// A guest that a toolchain made talks to servers over TCP: what it may reach, and what becomes of its connections.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { TestContext } from "node:test";
import { defaultConfig } from "edge-runtime-common";
import { CompiledModule, Grants, InstanceRunner, WasmEngine, WorkerContext } from "edge-runtime-core";
import { createHostImports, createNodePlatform, networkGrant, socketsGrant } from "edge-runtime-host";
import type { Network, NetworkGrant } from "edge-runtime-host";
import { runMain } from "../packages/edge-runtime-cli/test/captured-terminal.ts";
import { createRecordingNetwork } from "../packages/edge-runtime-host/test/network/recording-network.ts";
import { buildSocketsGuest } from "./sockets-guest.ts";

let guest: Uint8Array;
let folder: string;
before(async () => {
  guest = await buildSocketsGuest();
  folder = mkdtempSync(join(tmpdir(), "edge-sockets-"));
  writeFileSync(join(folder, "guest.wasm"), guest);
});
after(() => rmSync(folder, { recursive: true }));

async function serve(t: TestContext, onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    t.after(() => socket.destroy());
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

const echo = (socket: Socket): void => void socket.pipe(socket);

interface Setting {
  readonly grant?: NetworkGrant;
  readonly network?: Network;
  readonly timeoutMs?: number;
}

async function createRunner(t: TestContext, { grant, network, timeoutMs = 60_000 }: Setting) {
  const { engine: config, execution } = defaultConfig();
  const platform = createNodePlatform();
  const engine = new WasmEngine(config, { platform });
  const module = await CompiledModule.fromComponentBytes(engine, guest);
  const imports = createHostImports({ platform, ...(network && { network }) });
  const limits = { ...execution, timeoutMs, maxFuel: Number.MAX_SAFE_INTEGER };
  const runner = await InstanceRunner.create(engine, module, { execution: limits, imports });
  t.after(() => runner.dispose());
  const grants = grant === undefined ? Grants.none : Grants.none.with(socketsGrant, grant);
  return (...args: readonly unknown[]) => {
    const context = new WorkerContext({ requestId: "r", startedAtMs: 0, grants });
    return runner.start("echo", args, { context });
  };
}

async function answerOf(run: ReturnType<Awaited<ReturnType<typeof createRunner>>>): Promise<unknown> {
  const result = await run.result;
  return result.kind === "success" ? result.value : result.error.code;
}

describe("sockets", () => {
  test("sockets: a guest reaches what it was granted, many at a time", async (t) => {
    const port = await serve(t, echo);
    const start = await createRunner(t, { grant: networkGrant({ allowPrivate: [`127.0.0.1:${port}`] }) });
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
    const answers = await Promise.all(texts.map((text) => answerOf(start("127.0.0.1", port, text))));
    assert.deepEqual(answers, texts);
  });

  test("sockets: a guest without a grant reaches nothing", async (t) => {
    const network = createRecordingNetwork();
    const start = await createRunner(t, { network });
    for (const name of ["example.com", "127.0.0.1", "169.254.169.254", "8.8.8.8", "localhost"]) {
      assert.equal(await answerOf(start(name, 80, "hello")), 'failed: "access-denied"', name);
    }
    assert.deepEqual(network.attempts, []);
  });

  test("sockets: a name that resolves into the private network is not connected to", async (t) => {
    const names = { "api.test": [["8.8.8.8"], ["127.0.0.1"]] };
    const port = await serve(t, echo);
    const network = createRecordingNetwork({ names, portFor: () => port });
    const start = await createRunner(t, { network, grant: networkGrant({ allow: ["api.test:443"] }) });
    assert.equal(await answerOf(start("api.test", 443, "hello")), "hello");
    assert.equal(await answerOf(start("api.test", 443, "hello")), 'failed: "access-denied"');
    assert.deepEqual(network.attempts, ["resolve api.test", "connect 8.8.8.8 443", "resolve api.test"]);
  });

  test("sockets: the deadline ends a guest that waits for its peer, and its connection", async (t) => {
    const closed: Promise<unknown>[] = [];
    const port = await serve(t, (socket) => {
      socket.resume();
      // Without an end: it goes on until the other side is gone.
      const timer = setInterval(() => socket.write("more"), 10);
      closed.push(new Promise((resolve) => socket.on("close", resolve)).finally(() => clearInterval(timer)));
    });
    const start = await createRunner(t, { timeoutMs: 500, grant: networkGrant({ allowPrivate: ["127.0.0.1:*"] }) });
    assert.equal(await answerOf(start("127.0.0.1", port, "hello")), "ERR_EDGE_EXECUTION_TIMEOUT");
    await Promise.all(closed);
    assert.equal(closed.length, 1);
  });

  test("sockets: a run that is cancelled while it connects gives the attempt up", async (t) => {
    const { promise: connecting, resolve } = Promise.withResolvers<AbortSignal>();
    const network = createRecordingNetwork({
      beforeConnect: async (_target, signal) => {
        resolve(signal);
        await once(signal, "abort");
        signal.throwIfAborted();
      },
    });
    const start = await createRunner(t, { network, grant: networkGrant({ allow: ["8.8.8.8:443"] }) });
    const run = start("8.8.8.8", 443, "hello");
    const signal = await connecting;
    assert.equal(signal.aborted, false);
    run.cancel("the client went away");
    assert.equal(await answerOf(run), "ERR_EDGE_EXECUTION_CANCELLED");
    assert.equal(signal.aborted, true);
  });

  test("sockets: run --allow-net opens a host and port, and no other", async (t) => {
    const port = await serve(t, echo);
    const file = join(folder, "guest.wasm");
    const runWith = (...flags: readonly string[]) =>
      runMain("run", file, "--timeout-ms", "60000", ...flags, "--invoke", `echo("127.0.0.1", ${port}, "hello")`);
    assert.deepEqual(await runWith("--allow-net", "a.test:1", "--allow-net", `127.0.0.1:${port}`), {
      exitCode: 0,
      stdout: '"hello"\n',
      stderr: "",
    });
    for (const flags of [[], ["--allow-net", "*:*"], ["--allow-net", `127.0.0.2:${port}`]]) {
      assert.equal((await runWith(...flags)).stdout, '"failed: \\"access-denied\\""\n');
    }
    const { exitCode, stderr } = await runWith("--allow-net", "localhost");
    assert.equal(exitCode, 2);
    assert.match(stderr, /--allow-net: expected a host and port as in localhost:8080, got "localhost"/);
  });
});
