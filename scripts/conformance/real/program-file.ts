// The programs of a folder of real modules and components: those that an index.jsonl lists (with what they are), and
// those that have their expected output beside them.

import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

export interface ProgramFile {
  /** Path from the folder, without `.wasm`; the first part is the folder that totals are given for. */
  readonly name: string;
  readonly file: string;
  readonly folder: string;
  /** What the guest sees of the host's files as `.`; it is copied for each run. */
  readonly root: string;
  /** What it must print, white space at both ends aside; undefined: nothing is known of it. */
  readonly stdout: string | undefined;
  /** Made for the asynchronous Component Model, or for a binary version of before the first release. */
  readonly mustBeRefused: boolean;
}

interface IndexLine {
  readonly file: string;
  readonly target: string;
  readonly imports: readonly string[];
  readonly features?: readonly string[];
}

function expectedOutput(file: string): string | undefined {
  const stem = basename(file, ".wasm");
  const path = [`${stem}.stdout.expected`, "default.stdout.expected"]
    .map((name) => join(dirname(file), name))
    .find(existsSync);
  return path === undefined ? undefined : readFileSync(path, "utf8").trim();
}

function readIndex(data: string): Map<string, IndexLine> {
  const path = join(data, "index.jsonl");
  if (!existsSync(path)) return new Map();
  const lines = readFileSync(path, "utf8").trim().split("\n");
  return new Map(lines.map((line) => JSON.parse(line) as IndexLine).map((line) => [line.file, line]));
}

function mustBeRefused(line: IndexLine | undefined): boolean {
  if (line === undefined) return false;
  const isOf03 =
    line.imports.some((name) => name.includes("@0.3.")) || line.features?.some((name) => name === "cm_async");
  return isOf03 === true || line.target === "must be rejected";
}

/** Sorted by name. */
export function findPrograms(data: string, filter: string): ProgramFile[] {
  const index = readIndex(data);
  const files = index.size > 0 ? [...index.keys()] : globSync("**/*.wasm", { cwd: data });
  return files
    .toSorted()
    .map((path): ProgramFile => {
      const file = join(data, path);
      const stdout = index.size > 0 ? undefined : expectedOutput(file);
      return {
        name: path.replace(/\.wasm$/, ""),
        file,
        folder: path.includes("/") ? (path.split("/")[0] ?? "") : ".",
        root: dirname(file),
        stdout,
        mustBeRefused: mustBeRefused(index.get(path)),
      };
    })
    .filter(({ name }) => name.includes(filter));
}
