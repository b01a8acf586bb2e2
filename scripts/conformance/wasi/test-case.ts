// Tests of wasi-testsuite as files: X.wasm, and X.json where a test needs arguments or expects more than status 0.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

export interface TestCase {
  /** Path under the data folder, without `.wasm`. */
  readonly name: string;
  /** The folder of it, which the totals are of. */
  readonly folder: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: readonly (readonly [name: string, value: string])[];
  /** Folder whose copy the guest gets as `/`. */
  readonly root: string | undefined;
  readonly exitCode: number;
  /** Undefined: not looked at. */
  readonly stdout: string | undefined;
  readonly stderr: string | undefined;
}

interface Specification {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly root?: string;
  readonly exit_code?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

function readCase(data: string, file: string): TestCase {
  const json = file.replace(/\.wasm$/, ".json");
  const text = existsSync(json) ? readFileSync(json, "utf8") : "{}";
  // The form of WASI 0.3's tests has other keys, which are of no interest: those are not run.
  const specification = JSON.parse(text) as Specification;
  return {
    name: relative(data, file).replace(/\.wasm$/, ""),
    folder: relative(data, dirname(file)) || ".",
    file,
    args: [basename(file), ...(specification.args ?? [])],
    env: Object.entries(specification.env ?? {}),
    root: specification.root === undefined ? undefined : join(dirname(file), specification.root),
    exitCode: specification.exit_code ?? 0,
    stdout: specification.stdout,
    stderr: specification.stderr,
  };
}

/** All tests under a folder, by name. */
export function findTests(data: string, filter: string): TestCase[] {
  return readdirSync(data, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".wasm") && name.includes(filter))
    .toSorted()
    .map((name) => readCase(data, join(data, name)));
}
