// The resource `descriptor`: an open file or directory with what its guest may do with it.

import { wit } from "edge-runtime-core";
import type { HostResource, HostValType } from "edge-runtime-core";
import { fail } from "./error-code.ts";
import type { OpenFile } from "./open-file.ts";
import type { RunFiles } from "./run-files.ts";

export interface DescriptorFlags {
  readonly read: boolean;
  readonly write: boolean;
  readonly fileIntegritySync: boolean;
  readonly dataIntegritySync: boolean;
  readonly requestedWriteSync: boolean;
  readonly mutateDirectory: boolean;
}

export const NO_FLAGS: DescriptorFlags = {
  read: false,
  write: false,
  fileIntegritySync: false,
  dataIntegritySync: false,
  requestedWriteSync: false,
  mutateDirectory: false,
};

export const descriptorFlagsType: HostValType = wit.flags(
  "read",
  "write",
  "file-integrity-sync",
  "data-integrity-sync",
  "requested-write-sync",
  "mutate-directory",
);

export const descriptor: HostResource = { kind: "resource", drop: (value) => (value as Descriptor).close() };

export class Descriptor {
  readonly files: RunFiles;
  readonly file: OpenFile;
  readonly flags: DescriptorFlags;
  /** It is in a writable directory: its metadata may be changed, and what is below a directory. */
  readonly canMutate: boolean;
  #isClosed = false;

  private constructor(files: RunFiles, file: OpenFile, flags: DescriptorFlags, canMutate: boolean) {
    this.files = files;
    this.file = file;
    this.flags = flags;
    this.canMutate = canMutate;
  }

  /** Takes the file over, also where it fails. */
  static create(files: RunFiles, file: OpenFile, flags: DescriptorFlags, canMutate: boolean): Descriptor {
    try {
      return files.admit(() => new Descriptor(files, file, flags, canMutate));
    } catch (error) {
      file.release();
      throw error;
    }
  }

  /** Runs a call with the file held: the guest's handle may be gone before the call is done. */
  async use<T>(call: (file: OpenFile, files: RunFiles) => Promise<T>): Promise<T> {
    if (this.#isClosed) fail("bad-descriptor");
    this.file.hold();
    try {
      return await call(this.file, this.files);
    } finally {
      this.file.release();
    }
  }

  readonly close = (): void => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.files.forget(this);
    this.file.release();
  };
}
