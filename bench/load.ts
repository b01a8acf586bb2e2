// A load generator of raw sockets: each connection has one request under way. It counts answers by their
// content-length and does nothing else, so that the server is what is measured.
// Arguments: port, path, connections, milliseconds. Prints one JSON object.

import { connect } from "node:net";

const [port = "", path = "/", connections = "16", durationMs = "1000"] = process.argv.slice(2);
const request = Buffer.from(
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: */*\r\nUser-Agent: bench\r\n\r\n`,
);
const latencies: number[] = [];
let failures = 0;

function client(stopAt: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), "127.0.0.1");
    socket.setNoDelay(true);
    let pending: Buffer = Buffer.alloc(0);
    let sentAt = 0;
    const send = (): void => {
      sentAt = performance.now();
      if (sentAt >= stopAt) socket.end();
      else socket.write(request);
    };
    socket.on("connect", send);
    socket.on("data", (chunk: Buffer) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const headEnd = pending.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const head = pending.toString("latin1", 0, headEnd);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? "0");
      if (pending.length < headEnd + 4 + length) return;
      if (!head.startsWith("HTTP/1.1 200")) failures += 1;
      pending = pending.subarray(headEnd + 4 + length);
      latencies.push(performance.now() - sentAt);
      send();
    });
    socket.on("error", () => {
      failures += 1;
      resolve();
    });
    socket.on("close", () => resolve());
  });
}

const startedAt = performance.now();
const stopAt = startedAt + Number(durationMs);
await Promise.all(Array.from({ length: Number(connections) }, () => client(stopAt)));
const seconds = (performance.now() - startedAt) / 1000;
latencies.sort((left, right) => left - right);
const p99 = latencies[Math.floor(latencies.length * 0.99)] ?? 0;
process.stdout.write(`${JSON.stringify({ perSecond: latencies.length / seconds, p99Ms: p99, failures })}\n`);
