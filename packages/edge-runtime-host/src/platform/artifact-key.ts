// The key that authenticates compiled artifacts. Whoever can read it can make artifacts that run without metering, so
// a file that others may read is refused, not used with a warning. A key of the user's own appears whole or not at
// all: it is written beside its place and linked into it, and of two processes that start together one wins for both.

import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import type { Stats } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { InvalidConfig, Io } from "edge-runtime-common";

/** Bytes of a key, without white space at its ends: fewer can be guessed, more say that the file is no key. */
const MIN_KEY_BYTES = 32;
const MAX_KEY_BYTES = 4096;

/** `artifact.key` in the state folder of the user: `$XDG_STATE_HOME/edge-runtime`, else `~/.local/state/edge-runtime`. */
export function defaultArtifactKeyFile(env: Readonly<NodeJS.ProcessEnv> = process.env): string {
  const stateHome = env["XDG_STATE_HOME"];
  // The XDG specification wants relative paths ignored.
  const base = stateHome !== undefined && isAbsolute(stateHome) ? stateHome : join(homedir(), ".local", "state");
  return join(base, "edge-runtime", "artifact.key");
}

/**
 * The key in `file`: 32 to 4,096 bytes, without white space at either end. To share a key between machines copy the
 * file. Throws InvalidConfig where it cannot be read, is too short or long, or its mode lets others read it.
 */
export function readArtifactKey(file: string): Uint8Array {
  const bytes = readPrivateFile(file);
  const key = trimSpace(bytes);
  if (key.length < MIN_KEY_BYTES || bytes.length > MAX_KEY_BYTES) {
    throw refuse(file, `expected ${MIN_KEY_BYTES} to ${MAX_KEY_BYTES} bytes, got ${key.length}`);
  }
  return key;
}

/** The same, after making a key (mode 0600, folder 0700) where there is none. Throws Io where that fails. */
export function readOrCreateArtifactKey(file: string): Uint8Array {
  try {
    return readArtifactKey(file);
  } catch (error) {
    if (!isErrno(error instanceof InvalidConfig ? error.cause : error, "ENOENT")) throw error;
  }
  createKeyFile(file);
  return readArtifactKey(file);
}

function createKeyFile(file: string): void {
  const temporary = `${file}.${process.pid}.${randomBytes(6).toString("hex")}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx", flush: true });
    try {
      linkSync(temporary, file);
    } catch (error) {
      // Another process was first: its key is the key.
      if (!isErrno(error, "EEXIST")) throw error;
    } finally {
      unlinkSync(temporary);
    }
  } catch (error) {
    throw new Io(`cannot make the artifact key ${file}`, error);
  }
}

/** Checks and reads through one descriptor, so that the file that was checked is the one that is read. */
function readPrivateFile(file: string): Uint8Array {
  let descriptor: number;
  try {
    // Without O_NONBLOCK a named pipe would be waited for; Windows has neither.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw refuse(file, "cannot be read", error);
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw refuse(file, "is not a file");
    refuseOpenMode(file, stats);
    const bytes = Buffer.alloc(MAX_KEY_BYTES + 1);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

function refuseOpenMode(file: string, stats: Stats): void {
  if (process.platform === "win32" || (stats.mode & 0o077) === 0) return;
  const mode = (stats.mode & 0o777).toString(8).padStart(4, "0");
  throw refuse(file, `is open to other users (mode ${mode}); run: chmod 600 ${file}`);
}

function trimSpace(bytes: Uint8Array): Uint8Array {
  let start = 0;
  let end = bytes.length;
  while (start < end && isSpace(bytes[start])) start += 1;
  while (end > start && isSpace(bytes[end - 1])) end -= 1;
  return bytes.slice(start, end);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}

function refuse(file: string, reason: string, cause?: unknown): InvalidConfig {
  return new InvalidConfig(`artifact key file ${file}: ${reason}`, cause);
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
