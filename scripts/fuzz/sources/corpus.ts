// Modules that mutants are made of: our own, and those of the conformance data where there is any.

import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseWat } from "edge-runtime-testing";
import { specialModules } from "../generator/special-opcodes.ts";

/** Larger ones take long to run and longer to mutate. */
const mostBytes = 100_000;

export interface Corpus {
  /** Valid core modules. */
  readonly modules: readonly Uint8Array[];
  /** Components, and modules that are not valid: for corrupt bytes. */
  readonly others: readonly Uint8Array[];
}

/** `data` is the conformance folder. Files come in the order of their names: a seed means the same everywhere. */
export async function loadCorpus(data: string | undefined): Promise<Corpus> {
  const own = await Promise.all(specialModules.map(([, wat]) => parseWat(wat)));
  const folder = data !== undefined && existsSync(data) ? data : undefined;
  const files =
    folder === undefined ? [] : globSync("{core/spec,component,real}/**/*.wasm", { cwd: folder }).toSorted();
  const read = files
    .map((file) => new Uint8Array(readFileSync(join(folder ?? "", file))))
    .filter((bytes) => bytes.length <= mostBytes);
  const all = [...own, ...read];
  return {
    modules: all.filter((bytes) => WebAssembly.validate(bytes)),
    others: all.filter((bytes) => !WebAssembly.validate(bytes)),
  };
}
