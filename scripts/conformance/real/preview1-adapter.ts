// Modules of WASI preview 1 become components by the official tools and adapter. Benchmarks import `bench.start` and
// `bench.end` beside it: two functions that do nothing here, as a second adapter.

import { readFile } from "node:fs/promises";
import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { CompilationFailed } from "edge-runtime-common";

const ADAPTED = new Set(["wasi_snapshot_preview1", "bench"]);
const CORE_VERSION = 1;

/** Whether a core module imports preview 1, and nothing that has no adapter. */
export function importsPreview1(bytes: Uint8Array): boolean {
  if (bytes[4] !== CORE_VERSION || !WebAssembly.validate(bytes.slice())) return false;
  const modules = WebAssembly.Module.imports(new WebAssembly.Module(bytes.slice())).map(({ module }) => module);
  return modules.length > 0 && modules.every((module) => ADAPTED.has(module));
}

/** Rejects with CompilationFailed where the adapter does not fit. */
export async function adaptPreview1(bytes: Uint8Array): Promise<Uint8Array> {
  const exported = WebAssembly.Module.exports(new WebAssembly.Module(bytes.slice()));
  const kind = exported.some(({ name }) => name === "_start") ? "command" : "reactor";
  const file = `../lib/wasi_snapshot_preview1.${kind}.wasm`;
  const adapter = await readFile(new URL(file, import.meta.resolve("@bytecodealliance/jco")));
  const binary = await parse(`(module (func (export "start")) (func (export "end")))`);
  const bench = await componentEmbed({ binary, witSource: "package bench:adapter;\nworld bench {}", world: "bench" });
  try {
    return await componentNew(bytes, [
      ["wasi_snapshot_preview1", new Uint8Array(adapter)],
      ["bench", bench],
    ]);
  } catch (error) {
    throw new CompilationFailed(`the adapter does not fit: ${String(error).slice(0, 300)}`, error);
  }
}
