// Makes examples/build/*.wasm from the sources under examples/. `npm start` and `npm test` run this first, so it does
// nothing, in a few milliseconds and without loading a tool, where nothing changed: a stamp per example holds the
// hash of what it is made from (sources, WIT, this script, versions of the tools) and of what was made.
// As a program: `node scripts/build-examples.ts`; progress on stdout, one line per example that is built.

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { withWasi } from "./wasi-wit.ts";
import { resolveWit } from "./wit-package.ts";

const ROOT = new URL("../", import.meta.url);
const EXAMPLES = new URL("examples/", ROOT);
const BUILD = new URL("build/", EXAMPLES);
const WORLD = "http-handler";

interface Example {
  readonly name: string;
  /** npm packages that make it: a new version builds it anew. */
  readonly tools: readonly string[];
  readonly build: () => Promise<Uint8Array>;
}

interface Stamp {
  readonly inputs: string;
  readonly output: string;
}

const EXAMPLE_LIST: readonly Example[] = [
  { name: "hello-wat", tools: ["@bytecodealliance/jco-transpile"], build: () => assemble("hello-wat/hello.wat") },
  {
    name: "composed-wat",
    tools: ["@bytecodealliance/jco-transpile"],
    build: () => assemble("composed-wat/composed.wat"),
  },
  { name: "hello-js", tools: ["componentize-qjs"], build: () => componentize(readExample("hello-js/handler.js")) },
  {
    name: "hello-ts",
    tools: ["componentize-qjs", "esbuild"],
    build: async () => componentize(await bundle("hello-ts/src/handler.ts")),
  },
  {
    name: "fetch-js",
    tools: ["@bytecodealliance/componentize-js"],
    build: () => withStarlingMonkey("fetch-js/app.js"),
  },
];

/** Builds what is out of date; returns the names of what was built. Rejects with the tool's error, naming the example. */
export async function buildExamples(report: (line: string) => void): Promise<string[]> {
  mkdirSync(BUILD, { recursive: true });
  const wit = resolveWit();
  const built: string[] = [];
  for (const example of EXAMPLE_LIST) {
    const inputs = hashInputs(example, wit);
    if (isUpToDate(example.name, inputs)) continue;
    const startedAt = performance.now();
    if (built.length === 0) writeWhole("runtime.wit", wit);
    const bytes = await example.build().catch((error: unknown) => {
      throw new Error(`examples/${example.name}: cannot be built`, { cause: error });
    });
    writeWhole(`${example.name}.wasm`, bytes);
    const stamp: Stamp = { inputs, output: sha256(bytes) };
    writeWhole(`${example.name}.stamp.json`, `${JSON.stringify(stamp)}\n`);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    report(`built examples/build/${example.name}.wasm (${bytes.length.toLocaleString("en")} bytes, ${seconds} s)`);
    built.push(example.name);
  }
  return built;
}

async function assemble(path: string): Promise<Uint8Array> {
  const { parse } = await import("@bytecodealliance/jco-transpile/wasm-tools");
  return parse(readExample(path));
}

/** `sync`: without the async ABI, which 0.1 hosts do not serve. `stubWasi`: the world has no WASI, so nothing asks for it. */
async function componentize(jsSource: string): Promise<Uint8Array> {
  const tool = await import("componentize-qjs");
  const witPath = fileURLToPath(new URL("runtime.wit", BUILD));
  const { component } = await tool.componentize({ witPath, world: WORLD, jsSource, sync: true, stubWasi: true });
  return component;
}

/** A web `fetch` event listener on wasi:http: the engine's own imports are of this version. */
async function withStarlingMonkey(path: string): Promise<Uint8Array> {
  const tool = await import("@bytecodealliance/componentize-js");
  const version = "0.2.10";
  const options = {
    sourcePath: fileURLToPath(new URL(path, EXAMPLES)),
    // The tool's types do not name it, its page does.
    witWorld: withWasi(`package examples:fetch;\nworld app { export wasi:http/incoming-handler@${version}; }`, version),
    worldName: "app",
  };
  return (await tool.componentize(options)).component;
}

async function bundle(path: string): Promise<string> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(path, EXAMPLES))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2023",
    external: ["edge:runtime/*"],
    logLevel: "silent",
  });
  return outputFiles.map((file) => file.text).join("");
}

function isUpToDate(name: string, inputs: string): boolean {
  try {
    const stamp = JSON.parse(readFileSync(new URL(`${name}.stamp.json`, BUILD), "utf8")) as Partial<Stamp>;
    return stamp.inputs === inputs && stamp.output === sha256(readFileSync(new URL(`${name}.wasm`, BUILD)));
  } catch {
    // No stamp, a torn one, or no output: build.
    return false;
  }
}

function hashInputs(example: Example, wit: string): string {
  const folder = new URL(`${example.name}/`, EXAMPLES);
  const hash = createHash("sha256")
    .update(wit)
    .update(readFileSync(new URL(import.meta.url)));
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .sort();
  for (const file of files) {
    hash.update(`\0${file.slice(fileURLToPath(folder).length)}\0`).update(readFileSync(file));
  }
  for (const tool of example.tools) {
    hash.update(`\0${tool}\0`).update(readFileSync(new URL(`node_modules/${tool}/package.json`, ROOT)));
  }
  return hash.digest("hex");
}

function readExample(path: string): string {
  return readFileSync(new URL(path, EXAMPLES), "utf8");
}

/** Written beside and renamed: a reader, or a second build at the same time, never sees half a file. */
function writeWhole(name: string, content: string | Uint8Array): void {
  const temporary = new URL(`.${name}.${process.pid}`, BUILD);
  writeFileSync(temporary, content);
  renameSync(temporary, new URL(name, BUILD));
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildExamples((line) => process.stdout.write(`${line}\n`));
}
