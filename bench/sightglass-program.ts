// One sightglass program: found in the data folder, run under node:wasi in a fresh instance, timed between its calls of
// `bench.start` and `bench.end`, its output compared with what the suite expects.

import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { WASI } from "node:wasi";

export interface SightglassProgram {
  /** Short and unique: `bz2`, `shootout-fib2`. */
  readonly name: string;
  readonly path: string;
}

export type Exports = Readonly<Record<string, WebAssembly.ExportValue>>;

/** Compiled once, run in many instances. */
export interface Variant {
  readonly name: string;
  readonly module: WebAssembly.Module;
  /** What the rewriter's injected imports get, given how to reach the instance's exports; empty for the original. */
  readonly injected: (exports: () => Exports) => WebAssembly.Imports;
}

export function listPrograms(folder: string): SightglassProgram[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".wasm") && !path.startsWith("cm-") && !path.includes("noop"))
    .map((path) => {
      const stem = basename(path, ".wasm");
      return { name: stem === "benchmark" ? dirname(path) : stem, path: join(folder, path) };
    })
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

function expected(program: SightglassProgram, stream: "stdout" | "stderr"): string | undefined {
  const folder = dirname(program.path);
  const candidates = [basename(program.path, ".wasm"), "default"].map((s) => join(folder, `${s}.${stream}.expected`));
  const path = candidates.find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : readFileSync(path, "utf8").trim();
}

/** Runs instances of one program; dispose it to remove its output files. */
export class SightglassRunner implements Disposable {
  readonly #program: SightglassProgram;
  readonly #folder = mkdtempSync(join(tmpdir(), "sightglass-"));
  readonly #stdout: number;
  readonly #stderr: number;

  constructor(program: SightglassProgram) {
    this.#program = program;
    this.#stdout = openSync(join(this.#folder, "stdout"), "a+");
    this.#stderr = openSync(join(this.#folder, "stderr"), "a+");
  }

  /** Time between `bench.start` and `bench.end`, in microseconds. @throws where the output differs. */
  run(variant: Variant): number {
    ftruncateSync(this.#stdout);
    ftruncateSync(this.#stderr);
    const wasi = new WASI({
      version: "preview1",
      args: [basename(this.#program.path)],
      preopens: { ".": dirname(this.#program.path) },
      stdout: this.#stdout,
      stderr: this.#stderr,
      returnOnExit: true,
    });
    let startedAt = 0;
    let elapsedUs = 0;
    const bench = {
      start: () => {
        startedAt = performance.now();
      },
      end: () => {
        elapsedUs = (performance.now() - startedAt) * 1000;
      },
    };
    let exports: Exports = {};
    const imports = {
      wasi_snapshot_preview1: wasi.wasiImport,
      bench,
      ...variant.injected(() => exports),
    };
    const instance = new WebAssembly.Instance(variant.module, imports);
    exports = instance.exports;
    const status = wasi.start(instance);
    this.#verify(variant, status);
    return elapsedUs;
  }

  #verify(variant: Variant, status: number): void {
    const label = `${this.#program.name} (${variant.name})`;
    if (status !== 0) throw new Error(`${label} ended with status ${status}`);
    for (const stream of ["stdout", "stderr"] as const) {
      const wanted = expected(this.#program, stream);
      const written = readFileSync(join(this.#folder, stream), "utf8").trim();
      if (wanted !== undefined && written !== wanted) throw new Error(`${label} wrote to ${stream} what it should not`);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#stdout);
    closeSync(this.#stderr);
    rmSync(this.#folder, { recursive: true });
  }
}
