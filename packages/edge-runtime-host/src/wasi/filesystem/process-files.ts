// The files of procfs are the memory, environment and descriptors of processes, this one first of all. They are refused
// wherever procfs is mounted: who grants `/` does not mean that.

import { statfs } from "node:fs/promises";
import { fail } from "./error-code.ts";
import type { OpenFile } from "./open-file.ts";
import type { RunFiles } from "./run-files.ts";

const PROC_SUPER_MAGIC = 0x9f_a0;

/** Fails with `not-permitted`. Asks once for each device that a run meets. */
export async function refuseProcesses(files: RunFiles, file: OpenFile): Promise<void> {
  if (files.knownDevices.has(file.device)) return;
  const { type } = await files.perform(() => statfs(file.path));
  if (type === PROC_SUPER_MAGIC) fail("not-permitted");
  files.knownDevices.add(file.device);
}
