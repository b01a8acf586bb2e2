// `open-at`. What a name stands for is looked at without opening it (O_PATH), and then that very file is opened through
// its descriptor: no race can put another in its place, and FIFOs, sockets and devices, whose opening may block a thread
// or act on the world, are never opened.

import { constants } from "node:fs";
import { Descriptor, NO_FLAGS } from "./descriptor.ts";
import type { DescriptorFlags } from "./descriptor.ts";
import { errorCodeOf, fail } from "./error-code.ts";
import type { OpenFile } from "./open-file.ts";
import { resolvePath } from "./path-resolution.ts";
import type { LastLink, Resolved } from "./path-resolution.ts";
import { refuseProcesses } from "./process-files.ts";
import { O_PATH } from "./run-files.ts";
import type { RunFiles } from "./run-files.ts";

export interface OpenFlags {
  readonly create: boolean;
  readonly directory: boolean;
  readonly exclusive: boolean;
  readonly truncate: boolean;
}

export interface Opening {
  readonly followsLink: boolean;
  readonly path: string;
  readonly how: OpenFlags;
  readonly flags: DescriptorFlags;
}

/** Times that a file may vanish or appear between two looks at its name. */
const MAX_ATTEMPTS = 4;

/** What `open(2)` gives without its umask. */
const NEW_FILE_MODE = 0o666;

/**
 * A new descriptor may do what it asks for; directories pass on whether things below may be changed, asked for or not,
 * as in Wasmtime: the preview 1 adapter never asks.
 */
export function openAt(base: Descriptor, opening: Opening): Promise<Descriptor> {
  const { how, flags } = opening;
  const changes = flags.write || flags.mutateDirectory || how.create || how.truncate;
  if (changes && !base.canMutate) fail("read-only");
  if (how.directory && (how.create || how.exclusive || how.truncate)) fail("invalid");
  return base.use(async (file, files) => {
    // Most names are of no link: only where one is found is the path resolved to its end.
    const opened =
      (await openPath(files, file, opening, "never")) ??
      (await openPath(files, file, opening, lastLinkOf(opening))) ??
      fail("loop");
    return Descriptor.create(files, opened, flagsOf(opened, flags, base), base.canMutate);
  });
}

/** Undefined where a symbolic link stands at the end. */
async function openPath(
  files: RunFiles,
  base: OpenFile,
  opening: Opening,
  lastLink: LastLink,
): Promise<OpenFile | undefined> {
  const resolved = await resolvePath(files, base, opening.path, lastLink);
  try {
    return await openResolved(files, resolved, opening);
  } finally {
    resolved.directory.release();
  }
}

function lastLinkOf({ followsLink, how }: Opening): LastLink {
  // Spec: POSIX open(), O_EXCL: a link is not followed, it exists.
  if (how.create && how.exclusive) return "never";
  return followsLink ? "always" : "before-slash";
}

function flagsOf(file: OpenFile, asked: DescriptorFlags, base: Descriptor): DescriptorFlags {
  if (file.type === "directory") return { ...NO_FLAGS, read: asked.read, mutateDirectory: base.canMutate };
  return { ...asked, mutateDirectory: false };
}

async function openResolved(files: RunFiles, { directory, name, needsDirectory }: Resolved, opening: Opening) {
  const wanted = { ...opening, how: { ...opening.how, directory: opening.how.directory || needsDirectory } };
  if (name === undefined) {
    refuseDirectory(wanted);
    await refuseProcesses(files, directory);
    return files.reopen(directory);
  }
  const path = directory.entry(name);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const existing = await unless("no-entry", files.open(path, O_PATH | constants.O_NOFOLLOW));
    if (existing !== undefined) return openExisting(files, existing, wanted);
    if (!opening.how.create) fail("no-entry");
    if (needsDirectory) fail("is-directory");
    const flags = constants.O_CREAT | constants.O_EXCL | accessFlags(wanted);
    const created = await unless("exist", files.open(path, flags, NEW_FILE_MODE));
    if (created !== undefined) return created;
  }
  return fail("busy");
}

/** Undefined where it fails with that code. */
async function unless(code: "no-entry" | "exist", opening: Promise<OpenFile>): Promise<OpenFile | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (errorCodeOf(error) === code) return undefined;
    throw error;
  }
}

/** Takes `found` over; undefined where it is a symbolic link. */
async function openExisting(files: RunFiles, found: OpenFile, opening: Opening): Promise<OpenFile | undefined> {
  let isTaken = false;
  try {
    await refuseProcesses(files, found);
    if (opening.how.create && opening.how.exclusive) fail("exist");
    if (found.type === "directory") {
      refuseDirectory(opening);
      isTaken = true;
      return found;
    }
    if (found.type === "symbolic-link") return undefined;
    if (opening.how.directory) fail("not-directory");
    if (found.type !== "regular-file") fail("unsupported");
    const truncate = opening.how.truncate ? constants.O_TRUNC : 0;
    const opened = await files.open(found.path, truncate | accessFlags(opening));
    if (truncate !== 0) files.changes += 1;
    return opened;
  } finally {
    if (!isTaken) found.release();
  }
}

function refuseDirectory({ how, flags }: Opening): void {
  if (how.create && how.exclusive) fail("exist");
  if (how.create || how.truncate || flags.write) fail("is-directory");
}

/** Not to block where another process holds a lease on the file. */
function accessFlags({ how, flags }: Opening): number {
  const writes = flags.write || how.truncate;
  const access = writes ? (flags.read || !flags.write ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY;
  const sync = flags.fileIntegritySync || flags.requestedWriteSync ? constants.O_SYNC : 0;
  const dataSync = flags.dataIntegritySync ? constants.O_DSYNC : 0;
  return access | sync | dataSync | constants.O_NONBLOCK;
}
