// Reading the files that commands are given, with errors that say which file and what to do.

import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { UsageError } from "./usage-error.ts";

const MIB = 1_048_576;

/** Largest module, component or artifact that is read: 1 GiB, what V8 itself takes. */
export const MAX_INPUT_BYTES = 1024 * MIB;

export interface InputFileOptions {
  /** Default MAX_INPUT_BYTES. */
  readonly maxBytes?: number;
  /** Default false: an empty module is none. */
  readonly mayBeEmpty?: boolean;
}

/** The whole file. Throws UsageError: absent, unreadable, no regular file, empty, or over `maxBytes`. */
export async function readInputFile(path: string, options: InputFileOptions = {}): Promise<Uint8Array> {
  const { maxBytes = MAX_INPUT_BYTES, mayBeEmpty = false } = options;
  // O_NONBLOCK: opening a named pipe would wait for a writer for ever. Windows has no such flag.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  const file = await open(path, flags).catch((error: unknown) => {
    throw describeOpenError(path, error);
  });
  try {
    const stat = await file.stat();
    if (stat.isDirectory()) throw new UsageError(`${path}: is a folder; give a file inside it`);
    if (!stat.isFile()) throw new UsageError(`${path}: is not a regular file; copy its content to one first`);
    if (stat.size === 0 && !mayBeEmpty) throw new UsageError(`${path}: is empty; build it again`);
    if (stat.size > maxBytes) {
      const sizeMb = Math.ceil(stat.size / MIB);
      throw new UsageError(`${path}: has ${sizeMb} MiB, more than the ${maxBytes / MIB} MiB that are read`);
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function describeOpenError(path: string, error: unknown): UsageError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return new UsageError(`${path}: no such file; check the path (it counts from the current folder)`, error);
    case "EACCES":
    case "EPERM":
      return new UsageError(`${path}: may not be read; check its permissions`, error);
    default:
      return new UsageError(`${path}: cannot be read (${code})`, error);
  }
}
