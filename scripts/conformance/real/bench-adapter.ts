// Benchmarks of preview 1 import `bench.start` and `bench.end` beside WASI: two functions that do nothing here. They are
// part of the component as a second adapter, so that the runtime need not know them.

import { readFile } from "node:fs/promises";
import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco-transpile/wasm-tools";

const CORE_VERSION = 1;

export function importsBench(bytes: Uint8Array): boolean {
  if (bytes[4] !== CORE_VERSION || !WebAssembly.validate(bytes.slice())) return false;
  return WebAssembly.Module.imports(new WebAssembly.Module(bytes.slice())).some(({ module }) => module === "bench");
}

/** The program as a component, by the official tools and adapter. */
export async function adaptBench(bytes: Uint8Array): Promise<Uint8Array> {
  const binary = await parse(`(module (func (export "start")) (func (export "end")))`);
  const bench = await componentEmbed({ binary, witSource: "package bench:adapter;\nworld bench {}", world: "bench" });
  const command = new URL("../lib/wasi_snapshot_preview1.command.wasm", import.meta.resolve("@bytecodealliance/jco"));
  return componentNew(bytes, [
    ["wasi_snapshot_preview1", new Uint8Array(await readFile(command))],
    ["bench", bench],
  ]);
}
