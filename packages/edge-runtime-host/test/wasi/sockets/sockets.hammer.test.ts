// Runs that end with sockets in every state leave nothing behind in the process.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { createNodeNetwork } from "../../../src/network/node-network.ts";
import { ipv4, must, SocketsGuest } from "./sockets-guest.ts";

const RUNS = 100;
const anywhere = ipv4(0, [0, 0, 0, 0]);

function openHandles(): number {
  return process.getActiveResourcesInfo().filter((name) => /^(TCP|UDP)/.test(name)).length;
}

async function runOnce(port: number, network: ReturnType<typeof createNodeNetwork>): Promise<void> {
  const guest = new SocketsGuest({ allowPrivate: ["127.0.0.1:*"], listen: ["127.0.0.1:*"], network });
  const connected = guest.tcp();
  const [input, output] = await guest.connect(connected, ipv4(port));
  must(guest.method("output-stream.check-write", output));
  must(guest.method("output-stream.write", output, new Uint8Array(60_000)));
  must(guest.start("connect", guest.tcp(), ipv4(port)));
  guest.bind(guest.tcp(), ipv4(0));
  const listener = guest.tcp();
  await guest.listen(listener, ipv4(0));
  must(guest.start("connect", guest.tcp(), guest.method("tcp-socket.local-address", listener).val as never));
  const half = guest.tcp();
  guest.bind(half, ipv4(0));
  must(guest.method("tcp-socket.start-listen", half));
  const datagrams = guest.udp();
  guest.bind(datagrams, anywhere, "udp-socket");
  must(guest.method("udp-socket.stream", datagrams, ipv4(port)));
  must(guest.method("udp-socket.stream", datagrams, undefined));
  guest.end();
  // As the linker does afterwards with the handles that are left.
  guest.drop("input-stream", input);
  guest.drop("output-stream", output);
  for (const socket of [connected, listener, half]) guest.drop("tcp-socket", socket);
  guest.drop("udp-socket", datagrams);
}

test("hammer: a hundred runs with sockets in every state leave no handle", async (t) => {
  const accepted = new Set<Socket>();
  const server = createServer((socket) => {
    accepted.add(socket);
    socket.on("error", () => undefined).on("close", () => accepted.delete(socket));
    socket.resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const network = createNodeNetwork();
  const before = openHandles();
  for (let run = 0; run < RUNS; run += 10) {
    await Promise.all(Array.from({ length: 10 }, () => runOnce(port, network)));
  }
  // The server's side closes when it has heard of it; a leak would keep this waiting.
  while (accepted.size > 0) await new Promise(setImmediate);
  while (openHandles() > before) await new Promise(setImmediate);
  assert.equal(openHandles(), before);
});
