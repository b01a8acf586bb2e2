import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import { createRecordingNetwork } from "../../network/recording-network.ts";
import type { SocketsGuest } from "./sockets-guest.ts";
import { ipv4, ipv6, must, startGuest } from "./sockets-guest.ts";

async function serve(t: TestContext, onConnection: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
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
const loopback = { allowPrivate: ["127.0.0.1:*"] };

function connections(t: TestContext): Promise<[port: number, next: () => Promise<Socket>]> {
  const waiting: Socket[] = [];
  let wake = (): void => undefined;
  return serve(t, (socket) => {
    waiting.push(socket);
    wake();
  }).then((port) => [
    port,
    async () => {
      while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return waiting.shift() as Socket;
    },
  ]);
}

describe("wasi:sockets/tcp", () => {
  test("tcp: what is written comes back, up to the end of both sides", async (t) => {
    const guest = startGuest(t, loopback);
    const port = await serve(t, echo);
    const socket = guest.tcp();
    const [input, output] = await guest.connect(socket, ipv4(port));
    await guest.write(output, "hello");
    assert.deepEqual(guest.method("tcp-socket.shutdown", socket, "send"), { tag: "ok", val: undefined });
    assert.deepEqual(guest.method("tcp-socket.shutdown", socket, "send"), { tag: "ok", val: undefined });
    assert.equal(await guest.readAll(input), "hello");
    assert.deepEqual(guest.method("output-stream.check-write", output), { tag: "err", val: { tag: "closed" } });
    assert.deepEqual(guest.method("tcp-socket.remote-address", socket).val, ipv4(port));
    const local = guest.method("tcp-socket.local-address", socket).val as ReturnType<typeof ipv4>;
    assert.deepEqual(local.val.address, [127, 0, 0, 1]);
    assert.ok(local.val.port > 0);
  });

  test("tcp: the peer's half close is the end of the input; the output stays open", async (t) => {
    const guest = startGuest(t, loopback);
    let received = "";
    const [port, next] = await connections(t);
    const [input, output] = await guest.connect(guest.tcp(), ipv4(port));
    const peer = await next();
    peer.on("data", (data) => (received += String(data)));
    peer.end("bye");
    assert.equal(await guest.readAll(input), "bye");
    await guest.write(output, "still here");
    while (received.length < 10) await once(peer, "data");
    assert.equal(received, "still here");
  });

  test("tcp: shutdown of sending loses nothing that was written before", async (t) => {
    const guest = startGuest(t, loopback);
    const [port, next] = await connections(t);
    const socket = guest.tcp();
    const [, output] = await guest.connect(socket, ipv4(port));
    const permitted = guest.method("output-stream.check-write", output).val as bigint;
    must(guest.method("output-stream.write", output, new Uint8Array(Number(permitted))));
    must(guest.method("tcp-socket.shutdown", socket, "send"));
    let length = 0;
    for await (const chunk of await next()) length += (chunk as Buffer).length;
    assert.equal(BigInt(length), permitted);
  });

  test("tcp: shutdown of receiving closes the input and leaves the output", async (t) => {
    const guest = startGuest(t, loopback);
    const [port, next] = await connections(t);
    const socket = guest.tcp();
    const [input, output] = await guest.connect(socket, ipv4(port));
    const peer = await next();
    peer.write("too late");
    await guest.wait("input-stream", input);
    must(guest.method("tcp-socket.shutdown", socket, "receive"));
    assert.deepEqual(guest.method("input-stream.read", input, 10n), { tag: "err", val: { tag: "closed" } });
    await guest.write(output, "hello");
    assert.equal(String((await once(peer, "data"))[0]), "hello");
  });

  test("tcp: a guest that the peer does not read from has to wait", async (t) => {
    const guest = startGuest(t, loopback);
    const [port, next] = await connections(t);
    const [, output] = await guest.connect(guest.tcp(), ipv4(port));
    const peer = await next();
    peer.pause();
    let sent = 0n;
    for (;;) {
      const room = must(guest.method("output-stream.check-write", output)) as unknown as bigint;
      if (room === 0n) break;
      must(guest.method("output-stream.write", output, new Uint8Array(Number(room))));
      sent += room;
      await new Promise(setImmediate);
    }
    // More than this host keeps, since the kernel's buffers were filled first; less than without bound.
    assert.ok(sent > 65_536n && sent < 64n * 1_048_576n, String(sent));
    peer.resume();
    await guest.wait("output-stream", output);
    assert.notEqual(must(guest.method("output-stream.check-write", output)), 0n);
  });

  test("tcp: a peer that the guest does not read from has to wait", async (t) => {
    const guest = startGuest(t, loopback);
    const [port, next] = await connections(t);
    const [input] = await guest.connect(guest.tcp(), ipv4(port));
    const peer = await next();
    const total = 32 * 1_048_576;
    peer.end(Buffer.alloc(total));
    await guest.wait("input-stream", input);
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    assert.ok(peer.writableLength > 0, "all was taken");
    assert.equal((await guest.readAll(input)).length, total);
  });

  test("tcp: a connection that the peer resets fails, and says so to network-error-code", async (t) => {
    const guest = startGuest(t, loopback);
    const [port, next] = await connections(t);
    const [input] = await guest.connect(guest.tcp(), ipv4(port));
    (await next()).resetAndDestroy();
    await guest.wait("input-stream", input);
    const answer = guest.method("input-stream.read", input, 1n);
    const failed = answer.val as { tag: string; val: unknown };
    assert.equal(failed.tag, "last-operation-failed");
    assert.equal(guest.function("sockets/network#network-error-code", failed.val), "connection-reset");
    assert.deepEqual(guest.method("input-stream.read", input, 1n), { tag: "err", val: { tag: "closed" } });
    assert.equal(guest.function("sockets/network#network-error-code", { message: "of another service" }), undefined);
  });
});

describe("wasi:sockets/tcp access", () => {
  test("tcp: a refused connection closes the socket", async (t) => {
    const guest = startGuest(t, { allow: ["8.8.8.8:1"], network: createRecordingNetwork() });
    const socket = guest.tcp();
    must(guest.start("connect", socket, ipv4(1, [8, 8, 8, 8])));
    assert.deepEqual(await guest.finish("tcp-socket.finish-connect", socket), {
      tag: "err",
      val: "connection-refused",
    });
    assert.equal(guest.start("connect", socket, ipv4(1, [8, 8, 8, 8])).val, "invalid-state");
    assert.equal(guest.method("tcp-socket.keep-alive-enabled", socket).val, "invalid-state");
  });

  test("tcp: nothing is sent to where the grant does not reach", async (t) => {
    const network = createRecordingNetwork();
    for (const options of [{}, { allow: ["*:*"] }, { allow: ["127.0.0.1:80", "10.0.0.1:80"] }]) {
      const guest = startGuest(t, { ...options, network });
      for (const address of [
        [127, 0, 0, 1],
        [10, 0, 0, 1],
        [169, 254, 169, 254],
        [100, 64, 0, 1],
      ]) {
        assert.deepEqual(guest.start("connect", guest.tcp(), ipv4(80, address)), { tag: "err", val: "access-denied" });
      }
    }
    const guest = startGuest(t, { network, allow: ["8.8.8.8:443"] });
    assert.equal(guest.start("connect", guest.tcp(), ipv4(444, [8, 8, 8, 8])).val, "access-denied");
    const nat64 = [0x64, 0xff9b, 0, 0, 0, 0, 0x7f00, 1];
    const open = startGuest(t, { network, allow: ["*:*"] });
    assert.equal(open.start("connect", open.tcp("ipv6"), ipv6(80, nat64)).val, "access-denied");
    assert.deepEqual(network.attempts, []);
  });

  for (const [name, family, address] of [
    ["of the other family", "ipv4", ipv6(80)],
    ["of the other family, IPv6", "ipv6", ipv4(80)],
    ["broadcast", "ipv4", ipv4(80, [255, 255, 255, 255])],
    ["multicast", "ipv4", ipv4(80, [224, 254, 0, 0])],
    ["multicast, IPv6", "ipv6", ipv6(80, [0xff00, 0, 0, 0, 0, 0, 0, 0])],
    ["IPv4-mapped", "ipv6", ipv6(80, [0, 0, 0, 0, 0, 0xffff, 0x7f00, 1])],
    ["IPv4-compatible", "ipv6", ipv6(80, [0, 0, 0, 0, 0, 0, 0x7f00, 1])],
    ["unspecified", "ipv4", ipv4(80, [0, 0, 0, 0])],
    ["unspecified, IPv6", "ipv6", ipv6(80, [0, 0, 0, 0, 0, 0, 0, 0])],
    ["at port 0", "ipv4", ipv4(0)],
  ] as const) {
    test(`tcp: a remote address that is ${name} is an invalid argument`, (t) => {
      const guest = startGuest(t, { allow: ["*:*"], allowPrivate: ["*:*"], network: createRecordingNetwork() });
      const socket = guest.tcp(family);
      assert.deepEqual(guest.start("connect", socket, address), { tag: "err", val: "invalid-argument" });
      assert.equal(guest.method("tcp-socket.finish-connect", socket).val, "not-in-progress");
    });
  }

  test("tcp: a client may bind where the system chooses, nowhere else", async (t) => {
    const guest = startGuest(t, loopback);
    const port = await serve(t, echo);
    const socket = guest.tcp();
    for (const address of [ipv4(0), ipv4(8080), ipv4(8080, [0, 0, 0, 0])]) {
      assert.equal(guest.start("bind", socket, address).val, "access-denied");
    }
    guest.bind(socket, ipv4(0, [0, 0, 0, 0]));
    const bound = (guest.method("tcp-socket.local-address", socket).val as ReturnType<typeof ipv4>).val.port;
    await guest.connect(socket, ipv4(port));
    assert.deepEqual(guest.method("tcp-socket.local-address", socket).val, ipv4(bound));
    const nothing = startGuest(t);
    assert.equal(nothing.start("bind", nothing.tcp(), ipv4(0, [0, 0, 0, 0])).val, "access-denied");
  });

  test("tcp: binding does not open listening", (t) => {
    const guest = startGuest(t, loopback);
    const socket = guest.tcp();
    guest.bind(socket, ipv4(0, [0, 0, 0, 0]));
    assert.equal(guest.method("tcp-socket.start-listen", socket).val, "access-denied");
    const other = startGuest(t, { listen: ["127.0.0.1:1"] });
    const chosen = other.tcp();
    other.bind(chosen, ipv4(0));
    assert.equal(other.method("tcp-socket.start-listen", chosen).val, "access-denied");
  });
});

describe("wasi:sockets/tcp lifetimes", () => {
  test("tcp: a listener accepts connections with its own options", async (t) => {
    const guest = startGuest(t, { ...loopback, listen: ["127.0.0.1:*"] });
    const listener = guest.tcp();
    must(guest.method("tcp-socket.set-hop-limit", listener, 42));
    must(guest.method("tcp-socket.set-keep-alive-enabled", listener, true));
    await guest.listen(listener, ipv4(0));
    const address = guest.method("tcp-socket.local-address", listener).val as ReturnType<typeof ipv4>;
    assert.equal(guest.method("tcp-socket.accept", listener).val, "would-block");
    const [input, output] = await guest.connect(guest.tcp(), address);
    const accepted = must(await guest.finish("tcp-socket.accept", listener));
    const [socket, itsInput, itsOutput] = accepted as unknown as [object, object, object];
    assert.equal(guest.method("tcp-socket.hop-limit", socket).val, 42);
    assert.equal(guest.method("tcp-socket.keep-alive-enabled", socket).val, true);
    assert.equal(guest.method("tcp-socket.is-listening", socket) as unknown, false);
    await guest.write(output, "ping");
    await guest.wait("input-stream", itsInput);
    assert.equal(String(guest.method("input-stream.read", itsInput, 10n).val), "ping");
    await guest.write(itsOutput, "pong");
    must(guest.method("tcp-socket.shutdown", socket, "both"));
    assert.equal(await guest.readAll(input), "pong");
  });

  test("tcp: IPv6 works as IPv4 does, and its sockets are of IPv6 only", async (t) => {
    const guest = startGuest(t, { allowPrivate: ["[::1]:*"], listen: ["[::1]:*", "[::]:*"] });
    const listener = guest.tcp("ipv6");
    const bound = guest.start("bind", listener, ipv6(0));
    if (bound.val === "address-not-bindable") return t.skip("this machine has no IPv6");
    must(guest.method("tcp-socket.finish-bind", listener));
    must(guest.method("tcp-socket.start-listen", listener));
    must(await guest.finish("tcp-socket.finish-listen", listener));
    const address = guest.method("tcp-socket.local-address", listener).val as ReturnType<typeof ipv6>;
    assert.deepEqual(address, ipv6(address.val.port));
    const client = guest.tcp("ipv6");
    const [, output] = await guest.connect(client, address);
    assert.deepEqual(guest.method("tcp-socket.remote-address", client).val, address);
    const [, input] = must(await guest.finish("tcp-socket.accept", listener)) as unknown as [object, object];
    await guest.write(output, "hello");
    must(guest.method("tcp-socket.shutdown", client, "send"));
    assert.equal(await guest.readAll(input), "hello");
    const everywhere = guest.tcp("ipv6");
    await guest.listen(everywhere, ipv6(0, [0, 0, 0, 0, 0, 0, 0, 0]));
    const { val } = guest.method("tcp-socket.local-address", everywhere).val as ReturnType<typeof ipv6>;
    const old = startGuest(t, { allowPrivate: ["127.0.0.1:*"] });
    await assert.rejects(old.connect(old.tcp(), ipv4(val.port)), /connection-refused/);
  });

  test("tcp: an address where another listens is in use", async (t) => {
    const port = await serve(t, echo);
    const guest = startGuest(t, { listen: ["127.0.0.1:*"] });
    assert.equal(guest.start("bind", guest.tcp(), ipv4(port)).val, "address-in-use");
    const foreign = startGuest(t, { listen: ["*:*"] });
    assert.equal(foreign.start("bind", foreign.tcp(), ipv4(0, [192, 0, 2, 1])).val, "address-not-bindable");
  });

  test("tcp: a run has at most 32 sockets, and a dropped one makes room", (t) => {
    const guest = startGuest(t);
    const sockets = Array.from({ length: 32 }, () => guest.tcp());
    const create = (): unknown => guest.function("sockets/tcp-create-socket#create-tcp-socket", "ipv4");
    assert.deepEqual(create(), { tag: "err", val: "new-socket-limit" });
    assert.deepEqual(guest.function("sockets/udp-create-socket#create-udp-socket", "ipv4"), create());
    guest.drop("tcp-socket", sockets[0] as object);
    must(create());
  });

  test("tcp: the connection lives until socket and streams are dropped, then what was written is sent", async (t) => {
    const guest = startGuest(t, loopback);
    const [port, next] = await connections(t);
    const socket = guest.tcp();
    const [input, output] = await guest.connect(socket, ipv4(port));
    const peer = await next();
    guest.drop("tcp-socket", socket);
    await guest.write(output, "hello, ");
    guest.drop("input-stream", input);
    const room = must(guest.method("output-stream.check-write", output)) as unknown as bigint;
    assert.ok(room >= 5n);
    must(guest.method("output-stream.write", output, new TextEncoder().encode("world")));
    guest.drop("output-stream", output);
    let text = "";
    for await (const chunk of peer) text += String(chunk);
    assert.equal(text, "hello, world");
  });

  test("tcp: the end of a run closes its sockets, whatever they do", async (t) => {
    const [port, next] = await connections(t);
    const guest = startGuest(t, { ...loopback, listen: ["127.0.0.1:*"] });
    await guest.connect(guest.tcp(), ipv4(port));
    const peer = await next();
    peer.resume();
    const listener = guest.tcp();
    await guest.listen(listener, ipv4(0));
    const { val } = guest.method("tcp-socket.local-address", listener).val as ReturnType<typeof ipv4>;
    const bound = guest.tcp();
    guest.bind(bound, ipv4(0));
    const closed = once(peer, "close");
    guest.end();
    peer.end();
    await closed;
    const other = startGuest(t, loopback);
    await assert.rejects(other.connect(other.tcp(), ipv4(val.port)), /connection-refused/);
    assert.equal(guest.start("connect", bound, ipv4(port)).val, "invalid-state");
  });

  test("tcp: the end of a run ends connecting, and a connection that comes too late is closed", async (t) => {
    const [port, next] = await connections(t);
    const signals: AbortSignal[] = [];
    let go = (): void => undefined;
    const network = createRecordingNetwork({
      portFor: () => port,
      beforeConnect: async (_target, signal) => {
        signals.push(signal);
        await new Promise<void>((resolve) => (go = resolve));
      },
    });
    const guest: SocketsGuest = startGuest(t, { allow: ["8.8.8.8:443"], network });
    const socket = guest.tcp();
    must(guest.start("connect", socket, ipv4(443, [8, 8, 8, 8])));
    assert.equal(guest.start("connect", socket, ipv4(443, [8, 8, 8, 8])).val, "concurrency-conflict");
    guest.end();
    assert.equal(signals[0]?.aborted, true);
    go();
    const other = startGuest(t, loopback);
    await other.connect(other.tcp(), ipv4(port));
    // The only connection that arrives is the other's.
    await next();
    assert.equal(guest.method("tcp-socket.finish-connect", socket).val, "not-in-progress");
  });
});
