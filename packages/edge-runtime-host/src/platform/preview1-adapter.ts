// Modules of WASI preview 1 as components, by the official tools and the official adapter: the module stays as it is,
// the adapter beside it turns its calls into those of WASI 0.2. The adapter's two files (50 KB each) are in jco's package,
// which takes 340 MB with all that it depends on and is no dependency of ours: packing this package copies the files.

import { readFile } from "node:fs/promises";

type AdapterName = "command" | "reactor";

/** In a package as it is installed, and in a checkout, where jco is at hand for development. */
const PLACES: readonly ((file: string) => URL)[] = [
  (file) => new URL(`../../vendor/${file}`, import.meta.url),
  (file) => new URL(`../lib/${file}`, import.meta.resolve("@bytecodealliance/jco")),
];

async function readAdapter(name: AdapterName): Promise<Uint8Array> {
  for (const place of PLACES) {
    try {
      // The first that has it.
      // oxlint-disable-next-line no-await-in-loop
      return new Uint8Array(await readFile(place(`wasi_snapshot_preview1.${name}.wasm`)));
    } catch {
      // The next may.
    }
  }
  throw new Error("the adapter is not installed: add the package @bytecodealliance/jco, which has it");
}

/** Rejects with an Error that says, in one line, what the adapter does not have or the module lacks. */
export async function adaptPreview1(module: Uint8Array, isCommand: boolean): Promise<Uint8Array> {
  const { componentNew } = await import("@bytecodealliance/jco-transpile/wasm-tools");
  const adapter = await readAdapter(isCommand ? "command" : "reactor");
  try {
    return await componentNew(module, [["wasi_snapshot_preview1", adapter]]);
  } catch (error) {
    throw new Error(describeFailure(error), { cause: error });
  }
}

/** Most characters of a reason: it quotes names of the module, which may be long. */
const MAX_REASON_LENGTH = 300;

/** The innermost of the causes that the tools list: `1: adapter module did not export ...`. */
function describeFailure(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return (lines.at(-1) ?? text).replace(/^\s*(?:\d+: )?/, "").slice(0, MAX_REASON_LENGTH);
}
