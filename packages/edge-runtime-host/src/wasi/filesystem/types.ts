// wasi:filesystem/types.

import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostFunction, HostInstance, HostValType } from "edge-runtime-core";
import type { IoError } from "../io/byte-streams.ts";
import { inputStream, ioError, outputStream } from "../io/io-resources.ts";
import { descriptor, descriptorFlagsType } from "./descriptor.ts";
import type { Descriptor, DescriptorFlags } from "./descriptor.ts";
import { descriptorTypeType } from "./descriptor-type.ts";
import { createDirectory, linkAt, removeDirectory, renameAt, symlinkAt, unlinkFile } from "./directory-changes.ts";
import { directoryEntryType, directoryEntryStream, DirectoryEntries } from "./directory-entries.ts";
import { codeOfStreamError, errorCodeType, fail, toResult } from "./error-code.ts";
import type { ErrorCode } from "./error-code.ts";
import {
  advise,
  appendViaStream,
  readAt,
  readViaStream,
  setSize,
  setTimes,
  sync,
  writeAt,
  writeViaStream,
} from "./file-contents.ts";
import { openAt } from "./file-opening.ts";
import type { OpenFlags } from "./file-opening.ts";
import { lastLinkOf, readLinkAt, setTimesAt, statAt } from "./file-status.ts";
import type { PathFlags } from "./file-status.ts";
import { hashMetadata, toDescriptorStat } from "./metadata.ts";
import { toFileTimes } from "./timestamps.ts";
import type { NewTimestamp } from "./timestamps.ts";

export const FILESYSTEM_TYPES_INTERFACE = "wasi:filesystem/types@0.2.12";

/** Fuel of a call for what it costs the host; one more for each UTF-16 unit of a path: each may be a step. */
const CALL_FUEL = 100;

const datetimeType = wit.record({ seconds: wit.u64, nanoseconds: wit.u32 });
const newTimestampType = wit.variant({ "no-change": undefined, now: undefined, timestamp: datetimeType });
const pathFlagsType = wit.flags("symlink-follow");
const openFlagsType = wit.flags("create", "directory", "exclusive", "truncate");
const adviceType = wit.enum("normal", "sequential", "random", "will-need", "dont-need", "no-reuse");
const metadataHashType = wit.record({ lower: wit.u64, upper: wit.u64 });
const statType = wit.record({
  type: descriptorTypeType,
  "link-count": wit.u64,
  size: wit.u64,
  "data-access-timestamp": wit.option(datetimeType),
  "data-modification-timestamp": wit.option(datetimeType),
  "status-change-timestamp": wit.option(datetimeType),
});

const self = { self: wit.borrow(descriptor) };
const times = { "data-access-timestamp": newTimestampType, "data-modification-timestamp": newTimestampType };
const at = { "path-flags": pathFlagsType, path: wit.string };
const to = { "new-descriptor": wit.borrow(descriptor), "new-path": wit.string };

/** A function that answers a result with an error code. All of them read what others may change: the file system. */
function calls<Args extends readonly unknown[]>(
  params: Readonly<Record<string, HostValType>>,
  okType: HostValType | undefined,
  call: (...args: Args) => Promise<unknown>,
): HostFunction {
  return {
    kind: "async",
    reads: "environment",
    type: wit.func(params, wit.result(okType, errorCodeType)),
    call: (host: HostCall, ...lifted: readonly never[]) => {
      // The linker guarantees that they are of `type`.
      const args = lifted as readonly unknown[] as Args;
      const paths = args.reduce<number>((sum, arg) => sum + (typeof arg === "string" ? arg.length : 0), 0);
      host.charge(CALL_FUEL + paths);
      return toResult(call(...args));
    },
  };
}

const contents = {
  "[method]descriptor.read-via-stream": calls({ ...self, offset: wit.u64 }, wit.own(inputStream), readViaStream),
  "[method]descriptor.write-via-stream": calls({ ...self, offset: wit.u64 }, wit.own(outputStream), writeViaStream),
  "[method]descriptor.append-via-stream": calls(self, wit.own(outputStream), appendViaStream),
  "[method]descriptor.advise": calls(
    { ...self, offset: wit.u64, length: wit.u64, advice: adviceType },
    undefined,
    async (file: Descriptor, offset: bigint, length: bigint) => advise(file, offset, length),
  ),
  "[method]descriptor.sync-data": calls(self, undefined, (file: Descriptor) => sync(file, "contents")),
  "[method]descriptor.get-flags": calls(self, descriptorFlagsType, async ({ flags }: Descriptor) => flags),
  "[method]descriptor.get-type": calls(self, descriptorTypeType, async ({ file }: Descriptor) => file.type),
  "[method]descriptor.set-size": calls({ ...self, size: wit.u64 }, undefined, setSize),
  "[method]descriptor.set-times": calls(
    { ...self, ...times },
    undefined,
    async (file: Descriptor, access: NewTimestamp, modification: NewTimestamp) =>
      setTimes(file, toFileTimes(access, modification)),
  ),
  "[method]descriptor.read": calls(
    { ...self, length: wit.u64, offset: wit.u64 },
    wit.tuple(wit.list(wit.u8), wit.bool),
    readAt,
  ),
  "[method]descriptor.write": calls({ ...self, buffer: wit.list(wit.u8), offset: wit.u64 }, wit.u64, writeAt),
  "[method]descriptor.read-directory": calls(self, wit.own(directoryEntryStream), (base: Descriptor) =>
    base.use(async (file, files) => {
      if (file.type !== "directory") fail("not-directory");
      return DirectoryEntries.open(files, file);
    }),
  ),
  "[method]descriptor.sync": calls(self, undefined, (file: Descriptor) => sync(file, "all")),
  "[method]descriptor.stat": calls(self, statType, async (file: Descriptor) => toDescriptorStat(await statOf(file))),
  "[method]descriptor.metadata-hash": calls(self, metadataHashType, async (file: Descriptor) =>
    hashMetadata(await statOf(file)),
  ),
};

function statOf(self: Descriptor) {
  return self.use((file, files) => files.perform(() => file.handle.stat({ bigint: true })));
}

const names = {
  "[method]descriptor.create-directory-at": calls(
    { ...self, path: wit.string },
    undefined,
    async (base: Descriptor, path: string) => createDirectory({ base, path }),
  ),
  "[method]descriptor.stat-at": calls(
    { ...self, ...at },
    statType,
    async (base: Descriptor, flags: PathFlags, path: string) =>
      toDescriptorStat(await statAt({ base, path }, lastLinkOf(flags))),
  ),
  "[method]descriptor.set-times-at": calls(
    { ...self, ...at, ...times },
    undefined,
    async (base: Descriptor, flags: PathFlags, path: string, access: NewTimestamp, modification: NewTimestamp) =>
      setTimesAt({ base, path }, lastLinkOf(flags), toFileTimes(access, modification)),
  ),
  "[method]descriptor.link-at": calls(
    { ...self, "old-path-flags": pathFlagsType, "old-path": wit.string, ...to },
    undefined,
    async (base: Descriptor, flags: PathFlags, path: string, newBase: Descriptor, newPath: string) =>
      linkAt({ base, path }, lastLinkOf(flags), { base: newBase, path: newPath }),
  ),
  "[method]descriptor.open-at": calls(
    { ...self, ...at, "open-flags": openFlagsType, flags: descriptorFlagsType },
    wit.own(descriptor),
    async (base: Descriptor, { symlinkFollow }: PathFlags, path: string, how: OpenFlags, flags: DescriptorFlags) =>
      openAt(base, { followsLink: symlinkFollow, path, how, flags }),
  ),
  "[method]descriptor.readlink-at": calls(
    { ...self, path: wit.string },
    wit.string,
    async (base: Descriptor, path: string) => readLinkAt({ base, path }),
  ),
  "[method]descriptor.remove-directory-at": calls(
    { ...self, path: wit.string },
    undefined,
    async (base: Descriptor, path: string) => removeDirectory({ base, path }),
  ),
  "[method]descriptor.rename-at": calls(
    { ...self, "old-path": wit.string, ...to },
    undefined,
    async (base: Descriptor, path: string, newBase: Descriptor, newPath: string) =>
      renameAt({ base, path }, { base: newBase, path: newPath }),
  ),
  "[method]descriptor.symlink-at": calls(
    { ...self, "old-path": wit.string, "new-path": wit.string },
    undefined,
    async (base: Descriptor, target: string, path: string) => symlinkAt(target, { base, path }),
  ),
  "[method]descriptor.unlink-file-at": calls(
    { ...self, path: wit.string },
    undefined,
    async (base: Descriptor, path: string) => unlinkFile({ base, path }),
  ),
  "[method]descriptor.metadata-hash-at": calls(
    { ...self, ...at },
    metadataHashType,
    async (base: Descriptor, flags: PathFlags, path: string) =>
      hashMetadata(await statAt({ base, path }, lastLinkOf(flags))),
  ),
};

export const filesystemTypesInterface: HostInstance = hostInstance({
  descriptor,
  "directory-entry-stream": directoryEntryStream,
  ...contents,
  ...names,
  "[method]descriptor.is-same-object": {
    kind: "sync",
    reads: "environment",
    type: wit.func({ ...self, other: wit.borrow(descriptor) }, wit.bool),
    call: (_call: HostCall, { file }: Descriptor, { file: other }: Descriptor) =>
      file.device === other.device && file.inode === other.inode,
  },
  "[method]directory-entry-stream.read-directory-entry": calls(
    { self: wit.borrow(directoryEntryStream) },
    wit.option(directoryEntryType),
    (entries: DirectoryEntries) => entries.read(),
  ),
  "filesystem-error-code": {
    kind: "sync",
    reads: "nothing",
    type: wit.func({ err: wit.borrow(ioError) }, wit.option(errorCodeType)),
    call: (_call: HostCall, error: IoError): ErrorCode | undefined => codeOfStreamError(error),
  },
});
