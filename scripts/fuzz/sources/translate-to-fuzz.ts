// Binaryen's translate-to-fuzz: random bytes become a valid module with every feature that it knows. Its wasm-opt is a
// script of JavaScript that starts, reads files and ends as a process does, in a third of a second. Here its text is
// compiled once and its wasm too, and each module is a call of 20 ms, with files at the paths that it is given.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { compileFunction } from "node:vm";
import type { Random } from "../random.ts";

interface Settings {
  readonly arguments: readonly string[];
  readonly print: (line: string) => void;
  readonly printErr: (line: string) => void;
  readonly postRun: (() => void)[];
  readonly instantiateWasm?: (imports: WebAssembly.Imports, use: (instance: WebAssembly.Instance) => void) => void;
}

/** The script as a function of what a module of Node's has around it. */
type Start = (...scope: readonly unknown[]) => void;

const scope = ["Module", "WebAssembly", "process", "require", "module", "__filename", "__dirname"];

/** Features that Binaryen has and V8 does not accept without flags, or that the format does not have yet. */
const foreign = [
  "strings",
  "stack-switching",
  "shared-everything",
  "fp16",
  "custom-descriptors",
  "relaxed-atomics",
  "custom-page-sizes",
  "wide-arithmetic",
  "multibyte",
];

/** Features that are left out of some modules, so that these are not about them alone. */
const optional = ["gc", "threads", "exception-handling", "simd", "multivalue", "tail-call", "memory64", "multimemory"];

/** The `WebAssembly` that the script sees: it compiles its wasm through `compileOnce`. */
function compilingOnce(compileOnce: (bytes: Uint8Array) => Promise<WebAssembly.Module>): unknown {
  const instantiate = async (bytes: Uint8Array, imports: WebAssembly.Imports): Promise<unknown> => {
    const module = await compileOnce(bytes);
    return { instance: new WebAssembly.Instance(module, imports), module };
  };
  return new Proxy(WebAssembly, {
    get: (target, key) => (key === "instantiate" ? instantiate : (Reflect.get(target, key) as unknown)),
  });
}

/** A `process` that the script may set exit codes on. */
function quietProcess(script: string): unknown {
  return new Proxy(process, {
    get: (target, key) => (key === "argv" ? [process.execPath, script] : (Reflect.get(target, key) as unknown)),
    set: () => true,
  });
}

export class TranslateToFuzz {
  readonly #scratch: string;
  readonly #script: string;
  readonly #start: Start;
  readonly #require: NodeJS.Require;
  readonly #wasm: unknown;
  readonly #process: unknown;
  #module: WebAssembly.Module | undefined;

  /** `scratch` is a folder for files that do not outlive a call. */
  constructor(scratch: string) {
    const main = createRequire(import.meta.url).resolve("binaryen");
    const script = join(dirname(main), "bin", "wasm-opt");
    this.#scratch = scratch;
    this.#require = createRequire(script);
    const text = readFileSync(script, "utf8").replace(/^#!.*/, "");
    this.#start = compileFunction(text, scope, { filename: script }) as Start;
    this.#script = script;
    this.#wasm = compilingOnce(async (bytes) => (this.#module = new WebAssembly.Module(bytes)));
    this.#process = quietProcess(script);
  }

  /** Runs wasm-opt; what it printed. */
  async #run(args: readonly string[]): Promise<string> {
    const lines: string[] = [];
    const note = (line: string): void => void lines.push(line);
    const module = this.#module;
    await new Promise<void>((resolve) => {
      const settings: Settings = { arguments: args, print: note, printErr: note, postRun: [resolve] };
      const compiled: Settings =
        module === undefined
          ? settings
          : { ...settings, instantiateWasm: (imports, use) => use(new WebAssembly.Instance(module, imports)) };
      const file = this.#script;
      this.#start(compiled, this.#wasm, this.#process, this.#require, undefined, file, dirname(file));
    });
    return lines.join("\n");
  }

  /** A random module; undefined where Binaryen made none. */
  async create(random: Random): Promise<Uint8Array | undefined> {
    const input = join(this.#scratch, "input.bin");
    const output = join(this.#scratch, "output.wasm");
    writeFileSync(input, random.bytes(500 + random.below(6000)));
    rmSync(output, { force: true });
    const without = optional.filter(() => random.oneIn(4));
    if (random.oneIn(2)) without.push("gc");
    if (random.oneIn(2)) without.push("threads");
    // With exceptions there is a table of them, and what can write to one is never reset.
    if (random.oneIn(2)) without.push("exception-handling");
    // V8 refuses modules with exceptions of both kinds, which is what Binaryen makes: the old ones are translated.
    const passes = ["--emit-exnref", ...(random.oneIn(3) ? ["-O2"] : [])];
    const features = [...foreign, ...without].map((feature) => `--disable-${feature}`);
    await this.#run([input, "-ttf", "-all", ...features, ...passes, "-o", output, "-q"]);
    try {
      return new Uint8Array(readFileSync(output));
    } catch {
      return undefined;
    }
  }
}
