// Calls on open files: contents, size, times, delivery to the disk.

import { constants } from "node:fs";
import { utimes } from "node:fs/promises";
import { createInputStream, createOutputStream } from "../io/io-resources.ts";
import type { InputStream, OutputStream } from "../io/io-resources.ts";
import type { Descriptor } from "./descriptor.ts";
import { fail } from "./error-code.ts";
import { toReadPosition, toWritePosition } from "./file-position.ts";
import { FileSink } from "./file-sink.ts";
import { FileSource } from "./file-source.ts";
import type { FileTime } from "./timestamps.ts";

/** Most bytes that one `read` gives. */
const MAX_READ_BYTES = 65_536;
/** Most bytes that one `write` takes. */
const MAX_WRITE_BYTES = 1_048_576;

const isDirectory = ({ file }: Descriptor): boolean => file.type === "directory";

function checkReadable(self: Descriptor): void {
  if (isDirectory(self)) fail("is-directory");
  if (!self.flags.read) fail("bad-descriptor");
}

function checkWritable(self: Descriptor): void {
  if (isDirectory(self)) fail("is-directory");
  if (!self.flags.write) fail("bad-descriptor");
}

export async function readViaStream(self: Descriptor, offset: bigint): Promise<InputStream> {
  checkReadable(self);
  const position = toReadPosition(offset);
  return self.use(async (file, files) =>
    createInputStream(files.admit(() => new FileSource(files, file, position)).source),
  );
}

export async function writeViaStream(self: Descriptor, offset: bigint): Promise<OutputStream> {
  checkWritable(self);
  const position = toWritePosition(offset);
  return self.use(async (file, files) =>
    createOutputStream(files.admit(() => new FileSink(files, file, position)).sink),
  );
}

/** Appends through a descriptor of its own: the system finds the end at each write. */
export async function appendViaStream(self: Descriptor): Promise<OutputStream> {
  checkWritable(self);
  return self.use(async (file, files) => {
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK;
    const appending = await files.open(file.path, flags);
    try {
      return createOutputStream(files.admit(() => new FileSink(files, appending, undefined)).sink);
    } finally {
      appending.release();
    }
  });
}

export async function readAt(
  self: Descriptor,
  length: bigint,
  offset: bigint,
): Promise<readonly [Uint8Array, boolean]> {
  checkReadable(self);
  const position = toReadPosition(offset);
  const most = length < BigInt(MAX_READ_BYTES) ? Number(length) : MAX_READ_BYTES;
  if (most === 0) return [new Uint8Array(), false];
  return self.use(async (file, files) => {
    const buffer = new Uint8Array(most);
    const { bytesRead } = await files.perform(() => file.handle.read(buffer, 0, most, position));
    return [buffer.subarray(0, bytesRead), bytesRead === 0];
  });
}

export async function writeAt(self: Descriptor, contents: Uint8Array, offset: bigint): Promise<bigint> {
  checkWritable(self);
  const position = toWritePosition(offset);
  const length = Math.min(contents.length, MAX_WRITE_BYTES);
  if (length === 0) return 0n;
  if (position + length > Number.MAX_SAFE_INTEGER) fail("file-too-large");
  return self.use(async (file, files) => {
    const { bytesWritten } = await files.perform(() => file.handle.write(contents, 0, length, position));
    files.changes += 1;
    return BigInt(bytesWritten);
  });
}

export async function setSize(self: Descriptor, size: bigint): Promise<void> {
  checkWritable(self);
  const length = toWritePosition(size);
  await self.use(async (file, files) => {
    await files.perform(() => file.handle.truncate(length));
    files.changes += 1;
  });
}

/** Spec: no effect on what is not open for writing. A directory's entries are delivered through a descriptor of its own. */
export function sync(self: Descriptor, how: "contents" | "all"): Promise<void> {
  return self.use(async (file, files) => {
    if (!isDirectory(self)) {
      if (!self.flags.write) return;
      await files.perform(() => (how === "all" ? file.handle.sync() : file.handle.datasync()));
      return;
    }
    if (!self.canMutate) return;
    const readable = await files.open(file.path, constants.O_RDONLY | constants.O_DIRECTORY);
    await files.perform(() => readable.handle.sync()).finally(() => readable.release());
  });
}

/** Spec: POSIX futimens, which asks whose the file is, not how it was opened. */
export async function setTimes(self: Descriptor, times: readonly [FileTime, FileTime]): Promise<void> {
  if (!self.canMutate) fail("read-only");
  await self.use((file, files) => files.perform(() => utimes(file.path, ...times)));
}

/** Node has no posix_fadvise: advice is checked as the system would, and not followed. */
export function advise(self: Descriptor, offset: bigint, length: bigint): void {
  if (isDirectory(self)) fail("bad-descriptor");
  toReadPosition(offset);
  toReadPosition(length);
}
