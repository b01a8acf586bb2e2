// Compiled artifacts on disk, shared by all processes of the installation. Each entry is one file, written beside its
// place and renamed into it, so that a reader sees all of it or nothing; a checksum turns what the disk damaged into a
// miss (forgeries are the artifact's own HMAC's business). Bounded: after a write the entries that were not read for
// longest go until the rest fits. Nothing here throws: a cache that fails is a cache that misses.
//
//   file = magic "EDC1" | SHA-256 of the rest (32 bytes) | the artifact

import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ArtifactCache } from "edge-runtime-core";

export interface ArtifactCacheOptions {
  /** Most bytes of all entries together, 0 or more; larger artifacts are not kept. Default 1 GiB. */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 1_073_741_824;
const MAGIC = Buffer.from("EDC1", "latin1");
const HEADER_BYTES = MAGIC.length + 32;
const SUFFIX = ".artifact";
const TEMPORARY = /^\.[^/]+\.tmp$/;

/** Age at which a temporary file is what a process that was killed left behind. */
const ABANDONED_MS = 3_600_000;

/** Keys become file names: no separators, and the first character is no dot. */
const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/**
 * Entries of `directory`, which is made (mode 0700) at the first write. Keys: 1 to 200 letters, digits, `.`, `_` and
 * `-`, the first a letter or digit; another key is never found and never kept.
 */
export function createArtifactCache(directory: string, options: ArtifactCacheOptions = {}): ArtifactCache {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  // One clean-up at a time: two would count each other's deletions as failures.
  let cleanUp = Promise.resolve();

  const read = async (key: string): Promise<Uint8Array | undefined> => {
    const file = join(directory, key + SUFFIX);
    const content = await readRegularFile(file, maxBytes);
    const artifact = content === undefined ? undefined : openEntry(content);
    if (artifact === undefined) {
      if (content !== undefined) await rm(file, { force: true });
      return undefined;
    }
    const now = new Date();
    // The time of use orders the entries; a read-only cache still serves.
    await utimes(file, now, now).catch(() => undefined);
    return artifact;
  };

  const write = async (key: string, bytes: Uint8Array): Promise<void> => {
    if (bytes.length + HEADER_BYTES > maxBytes) return;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeWhole(directory, key + SUFFIX, sealEntry(bytes));
    cleanUp = cleanUp.then(() => evict(directory, maxBytes).catch(() => undefined));
    await cleanUp;
  };

  return {
    read: (key) => (KEY.test(key) ? read(key).catch(() => undefined) : Promise.resolve(undefined)),
    write: (key, bytes) => (KEY.test(key) ? write(key, bytes).catch(() => undefined) : Promise.resolve()),
    remove: async (key) => {
      if (KEY.test(key)) await rm(join(directory, key + SUFFIX), { force: true }).catch(() => undefined);
    },
  };
}

function sealEntry(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([MAGIC, createHash("sha256").update(bytes).digest(), bytes]);
}

function openEntry(content: Buffer): Uint8Array | undefined {
  if (content.length < HEADER_BYTES || !content.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const bytes = content.subarray(HEADER_BYTES);
  const digest = createHash("sha256").update(bytes).digest();
  if (!digest.equals(content.subarray(MAGIC.length, HEADER_BYTES))) return undefined;
  // Not a Buffer, whose `slice` does not copy; the same bytes.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Undefined for anything but a regular file; an empty buffer for one that is larger than any entry can be. */
async function readRegularFile(file: string, maxBytes: number): Promise<Buffer | undefined> {
  // Neither links out of the folder nor named pipes, which would be waited for; Windows has no such flags.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const handle = await open(file, flags);
  try {
    const { size } = await handle.stat();
    return size > maxBytes ? Buffer.alloc(0) : await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function writeWhole(directory: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(directory, `.${name}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await writeFile(temporary, bytes, { mode: 0o600, flag: "wx" });
    await rename(temporary, join(directory, name));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

interface Entry {
  readonly file: string;
  readonly size: number;
  readonly usedAtMs: number;
}

async function evict(directory: string, maxBytes: number): Promise<void> {
  const entries = await listEntries(directory);
  let total = entries.reduce((sum, entry) => sum + entry.size, 0);
  for (const entry of entries.toSorted((a, b) => a.usedAtMs - b.usedAtMs)) {
    if (total <= maxBytes) return;
    await rm(entry.file, { force: true });
    total -= entry.size;
  }
}

/** Files that are ours; what killed processes left behind is removed on the way. */
async function listEntries(directory: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const name of await readdir(directory)) {
    const isTemporary = TEMPORARY.test(name);
    if (!isTemporary && !name.endsWith(SUFFIX)) continue;
    const file = join(directory, name);
    const stats = await stat(file).catch(() => undefined);
    // Another process evicts too: what is gone counts no more.
    if (stats === undefined) continue;
    if (!isTemporary) entries.push({ file, size: stats.size, usedAtMs: stats.mtimeMs });
    else if (Date.now() - stats.mtimeMs > ABANDONED_MS) await rm(file, { force: true });
  }
  return entries;
}
