// The same component through jco: transpiled to JavaScript glue, core modules compiled once, an instance at a time.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { transpileBytes } from "@bytecodealliance/jco-transpile";

/** Functions by interface. */
export type JcoImports = Readonly<Record<string, unknown>>;

type Instantiate = (
  getCoreModule: (path: string) => WebAssembly.Module,
  imports: JcoImports,
) => Readonly<Record<string, unknown>>;

export interface JcoComponent {
  readonly instantiate: () => Readonly<Record<string, unknown>>;
}

const noop = (): void => {};

/** What the examples import; jco drops the version from the names. */
const exampleImports: JcoImports = {
  "edge:runtime/logging": { log: noop, debug: noop, info: noop, warn: noop, error: noop },
  "edge:runtime/http-outbound": { fetch: noop, get: noop },
  "edge:runtime/http-types": {},
};

export async function jcoComponent(bytes: Uint8Array, imports = exampleImports): Promise<JcoComponent> {
  const { files } = await transpileBytes(bytes, { name: "component", instantiation: "sync", wasiShim: false });
  const folder = mkdtempSync(join(tmpdir(), "edge-bench-"));
  const modules = new Map<string, WebAssembly.Module>();
  try {
    for (const [name, content] of Object.entries(files)) {
      if (name.endsWith(".wasm")) modules.set(name, new WebAssembly.Module(content));
    }
    const entry = join(folder, "component.mjs");
    writeFileSync(entry, files["component.js"] ?? "");
    const { instantiate } = (await import(pathToFileURL(entry).href)) as { instantiate: Instantiate };
    const getCoreModule = (path: string): WebAssembly.Module => {
      const module = modules.get(path);
      if (module === undefined) throw new Error(`jco asked for ${path}`);
      return module;
    };
    return { instantiate: () => instantiate(getCoreModule, imports) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
