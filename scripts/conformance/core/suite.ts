// A folder of converted scripts: `<suite>/<group>/<stem>/<stem>.json`. Every folder of that form is run, whatever its
// name; `unsupported` holds modules that this V8 does not run, of which only a clean refusal is asked.

import { readdirSync } from "node:fs";
import { globSync } from "node:fs";
import { join } from "node:path";
import { runScript } from "./run-script.ts";
import type { Tally } from "./tally.ts";
import { addTally, emptyTally } from "./tally.ts";

export const refusalFolder = "unsupported";

/** Scripts by folder, `spec/simd` and the like; names are relative to `data`. */
export function scriptsOf(data: string, filter: string): Map<string, string[]> {
  const folders = new Map<string, string[]>();
  for (const suite of readdirSync(data).toSorted()) {
    if (suite === refusalFolder) continue;
    for (const file of globSync("**/*.json", { cwd: join(data, suite) }).toSorted()) {
      const name = `${suite}/${file.replaceAll("\\", "/")}`;
      if (!name.includes(filter)) continue;
      const parts = name.split("/");
      const folder = parts.length > 3 ? parts.slice(0, 2).join("/") : suite;
      folders.set(folder, [...(folders.get(folder) ?? []), name]);
    }
  }
  return folders;
}

export interface SuiteReport {
  readonly folders: ReadonlyMap<string, Tally>;
  readonly total: Tally;
}

export async function runSuite(data: string, filter: string): Promise<SuiteReport> {
  const folders = new Map<string, Tally>();
  const total = emptyTally();
  for (const [folder, names] of scriptsOf(data, filter)) {
    const tally = emptyTally();
    for (const name of names) {
      // One after another: each compares ways that would disturb each other's stack depth and memory.
      // oxlint-disable-next-line no-await-in-loop
      addTally(tally, await runScript(join(data, name), name.replace(/\.json$/, "")));
    }
    folders.set(folder, tally);
    addTally(total, tally);
  }
  return { folders, total };
}
