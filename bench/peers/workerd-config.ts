// Configurations of workerd, in Cap'n Proto's text format: one worker on one socket.

const HELLO = `export default {
  fetch() {
    return new Response("Hello from WebAssembly text", { headers: { "content-type": "text/plain; charset=utf-8" } });
  },
};`;

const NEW_INSTANCE = `import module from "guest.wasm";
export default {
  fetch(request) {
    const { exports } = new WebAssembly.Instance(module);
    const handle = exports[new URL(request.url).pathname.slice(1)];
    const body = new Uint8Array(exports.memory.buffer, ...handle());
    return new Response(body, { headers: { "content-type": "text/plain; charset=utf-8" } });
  },
};`;

const scripts = {
  hello: { source: HELLO, wasm: "" },
  instance: { source: NEW_INSTANCE, wasm: `, (name = "guest.wasm", wasm = embed "core.wasm")` },
} as const;

/** To be written beside core.wasm. */
export function workerdConfig(script: keyof typeof scripts, port: number): string {
  const { source, wasm } = scripts[script];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [(name = "main", esModule = ${JSON.stringify(source)})${wasm}],
  compatibilityDate = "2026-01-01"
);
`;
}
