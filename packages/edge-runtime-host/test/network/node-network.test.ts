import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { describe, test } from "node:test";
import { createNodeNetwork } from "../../src/network/node-network.ts";

const network = createNodeNetwork();
const { signal } = new AbortController();
const loopback = { address: "127.0.0.1", port: 0 };
const reason = new Error("the run ended");

describe("node network", () => {
  test("node network: an address resolves to itself, in canonical form", async () => {
    assert.deepEqual(await network.resolve("2001:DB8::0:1", signal), ["2001:db8::1"]);
    assert.deepEqual(await network.resolve("192.0.2.1", signal), ["192.0.2.1"]);
  });

  test("node network: localhost resolves to loopback addresses", async () => {
    const found = await network.resolve("localhost", signal);
    assert.ok(found.length > 0);
    for (const address of found) assert.match(address, /^(127\.0\.0\.1|::1)$/);
  });

  test("node network: what cannot be a name is refused without a look-up", async () => {
    await assert.rejects(network.resolve("a b", signal), { code: "invalid-argument" });
  });

  test("node network: a binding holds a port, which a server or a connection takes over", async (t) => {
    const binding = network.bindTcp(loopback);
    assert.ok(binding.local.port > 0);
    const server = await network.listenTcp(binding, 8, signal);
    t.after(() => server.close());
    assert.equal((server.address() as AddressInfo).port, binding.local.port);
    assert.throws(() => network.bindTcp(binding.local), { code: "address-in-use" });
    const from = network.bindTcp(loopback);
    const accepting = once(server, "connection") as Promise<[Socket]>;
    const connection = await network.connectTcp({ ...binding.local, from }, signal);
    const [accepted] = await accepting;
    assert.equal(connection.localPort, from.local.port);
    connection.destroy();
    accepted.destroy();
  });

  test("node network: a released binding frees its port", () => {
    const { local, release } = network.bindTcp(loopback);
    release();
    network.bindTcp(local).release();
  });

  test("node network: a refused connection says so", async () => {
    const { local, release } = network.bindTcp(loopback);
    release();
    await assert.rejects(network.connectTcp(local, signal), { name: "NetworkFailure", code: "connection-refused" });
  });

  test("node network: an address that is not this machine's cannot be bound", () => {
    const foreign = { address: "192.0.2.1", port: 0 };
    assert.throws(() => network.bindTcp(foreign), { code: "address-not-bindable" });
    assert.throws(() => network.bindUdp(foreign), { code: "address-not-bindable" });
  });

  test("node network: whoever gives up gets the signal's reason and no socket", async () => {
    const aborted = AbortSignal.abort(reason);
    await assert.rejects(network.connectTcp({ address: "127.0.0.1", port: 9 }, aborted), reason);
    const ending = new AbortController();
    const binding = network.bindTcp(loopback);
    const waiting = [
      network.listenTcp(binding, 1, ending.signal),
      network.connectTcp({ address: "127.0.0.1", port: 9 }, ending.signal),
      network.resolve("localhost", ending.signal),
    ];
    ending.abort(reason);
    for (const promise of waiting) await assert.rejects(promise, reason);
  });

  test("node network: a UDP socket is of its address's family", (t) => {
    const socket = network.bindUdp(loopback);
    t.after(() => socket.close());
    assert.equal(socket.address().family, "IPv4");
    assert.throws(() => network.bindUdp({ address: "127.0.0.1", port: socket.address().port }), {
      code: "address-in-use",
    });
  });
});
