// Extism's JavaScript SDK behind node:http. Arguments: port, module, mode: one plugin for all requests (`shared`), a new
// one for each (`new`), or plugins in worker threads with a timeout (`worker`), which is how the SDK stops a guest.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { availableParallelism } from "node:os";

interface Plugin {
  call(name: string): Promise<{ bytes(): Uint8Array } | null>;
  close(): Promise<void>;
}
interface Extism {
  readonly createPlugin: (
    manifest: { readonly wasm: readonly { readonly module: WebAssembly.Module }[] },
    options?: { readonly runInWorker?: boolean; readonly timeoutMs?: number },
  ) => Promise<Plugin>;
}
type Call = (name: string) => Promise<Uint8Array>;

/** What `execution.timeout_ms` is by default here. */
const TIMEOUT_MS = 100;

const [port, file = "", mode = ""] = process.argv.slice(2);
/** A name, not a literal in the import: tools that check this file need not find what may not be installed. */
const sdk: string = "@extism/extism";
const { createPlugin } = (await import(sdk)) as Extism;
const manifest = { wasm: [{ module: new WebAssembly.Module(readFileSync(file)) }] };

async function callPlugin(plugin: Plugin, name: string): Promise<Uint8Array> {
  const output = await plugin.call(name);
  if (output === null) throw new Error("no output");
  return output.bytes();
}

async function shared(): Promise<Call> {
  const plugin = await createPlugin(manifest);
  return (name) => callPlugin(plugin, name);
}

async function newEach(name: string): Promise<Uint8Array> {
  const plugin = await createPlugin(manifest);
  try {
    return await callPlugin(plugin, name);
  } finally {
    await plugin.close();
  }
}

/** As many plugins as cores; each takes one call at a time, so calls queue. */
async function workers(): Promise<Call> {
  const options = { runInWorker: true, timeoutMs: TIMEOUT_MS };
  const idle = await Promise.all(Array.from({ length: availableParallelism() }, () => createPlugin(manifest, options)));
  const waiting: ((plugin: Plugin) => void)[] = [];
  return async (name) => {
    const plugin = idle.pop() ?? (await new Promise<Plugin>((resolve) => void waiting.push(resolve)));
    try {
      return await callPlugin(plugin, name);
    } finally {
      const next = waiting.shift();
      if (next === undefined) idle.push(plugin);
      else next(plugin);
    }
  };
}

const modes: Readonly<Record<string, () => Call | Promise<Call>>> = { shared, new: () => newEach, worker: workers };
const call = await modes[mode]?.();
if (call === undefined) throw new Error(`no mode ${mode}`);
createServer((request, response) => {
  call((request.url ?? "").slice(1)).then(
    (body) => {
      response.writeHead(200, { "content-type": "text/plain; charset=utf-8", "content-length": body.length });
      response.end(body);
    },
    () => response.writeHead(500).end(),
  );
}).listen(Number(port), "127.0.0.1");
