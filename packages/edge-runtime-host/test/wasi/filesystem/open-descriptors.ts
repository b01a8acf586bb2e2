// What this process has open, as Linux tells it.

import { readdirSync, readlinkSync } from "node:fs";

/** Descriptors of this process for files in a folder, or for the folder. */
export function openIn(folder: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(folder) ? [path] : [];
    } catch {
      return [];
    }
  });
}

/** Waits until none is open, as long as the test may take. */
export async function untilNoneOpen(folder: string): Promise<void> {
  while (openIn(folder).length > 0) await new Promise((resolve) => setTimeout(resolve, 1));
}
