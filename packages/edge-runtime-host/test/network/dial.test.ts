import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import { dial } from "../../src/network/dial.ts";
import { mayReach, networkGrant } from "../../src/network/network-grant.ts";
import type { NetworkGrant } from "../../src/network/network-grant.ts";
import { NetworkFailure } from "../../src/network/network-failure.ts";
import { createRecordingNetwork } from "./recording-network.ts";
import type { RecordingNetwork } from "./recording-network.ts";

async function loopbackPort(t: TestContext): Promise<number> {
  const server = createServer((socket) => void socket.on("error", () => undefined).end("hello"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

interface Call {
  readonly host?: string;
  readonly port?: number;
  readonly grant?: NetworkGrant;
  readonly signal?: AbortSignal;
}

const allowed = networkGrant({ allow: ["api.test:443"] });

function dialWith(network: RecordingNetwork, { host = "api.test", port = 443, grant = allowed, signal }: Call = {}) {
  return dial({
    network,
    host,
    port,
    permits: (destination) => mayReach(grant, destination),
    signal: signal ?? new AbortController().signal,
  });
}

const codeOf = (code: string) => (error: unknown) => error instanceof NetworkFailure && error.code === code;

describe("dial", () => {
  test("dial: looks a name up once and connects to what it was told", async (t) => {
    const port = await loopbackPort(t);
    const network = createRecordingNetwork({
      names: { "api.test": [["8.8.8.8"], ["127.0.0.1"]] },
      portFor: () => port,
    });
    const socket = await dialWith(network, { host: "API.test." });
    assert.equal(String((await once(socket, "data"))[0]), "hello");
    assert.deepEqual(network.attempts, ["resolve api.test", "connect 8.8.8.8 443"]);
  });

  test("dial: addresses that are not public are not connected to", async () => {
    for (const address of ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "::ffff:a00:1", "64:ff9b::a00:1"]) {
      const network = createRecordingNetwork({ names: { "api.test": [[address]] } });
      await assert.rejects(dialWith(network), codeOf("access-denied"));
      assert.deepEqual(network.attempts, ["resolve api.test"]);
    }
  });

  test("dial: of a mixed answer only the public addresses are tried", async () => {
    const network = createRecordingNetwork({ names: { "api.test": [["10.0.0.1", "8.8.8.8", "fd00::1", "1.1.1.1"]] } });
    await assert.rejects(dialWith(network), codeOf("connection-refused"));
    assert.deepEqual(network.attempts, ["resolve api.test", "connect 8.8.8.8 443", "connect 1.1.1.1 443"]);
  });

  test("dial: an address is not looked up, and needs to be allowed itself", async () => {
    const network = createRecordingNetwork();
    await assert.rejects(dialWith(network, { host: "8.8.8.8" }), codeOf("access-denied"));
    const grant = networkGrant({ allow: ["[2606:4700::1111]:443"] });
    await assert.rejects(dialWith(network, { host: "[2606:4700:0::1111]", grant }), codeOf("connection-refused"));
    assert.deepEqual(network.attempts, ["connect 2606:4700::1111 443"]);
  });

  test("dial: an address that does not answer does not hold up the next", async (t) => {
    const port = await loopbackPort(t);
    const given: AbortSignal[] = [];
    const network = createRecordingNetwork({
      names: { "api.test": [["8.8.8.8", "1.1.1.1"]] },
      portFor: () => port,
      beforeConnect: async ({ address }, signal) => {
        if (address !== "8.8.8.8") return;
        given.push(signal);
        await once(signal, "abort");
        signal.throwIfAborted();
      },
    });
    const socket = await dialWith(network);
    socket.destroy();
    assert.deepEqual(network.attempts.slice(1), ["connect 8.8.8.8 443", "connect 1.1.1.1 443"]);
    assert.equal(given[0]?.aborted, true);
  });

  test("dial: ends with the reason of its signal, and ends the attempt", async () => {
    const ending = new AbortController();
    const reason = new Error("the run ended");
    const network = createRecordingNetwork({
      names: { "api.test": [["8.8.8.8", "1.1.1.1"]] },
      beforeConnect: async (_target, signal) => {
        ending.abort(reason);
        signal.throwIfAborted();
      },
    });
    await assert.rejects(dialWith(network, { signal: ending.signal }), reason);
    assert.deepEqual(network.attempts, ["resolve api.test", "connect 8.8.8.8 443"]);
    await assert.rejects(dialWith(network, { signal: AbortSignal.abort(reason) }), reason);
    assert.equal(network.attempts.length, 2);
  });

  test("dial: a name that cannot be resolved fails with the resolver's reason", async () => {
    await assert.rejects(dialWith(createRecordingNetwork()), codeOf("name-unresolvable"));
  });
});
