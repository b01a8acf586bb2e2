// Makes what the servers serve from the texts in guests/, in a folder of its own, with the tools of the workspace. The
// WIT of WASI is that of the installed jco; without it there are no components.

import { globSync, readFileSync, writeFileSync } from "node:fs";
import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco-transpile/wasm-tools";

const TEXTS = new URL("guests/", import.meta.url);
const WASI = "node_modules/@bytecodealliance/jco/lib/wit/builtin/0.2.12/*/package.wit";
const WORLD = `package edge-bench:guest;
world guest {
  import wasi:io/streams@0.2.12;
  import wasi:http/types@0.2.12;
  export wasi:http/incoming-handler@0.2.12;
}`;
/** Where the variant differs that does what a request's path asks for. */
const READS_NO_PATH = "(; fate ;)";
const READS_PATH = "(call $read-fate (local.get $request))";

/** Writes core.wasm, extism.wasm, hello.wasm and, where jco is installed, wasi-http.wasm and wasi-http-fate.wasm. */
export async function makeGuests(folder: string): Promise<void> {
  for (const name of ["core", "extism"]) writeFileSync(`${folder}/${name}.wasm`, await parse(readText(`${name}.wat`)));
  writeFileSync(`${folder}/hello.wasm`, await parse(readText("../../../examples/hello-wat/hello.wat")));
  const wit = wasiWit();
  if (wit === undefined) return;
  const text = readText("wasi-http.wat");
  writeFileSync(`${folder}/wasi-http.wasm`, await component(text, wit));
  writeFileSync(`${folder}/wasi-http-fate.wasm`, await component(text.replace(READS_NO_PATH, READS_PATH), wit));
}

function readText(name: string): string {
  return readFileSync(new URL(name, TEXTS), "utf8");
}

/** The packages of WASI as nested packages of one text; undefined where there are none. */
function wasiWit(): string | undefined {
  const here = new URL(".", import.meta.url);
  const files = globSync(WASI, { cwd: here }).toSorted();
  if (files.length === 0) return undefined;
  const packages = files.map((file) =>
    readFileSync(new URL(file, here), "utf8").replace(/^package (\S+);([^]*)$/m, "package $1 {$2}\n"),
  );
  return [WORLD, ...packages].join("\n");
}

async function component(wat: string, witSource: string): Promise<Uint8Array> {
  return componentNew(await componentEmbed({ binary: await parse(wat), witSource, world: "guest" }));
}
