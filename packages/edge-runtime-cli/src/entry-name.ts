// Names by which a command line may call an exported function. Components list theirs as `run` or as
// `wasi:cli/run@0.2.0#run`; people, and other runtimes' command lines, write the latter in several ways.

import { ExportNotFound } from "edge-runtime-common";
import { UsageError } from "./usage-error.ts";

const MAX_LISTED = 20;

/** `run` of a `wasi:cli/run` of any 0.2 version. */
const WASI_RUN = /^wasi:cli\/run@0\.2\.[^#]*#run$/;

/** Whether the entry is what a component does when no function is named; its `err` means that the program failed. */
export function isMainEntry(entry: string): boolean {
  return entry === "run" || isCommandEntry(entry);
}

/** Whether it is a program's: what it is told are arguments like those of any program, and what it says is its output. */
export function isCommandEntry(entry: string): boolean {
  return WASI_RUN.test(entry);
}

/**
 * The entry that `name` means: as it is listed; with `.` or `/` for `#`, with the version left out or at the end
 * (`wasi:cli/run.run@0.2.0`); or the function alone where one interface has it. Throws UsageError where several do,
 * ExportNotFound.
 */
export function findEntry(entries: readonly string[], name: string): string {
  if (entries.includes(name)) return name;
  const found = entries.filter((entry) => spellings(entry).includes(name));
  const [only, ...others] = found;
  if (only === undefined) throw new ExportNotFound(name, entries);
  if (others.length > 0) throw new UsageError(`${name}: several interfaces export it; name one of ${found.join(", ")}`);
  return only;
}

/** What to do where no function was named and there is no default. */
export function suggestEntries(entries: readonly string[]): string {
  if (entries.length === 0) return "it exports no function at all";
  const more = entries.length > MAX_LISTED ? ` and ${entries.length - MAX_LISTED} more` : "";
  return `name a function with --invoke: ${entries.slice(0, MAX_LISTED).join(", ")}${more}`;
}

function spellings(entry: string): string[] {
  const [path, name] = entry.split("#", 2);
  if (path === undefined || name === undefined) return [];
  const [unversioned = path, version] = path.split("@", 2);
  const suffix = version === undefined ? "" : `@${version}`;
  const separated = ["#", ".", "/"].flatMap((separator) => [
    path + separator + name,
    unversioned + separator + name,
    unversioned + separator + name + suffix,
  ]);
  return [name, ...separated];
}
