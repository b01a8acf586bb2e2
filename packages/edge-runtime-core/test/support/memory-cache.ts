// An artifact cache in memory whose entries a test may look at and damage.

import type { ArtifactCache } from "../../src/index.ts";

export interface MemoryCache extends ArtifactCache {
  readonly entries: Map<string, Uint8Array>;
  /** Calls so far, in order: `read`, `write`, `remove`. */
  readonly log: string[];
}

export function memoryCache(): MemoryCache {
  const entries = new Map<string, Uint8Array>();
  const log: string[] = [];
  return {
    entries,
    log,
    read: async (key) => {
      log.push("read");
      return entries.get(key);
    },
    write: async (key, bytes) => {
      log.push("write");
      entries.set(key, bytes);
    },
    remove: async (key) => {
      log.push("remove");
      entries.delete(key);
    },
  };
}
