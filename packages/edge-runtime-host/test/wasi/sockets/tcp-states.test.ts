// The state machine of the specification, method by method.

import assert from "node:assert/strict";
import type { SetKeepAliveOptions } from "node:net";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import { createNodeNetwork } from "../../../src/network/node-network.ts";
import { NetworkFailure } from "../../../src/network/network-failure.ts";
import type { SocketsGuest } from "./sockets-guest.ts";
import { ipv4, must, startGuest } from "./sockets-guest.ts";

const methods = [
  "start-bind",
  "finish-bind",
  "start-connect",
  "finish-connect",
  "start-listen",
  "finish-listen",
  "accept",
  "shutdown",
  "local-address",
  "remote-address",
  "set-listen-backlog-size",
  "keep-alive-enabled",
  "set-hop-limit",
] as const;

const elsewhere = { allowPrivate: ["127.0.0.1:*"], listen: ["127.0.0.1:*"] };
const anywhere = ipv4(0);

/** `pending`: connecting and listening never end. */
function guestOf(t: TestContext, pending = false): SocketsGuest {
  const never = () => new Promise<never>(() => undefined);
  const network = { ...createNodeNetwork(), ...(pending ? { connectTcp: never, listenTcp: never } : {}) };
  return startGuest(t, { ...elsewhere, network });
}

async function listening(guest: SocketsGuest) {
  const listener = guest.tcp();
  await guest.listen(listener, anywhere);
  return { listener, address: guest.method("tcp-socket.local-address", listener).val as ReturnType<typeof ipv4> };
}

const states: Readonly<Record<string, (guest: SocketsGuest) => Promise<object>>> = {
  unbound: async (guest) => guest.tcp(),
  "bind-in-progress": async (guest) => {
    const socket = guest.tcp();
    must(guest.start("bind", socket, anywhere));
    return socket;
  },
  bound: async (guest) => {
    const socket = guest.tcp();
    guest.bind(socket, anywhere);
    return socket;
  },
  "listen-in-progress": async (guest) => {
    const socket = guest.tcp();
    guest.bind(socket, anywhere);
    must(guest.method("tcp-socket.start-listen", socket));
    return socket;
  },
  listening: async (guest) => (await listening(guest)).listener,
  "connect-in-progress": async (guest) => {
    const socket = guest.tcp();
    must(guest.start("connect", socket, ipv4(9)));
    return socket;
  },
  connected: async (guest) => {
    const socket = guest.tcp();
    await guest.connect(socket, (await listening(guest)).address);
    return socket;
  },
  closed: async (guest) => {
    const socket = guest.tcp();
    const { listener, address } = await listening(guest);
    guest.drop("tcp-socket", listener);
    must(guest.start("connect", socket, address));
    assert.equal((await guest.finish("tcp-socket.finish-connect", socket)).val, "connection-refused");
    return socket;
  },
};

/** What each method answers in each state: `ok`, or the error. */
const expected: Readonly<Record<string, string>> = {
  unbound:
    "ok not-in-progress ok not-in-progress invalid-state not-in-progress invalid-state invalid-state invalid-state invalid-state ok ok ok",
  "bind-in-progress":
    "invalid-state ok invalid-state not-in-progress invalid-state not-in-progress invalid-state invalid-state invalid-state invalid-state ok ok ok",
  bound:
    "invalid-state not-in-progress ok not-in-progress ok not-in-progress invalid-state invalid-state ok invalid-state ok ok ok",
  "listen-in-progress":
    "invalid-state not-in-progress invalid-state not-in-progress invalid-state would-block invalid-state invalid-state ok invalid-state not-supported ok ok",
  listening:
    "invalid-state not-in-progress invalid-state not-in-progress invalid-state not-in-progress would-block invalid-state ok invalid-state not-supported ok ok",
  "connect-in-progress":
    "invalid-state not-in-progress concurrency-conflict would-block invalid-state not-in-progress invalid-state invalid-state invalid-state invalid-state invalid-state ok ok",
  connected:
    "invalid-state not-in-progress invalid-state not-in-progress invalid-state not-in-progress invalid-state ok ok ok invalid-state ok ok",
  closed:
    "invalid-state not-in-progress invalid-state not-in-progress invalid-state not-in-progress invalid-state invalid-state invalid-state invalid-state invalid-state invalid-state invalid-state",
};

function callMethod(guest: SocketsGuest, name: (typeof methods)[number], socket: object): string {
  const path = `tcp-socket.${name}`;
  const answer =
    name === "start-bind"
      ? guest.start("bind", socket, anywhere)
      : name === "start-connect"
        ? guest.start("connect", socket, ipv4(9))
        : guest.method(
            path,
            socket,
            ...({ shutdown: ["both"], "set-listen-backlog-size": [8n], "set-hop-limit": [9] }[name as string] ?? []),
          );
  return answer.tag === "ok" ? "ok" : String(answer.val);
}

describe("tcp states", () => {
  for (const [state, reach] of Object.entries(states)) {
    test(`tcp states: ${state}`, async (t) => {
      const answers: string[] = [];
      for (const name of methods) {
        const guest = guestOf(t, state.endsWith("in-progress"));
        answers.push(callMethod(guest, name, await reach(guest)));
        guest.end();
      }
      assert.deepEqual(answers, expected[state]?.split(" "));
    });
  }

  test("tcp states: a bind that fails may be tried again, one that succeeded may not", (t) => {
    const guest = guestOf(t);
    const socket = guest.tcp();
    const foreign = ipv4(0, [192, 0, 2, 1]);
    assert.equal(guest.start("bind", socket, foreign).val, "address-not-bindable");
    guest.bind(socket, anywhere);
    assert.equal(guest.start("bind", socket, anywhere).val, "invalid-state");
  });

  test("tcp states: a failure to listen closes the socket", async (t) => {
    const listenTcp = () => Promise.reject(new NetworkFailure("address-in-use"));
    const guest = startGuest(t, { ...elsewhere, network: { ...createNodeNetwork(), listenTcp } });
    const socket = guest.tcp();
    guest.bind(socket, anywhere);
    must(guest.method("tcp-socket.start-listen", socket));
    assert.equal((await guest.finish("tcp-socket.finish-listen", socket)).val, "address-in-use");
    assert.equal(guest.method("tcp-socket.local-address", socket).val, "invalid-state");
  });

  test("tcp states: without a free port to start from, connecting fails with address-in-use", async (t) => {
    const connectTcp = () => Promise.reject(new NetworkFailure("address-not-bindable"));
    const guest = startGuest(t, { ...elsewhere, network: { ...createNodeNetwork(), connectTcp } });
    const socket = guest.tcp();
    must(guest.start("connect", socket, ipv4(9)));
    assert.equal((await guest.finish("tcp-socket.finish-connect", socket)).val, "address-in-use");
  });
});

describe("tcp options", () => {
  const second = 1_000_000_000n;
  for (const [name, values] of [
    [
      "keep-alive-idle-time",
      [
        [1n, second],
        [5n * second, 5n * second],
        [2n ** 64n - 1n, 32_767n * second],
      ],
    ],
    [
      "keep-alive-interval",
      [
        [1n, second],
        [2n ** 64n - 1n, 32_767n * second],
      ],
    ],
    [
      "keep-alive-count",
      [
        [1, 1],
        [4_294_967_295, 127],
      ],
    ],
    [
      "hop-limit",
      [
        [1, 1],
        [255, 255],
      ],
    ],
    [
      "receive-buffer-size",
      [
        [1n, 1n],
        [16_000n, 16_000n],
        [2n ** 64n - 1n, 2_147_483_647n],
      ],
    ],
    [
      "send-buffer-size",
      [
        [1n, 1n],
        [2n ** 64n - 1n, 2_147_483_647n],
      ],
    ],
  ] as const) {
    test(`tcp options: ${name} refuses 0, clamps the rest and gives back what holds`, (t) => {
      const guest = guestOf(t);
      const socket = guest.tcp();
      const first = guest.method(`tcp-socket.${name}`, socket);
      assert.ok(first.tag === "ok" && Number(first.val) > 0);
      const zero = typeof values[0][0] === "bigint" ? 0n : 0;
      assert.deepEqual(guest.method(`tcp-socket.set-${name}`, socket, zero), { tag: "err", val: "invalid-argument" });
      assert.deepEqual(guest.method(`tcp-socket.${name}`, socket), first);
      for (const [set, held] of values) {
        must(guest.method(`tcp-socket.set-${name}`, socket, set));
        assert.deepEqual(guest.method(`tcp-socket.${name}`, socket).val, held);
      }
    });
  }

  test("tcp options: the backlog refuses 0", (t) => {
    const guest = guestOf(t);
    const socket = guest.tcp();
    assert.equal(guest.method("tcp-socket.set-listen-backlog-size", socket, 0n).val, "invalid-argument");
    must(guest.method("tcp-socket.set-listen-backlog-size", socket, 2n ** 64n - 1n));
  });

  test("tcp options: keep-alive reaches the connection, with all its times", async (t) => {
    const settings: unknown[] = [];
    const real = createNodeNetwork();
    const guest = startGuest(t, {
      ...elsewhere,
      network: {
        ...real,
        connectTcp: async (...args) => {
          const socket = await real.connectTcp(...args);
          const setKeepAlive = socket.setKeepAlive.bind(socket);
          socket.setKeepAlive = (setting?: SetKeepAliveOptions | boolean) => {
            settings.push(setting);
            return setKeepAlive(setting as SetKeepAliveOptions);
          };
          return socket;
        },
      },
    });
    const socket = guest.tcp();
    must(guest.method("tcp-socket.set-keep-alive-idle-time", socket, 30n * second));
    must(guest.method("tcp-socket.set-keep-alive-count", socket, 3));
    await guest.connect(socket, (await listening(guest)).address);
    must(guest.method("tcp-socket.set-keep-alive-enabled", socket, true));
    assert.deepEqual(settings, [
      { enable: false, initialDelay: 30_000, interval: 75_000, count: 3 },
      { enable: true, initialDelay: 30_000, interval: 75_000, count: 3 },
    ]);
  });
});
