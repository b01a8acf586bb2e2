// Whether granted directories can be used, asked before any guest runs: a run that finds one missing fails.

import { stat } from "node:fs/promises";
import { Io } from "edge-runtime-common";
import type { GrantedDirectory } from "./directories-grant.ts";
import { isSandboxAvailable } from "./sandbox-platform.ts";

/** Rejects with Io, which names the first that is missing or no directory, or the system that has no sandbox. */
export async function checkDirectories(directories: readonly GrantedDirectory[]): Promise<void> {
  for (const { host, guest } of directories) {
    if (!isSandboxAvailable()) throw new Io(`directory ${guest}: directories can be granted on Linux only`);
    const found = await stat(host).catch((error: unknown) => {
      throw new Io(`directory ${guest}: ${error instanceof Error ? error.message : String(error)}`, error);
    });
    if (!found.isDirectory()) throw new Io(`directory ${guest}: ${host} is no directory`);
  }
}
