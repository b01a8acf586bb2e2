import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { once } from "node:events";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import { WasiError } from "edge-runtime-common";
import type { SocketsGuest } from "./sockets-guest.ts";
import { ipv4, ipv6, must, startGuest } from "./sockets-guest.ts";

const loopback = { allowPrivate: ["127.0.0.1:*"] };
const anywhere = ipv4(0, [0, 0, 0, 0]);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function peerSocket(t: TestContext): Promise<[Socket, number]> {
  const socket = createSocket("udp4");
  t.after(() => socket.close());
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return [socket, socket.address().port];
}

async function echoPort(t: TestContext): Promise<number> {
  const [socket, port] = await peerSocket(t);
  socket.on("message", (message, from) => socket.send(message, from.port, from.address));
  return port;
}

interface Streams {
  readonly socket: object;
  readonly incoming: object;
  readonly outgoing: object;
}

function streams(guest: SocketsGuest, socket: object, remote?: unknown): Streams {
  const [incoming, outgoing] = must(guest.method("udp-socket.stream", socket, remote)) as unknown as [object, object];
  return { socket, incoming, outgoing };
}

function open(guest: SocketsGuest, remote?: unknown): Streams {
  const socket = guest.udp();
  guest.bind(socket, anywhere, "udp-socket");
  return streams(guest, socket, remote);
}

function send(guest: SocketsGuest, { outgoing }: Streams, text: string, remoteAddress?: unknown) {
  must(guest.method("outgoing-datagram-stream.check-send", outgoing));
  return guest.method("outgoing-datagram-stream.send", outgoing, [{ data: bytes(text), remoteAddress }]);
}

async function receive(guest: SocketsGuest, { incoming }: Streams, most = 64n): Promise<[string, unknown][]> {
  await guest.wait("incoming-datagram-stream", incoming);
  const list = must(guest.method("incoming-datagram-stream.receive", incoming, most)) as {
    data: Uint8Array;
    remoteAddress: unknown;
  }[];
  return list.map(({ data, remoteAddress }) => [new TextDecoder().decode(data), remoteAddress]);
}

const one = { tag: "ok", val: 1n };

describe("wasi:sockets/udp", () => {
  test("udp: datagrams go to one peer and come back from it", async (t) => {
    const guest = startGuest(t, loopback);
    const port = await echoPort(t);
    const peer = open(guest, ipv4(port));
    assert.deepEqual(send(guest, peer, "hello"), one);
    assert.deepEqual(await receive(guest, peer), [["hello", ipv4(port)]]);
    assert.deepEqual(send(guest, peer, "again", ipv4(port)), one);
    assert.deepEqual(await receive(guest, peer), [["again", ipv4(port)]]);
    assert.deepEqual(guest.method("udp-socket.remote-address", peer.socket).val, ipv4(port));
    assert.deepEqual(guest.method("incoming-datagram-stream.receive", peer.incoming, 10n), { tag: "ok", val: [] });
    assert.deepEqual(send(guest, peer, "", ipv4(port + 1)), { tag: "err", val: "invalid-argument" });
  });

  test("udp: datagrams go to many peers, each with its address", async (t) => {
    const guest = startGuest(t, loopback);
    const ports = [await echoPort(t), await echoPort(t)];
    const all = open(guest);
    assert.equal(guest.method("udp-socket.remote-address", all.socket).val, "invalid-state");
    for (const port of ports) {
      assert.deepEqual(send(guest, all, `to ${port}`, ipv4(port)), one);
      assert.deepEqual(await receive(guest, all), [[`to ${port}`, ipv4(port)]]);
    }
    assert.deepEqual(send(guest, all, "nowhere"), { tag: "err", val: "invalid-argument" });
  });

  test("udp: only the streams made last work, and only with their peer", async (t) => {
    const guest = startGuest(t, loopback);
    const [other, otherPort] = await peerSocket(t);
    const port = await echoPort(t);
    const all = open(guest);
    const { val } = guest.method("udp-socket.local-address", all.socket).val as ReturnType<typeof ipv4>;
    other.send("early", val.port, "127.0.0.1");
    await guest.wait("incoming-datagram-stream", all.incoming);
    const one = streams(guest, all.socket, ipv4(port));
    for (const answer of [
      guest.method("incoming-datagram-stream.receive", all.incoming, 1n),
      guest.method("outgoing-datagram-stream.check-send", all.outgoing),
    ]) {
      assert.deepEqual(answer, { tag: "err", val: "invalid-state" });
    }
    send(guest, one, "hello");
    assert.deepEqual(await receive(guest, one), [["hello", ipv4(port)]]);
    const many = streams(guest, all.socket);
    other.send("late", val.port, "127.0.0.1");
    assert.deepEqual(await receive(guest, many), [["late", ipv4(otherPort)]]);
  });

  test("udp: a client hears nobody whom it may not send to", async (t) => {
    const port = await echoPort(t);
    const [stranger] = await peerSocket(t);
    const guest = startGuest(t, { allowPrivate: [`127.0.0.1:${port}`] });
    const all = open(guest);
    const { val } = guest.method("udp-socket.local-address", all.socket).val as ReturnType<typeof ipv4>;
    await new Promise((resolve) => stranger.send("boo", val.port, "127.0.0.1", resolve));
    send(guest, all, "hello", ipv4(port));
    assert.deepEqual(await receive(guest, all), [["hello", ipv4(port)]]);
    assert.equal(send(guest, all, "x", ipv4(port === 9 ? 10 : 9)).val, "access-denied");
  });

  test("udp: who may listen hears everybody", async (t) => {
    const [stranger, from] = await peerSocket(t);
    const guest = startGuest(t, { listen: ["127.0.0.1:*"] });
    const socket = guest.udp();
    guest.bind(socket, ipv4(0), "udp-socket");
    const all = streams(guest, socket);
    const { val } = guest.method("udp-socket.local-address", socket).val as ReturnType<typeof ipv4>;
    stranger.send("boo", val.port, "127.0.0.1");
    assert.deepEqual(await receive(guest, all), [["boo", ipv4(from)]]);
    assert.equal(send(guest, all, "boo yourself", ipv4(from)).val, "access-denied");
  });

  test("udp: without a grant nothing is bound", (t) => {
    const guest = startGuest(t);
    assert.equal(guest.start("bind", guest.udp(), anywhere, "udp-socket").val, "access-denied");
    const client = startGuest(t, loopback);
    assert.equal(client.start("bind", client.udp(), ipv4(0), "udp-socket").val, "access-denied");
    assert.equal(client.start("bind", client.udp(), ipv4(53, [0, 0, 0, 0]), "udp-socket").val, "access-denied");
  });
});

describe("wasi:sockets/udp bounds and errors", () => {
  test("udp: datagrams that wait are bounded in number and bytes, later ones are lost", async (t) => {
    const guest = startGuest(t, loopback);
    const [sender] = await peerSocket(t);
    const flood = async (count: number, size: number): Promise<number> => {
      const all = open(guest);
      const { val } = guest.method("udp-socket.local-address", all.socket).val as ReturnType<typeof ipv4>;
      for (let index = 0; index < count; index += 1) {
        await new Promise((resolve) => sender.send(Buffer.alloc(size), val.port, "127.0.0.1", resolve));
        await new Promise(setImmediate);
      }
      return (await receive(guest, all, 1000n)).length;
    };
    assert.equal(await flood(100, 10), 64);
    assert.equal(await flood(40, 10_000), 13);
  });

  test("udp: sending takes as many as were permitted, and more traps", async (t) => {
    const guest = startGuest(t, loopback);
    const port = await echoPort(t);
    const peer = open(guest, ipv4(port));
    const path = "outgoing-datagram-stream.send";
    const datagrams = (count: number) => Array.from({ length: count }, () => ({ data: bytes("x") }));
    assert.throws(() => guest.method(path, peer.outgoing, datagrams(1)), WasiError);
    const permitted = must(guest.method("outgoing-datagram-stream.check-send", peer.outgoing)) as unknown as bigint;
    assert.equal(permitted, 16n);
    assert.throws(() => guest.method(path, peer.outgoing, datagrams(17)), WasiError);
    must(guest.method("outgoing-datagram-stream.check-send", peer.outgoing));
    assert.deepEqual(guest.method(path, peer.outgoing, datagrams(16)), { tag: "ok", val: 16n });
    assert.throws(() => guest.method(path, peer.outgoing, datagrams(1)), WasiError);
    await guest.wait("outgoing-datagram-stream", peer.outgoing);
    assert.notEqual(guest.method("outgoing-datagram-stream.check-send", peer.outgoing).val, 0n);
    assert.deepEqual(guest.method(path, peer.outgoing, []), { tag: "ok", val: 0n });
  });

  test("udp: of several datagrams those before the first failure are sent", (t) => {
    const guest = startGuest(t, loopback);
    const all = open(guest);
    const batch = [ipv4(9), ipv4(9), ipv4(0), ipv4(9)].map((remoteAddress) => ({ data: bytes("x"), remoteAddress }));
    must(guest.method("outgoing-datagram-stream.check-send", all.outgoing));
    assert.deepEqual(guest.method("outgoing-datagram-stream.send", all.outgoing, batch), { tag: "ok", val: 2n });
  });

  test("udp: a datagram that is too large is refused, the largest is not", async (t) => {
    const guest = startGuest(t, loopback);
    const peer = open(guest, ipv4(await echoPort(t)));
    assert.deepEqual(send(guest, peer, "x".repeat(65_508)), { tag: "err", val: "datagram-too-large" });
    assert.deepEqual(send(guest, peer, "x".repeat(65_507)), one);
    assert.equal((await receive(guest, peer))[0]?.[0].length, 65_507);
  });

  test("udp: a peer that is not there refuses", async (t) => {
    const guest = startGuest(t, loopback);
    const nobody = startGuest(t, loopback);
    const free = nobody.udp();
    nobody.bind(free, anywhere, "udp-socket");
    const { val: local } = nobody.method("udp-socket.local-address", free).val as ReturnType<typeof ipv4>;
    nobody.end();
    await new Promise(setImmediate);
    const refused = open(guest, ipv4(local.port));
    send(guest, refused, "anybody?");
    await guest.wait("incoming-datagram-stream", refused.incoming);
    assert.deepEqual(guest.method("incoming-datagram-stream.receive", refused.incoming, 1n), {
      tag: "err",
      val: "connection-refused",
    });
  });

  for (const [name, address] of [
    ["of the other family", ipv6(9)],
    ["unspecified", anywhere],
    ["at port 0", ipv4(0)],
  ] as const) {
    test(`udp: a remote address that is ${name} is an invalid argument`, (t) => {
      const guest = startGuest(t, { ...loopback, allow: ["*:*"] });
      const socket = guest.udp();
      guest.bind(socket, anywhere, "udp-socket");
      assert.equal(guest.method("udp-socket.stream", socket, address).val, "invalid-argument");
      assert.equal(send(guest, streams(guest, socket), "x", address).val, "invalid-argument");
    });
  }

  test("udp: a socket that is not bound has no streams and no address; a bound one is not bound again", (t) => {
    const guest = startGuest(t, loopback);
    const socket = guest.udp();
    for (const method of ["stream", "local-address", "remote-address"]) {
      assert.equal(guest.method(`udp-socket.${method}`, socket).val, "invalid-state");
    }
    assert.equal(guest.method("udp-socket.finish-bind", socket).val, "not-in-progress");
    guest.bind(socket, anywhere, "udp-socket");
    assert.equal(guest.start("bind", socket, anywhere, "udp-socket").val, "invalid-state");
    assert.equal(guest.function("sockets/udp#[method]udp-socket.address-family", socket), "ipv4");
  });

  test("udp: options refuse 0 and give back what holds", (t) => {
    const guest = startGuest(t, loopback);
    const socket = guest.udp();
    for (const [name, zero, value] of [
      ["unicast-hop-limit", 0, 9],
      ["receive-buffer-size", 0n, 1000n],
      ["send-buffer-size", 0n, 1000n],
    ] as const) {
      assert.equal(guest.method(`udp-socket.set-${name}`, socket, zero).val, "invalid-argument");
      must(guest.method(`udp-socket.set-${name}`, socket, value));
      assert.equal(guest.method(`udp-socket.${name}`, socket).val, value);
    }
  });

  test("udp: the end of a run closes its sockets, and their streams end", async (t) => {
    const guest = startGuest(t, loopback);
    const all = open(guest);
    const { val } = guest.method("udp-socket.local-address", all.socket).val as ReturnType<typeof ipv4>;
    guest.end();
    await guest.wait("incoming-datagram-stream", all.incoming);
    assert.equal(guest.method("incoming-datagram-stream.receive", all.incoming, 1n).val, "invalid-state");
    assert.equal(guest.method("outgoing-datagram-stream.check-send", all.outgoing).val, "invalid-state");
    const again = createSocket("udp4");
    again.bind(val.port, "0.0.0.0");
    await once(again, "listening");
    again.close();
  });
});
