// What one writes without any runtime: a new instance of the core module for each request, in plain node:http.
// Arguments: port, module.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly [path: string]: unknown;
}

const [port, file = ""] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(file));
createServer((request, response) => {
  try {
    const exports = new WebAssembly.Instance(module).exports as unknown as Exports;
    const handle = exports[(request.url ?? "").slice(1)] as () => readonly [number, number];
    const body = Buffer.from(exports.memory.buffer, ...handle());
    response.writeHead(200, { "content-type": "text/plain; charset=utf-8", "content-length": body.length });
    response.end(body);
  } catch {
    response.writeHead(500).end();
  }
}).listen(Number(port), "127.0.0.1");
