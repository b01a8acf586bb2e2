import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createRecordingNetwork } from "../../network/recording-network.ts";
import type { SocketsGuest } from "./sockets-guest.ts";
import { ipv4, ipv6, must, startGuest } from "./sockets-guest.ts";

async function addressesOf(guest: SocketsGuest, name: string): Promise<unknown[]> {
  const stream = must(guest.resolve(name));
  const found: unknown[] = [];
  for (;;) {
    const answer = await guest.finish("resolve-address-stream.resolve-next-address", stream);
    if (answer.tag === "err") return [answer.val];
    if (answer.val === undefined) return found;
    found.push(answer.val);
  }
}

const names = {
  "api.test": [["8.8.8.8", "2606:4700::1111", "::ffff:808:808"]],
  "private.test": [["10.0.0.1"]],
  "mapped.test": [["::ffff:808:808"]],
};
const allow = ["api.test:443", "*.test:80", "gone.example:1", "xn--fiqs8s.xn--fiq228c:1"];

describe("wasi:sockets/ip-name-lookup", () => {
  test("ip name lookup: gives the addresses of a name in order, then none", async (t) => {
    const network = createRecordingNetwork({ names });
    const guest = startGuest(t, { allow, network });
    assert.deepEqual(await addressesOf(guest, "API.test."), [
      { tag: "ipv4", val: [8, 8, 8, 8] },
      { tag: "ipv6", val: [0x2606, 0x4700, 0, 0, 0, 0, 0, 0x1111] },
    ]);
    assert.deepEqual(network.attempts, ["resolve api.test"]);
  });

  test("ip name lookup: an address is itself, without a grant and without a look-up", async (t) => {
    const network = createRecordingNetwork();
    const guest = startGuest(t, { network });
    assert.deepEqual(await addressesOf(guest, "192.0.2.1"), [{ tag: "ipv4", val: [192, 0, 2, 1] }]);
    assert.deepEqual(await addressesOf(guest, "::"), [{ tag: "ipv6", val: [0, 0, 0, 0, 0, 0, 0, 0] }]);
    assert.deepEqual(await addressesOf(guest, "2001:db8::1:0:2"), [
      { tag: "ipv6", val: [0x2001, 0xdb8, 0, 0, 0, 1, 0, 2] },
    ]);
    assert.deepEqual(network.attempts, []);
  });

  test("ip name lookup: names that no list names are not looked up", (t) => {
    const network = createRecordingNetwork({ names });
    const guest = startGuest(t, { allow, network });
    for (const name of ["example.com", "test", "localhost", "metadata.google.internal"]) {
      assert.deepEqual(guest.resolve(name), { tag: "err", val: "access-denied" });
    }
    assert.deepEqual(network.attempts, []);
  });

  for (const name of [
    "",
    " ",
    "a.b<&>",
    "a.b:80",
    "http://a.b/",
    "a/b",
    "[::]",
    "127.0.0.256",
    "a..b",
    "-a.test",
    "x".repeat(300),
    "%61.test",
    "a@b.test",
    "a b.test",
  ]) {
    test(`ip name lookup: ${JSON.stringify(name.slice(0, 20))} is an invalid argument`, (t) => {
      const guest = startGuest(t, { allow: ["*:*"], network: createRecordingNetwork() });
      assert.deepEqual(guest.resolve(name), { tag: "err", val: "invalid-argument" });
    });
  }

  test("ip name lookup: names in other scripts are looked up in ASCII", async (t) => {
    const network = createRecordingNetwork();
    const guest = startGuest(t, { allow, network });
    assert.deepEqual(await addressesOf(guest, "中国.中文"), ["name-unresolvable"]);
    assert.deepEqual(network.attempts, ["resolve xn--fiqs8s.xn--fiq228c"]);
  });

  test("ip name lookup: failures are the resolver's, and the stream keeps them", async (t) => {
    const guest = startGuest(t, { allow, network: createRecordingNetwork({ names }) });
    const stream = must(guest.resolve("gone.example"));
    assert.equal(guest.method("resolve-address-stream.resolve-next-address", stream).val, "would-block");
    for (let times = 0; times < 2; times += 1) {
      const answer = await guest.finish("resolve-address-stream.resolve-next-address", stream);
      assert.deepEqual(answer, { tag: "err", val: "name-unresolvable" });
    }
    assert.deepEqual(await addressesOf(guest, "mapped.test"), ["name-unresolvable"]);
  });

  test("ip name lookup: opens what was found, at the ports of the name, for this run", async (t) => {
    const network = createRecordingNetwork({ names });
    const guest = startGuest(t, { allow, network });
    const connect = (port: number): unknown => guest.start("connect", guest.tcp(), ipv4(port, [8, 8, 8, 8])).val;
    assert.equal(connect(443), "access-denied");
    await addressesOf(guest, "api.test");
    assert.equal(connect(443), undefined);
    assert.equal(connect(444), "access-denied");
    const ip6 = ipv6(443, [0x2606, 0x4700, 0, 0, 0, 0, 0, 0x1111]);
    assert.equal(guest.start("connect", guest.tcp("ipv6"), ip6).val, undefined);
    await addressesOf(guest, "private.test");
    assert.equal(guest.start("connect", guest.tcp(), ipv4(80, [10, 0, 0, 1])).val, "access-denied");
    const other = startGuest(t, { allow, network });
    assert.equal(other.start("connect", other.tcp(), ipv4(443, [8, 8, 8, 8])).val, "access-denied");
    assert.deepEqual(network.attempts, [
      "resolve api.test",
      "connect 8.8.8.8 443",
      "connect 2606:4700::1111 443",
      "resolve private.test",
    ]);
  });

  test("ip name lookup: a run looks up at most 128 names", async (t) => {
    const network = createRecordingNetwork({ names });
    const guest = startGuest(t, { allow, network });
    for (let count = 0; count < 128; count += 1) await addressesOf(guest, "api.test");
    assert.deepEqual(await addressesOf(guest, "api.test"), ["temporary-resolver-failure"]);
    assert.equal(network.attempts.length, 128);
  });

  test("ip name lookup: look-ups under way count as sockets, and end with their stream or run", async (t) => {
    const signals: AbortSignal[] = [];
    const resolve = (_name: string, signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<never>(() => undefined);
    };
    const guest = startGuest(t, { allow, network: { ...createRecordingNetwork(), resolve } });
    const streams = Array.from({ length: 32 }, () => must(guest.resolve("api.test")));
    assert.equal(guest.resolve("api.test").val, "new-socket-limit");
    guest.drop("resolve-address-stream", streams[0] as object);
    assert.deepEqual(signals.map((signal) => signal.aborted).slice(0, 2), [true, false]);
    must(guest.resolve("api.test"));
    guest.end();
    assert.ok(signals.every((signal) => signal.aborted));
  });
});
