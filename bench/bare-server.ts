// The yardstick of the HTTP benches: node:http answering a constant. Argument: the port.

import { createServer } from "node:http";

const body = "Hello from WebAssembly text";
createServer((_request, response) => {
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8", "content-length": body.length });
  response.end(body);
}).listen(Number(process.argv[2]), "127.0.0.1");
