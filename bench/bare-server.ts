// The yardstick of the HTTP benches: node:http answering a constant, on the port of its argument or a free one, which
// it prints.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const body = "Hello from WebAssembly text";
const server = createServer((_request, response) => {
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8", "content-length": body.length });
  response.end(body);
});
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () =>
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`),
);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
process.on("disconnect", () => process.exit(0));
