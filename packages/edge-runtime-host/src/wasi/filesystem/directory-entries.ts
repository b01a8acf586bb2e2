// `directory-entry-stream`: entries as the system gives them, a few ahead.

import type { Dirent } from "node:fs";
import { opendir } from "node:fs/promises";
import { wit } from "edge-runtime-core";
import type { HostResource, HostValType } from "edge-runtime-core";
import { descriptorTypeType, typeOf } from "./descriptor-type.ts";
import type { DescriptorType } from "./descriptor-type.ts";
import { fail } from "./error-code.ts";
import type { OpenFile } from "./open-file.ts";
import { decodeName } from "./path-resolution.ts";
import type { Closable, RunFiles } from "./run-files.ts";

export interface DirectoryEntry {
  readonly type: DescriptorType;
  readonly name: string;
}

export const directoryEntryType: HostValType = wit.record({ type: descriptorTypeType, name: wit.string });

export const directoryEntryStream: HostResource = {
  kind: "resource",
  drop: (value) => (value as DirectoryEntries).close(),
};

/** Node's `Dir` where it is asked for bytes, which its types do not know. */
interface ByteNames {
  readonly read: () => Promise<Dirent<Buffer> | null>;
  readonly close: () => Promise<void>;
}

async function openByteNames(path: string): Promise<ByteNames> {
  const entries: unknown = await opendir(path, { encoding: "buffer" as BufferEncoding });
  return entries as ByteNames;
}

export class DirectoryEntries implements Closable {
  readonly #files: RunFiles;
  readonly #directory: OpenFile;
  readonly #entries: ByteNames;
  readonly #onClosed: () => void;
  #isClosed = false;

  private constructor(files: RunFiles, directory: OpenFile, entries: ByteNames, onClosed: () => void) {
    this.#files = files;
    this.#directory = directory.hold();
    this.#entries = entries;
    this.#onClosed = onClosed;
  }

  static async open(files: RunFiles, directory: OpenFile): Promise<DirectoryEntries> {
    const give = files.takeDescriptor();
    let entries: ByteNames | undefined;
    try {
      const opened = await files.perform(() => openByteNames(directory.path));
      entries = opened;
      return files.admit(() => new DirectoryEntries(files, directory, opened, give));
    } catch (error) {
      await entries?.close();
      give();
      throw error;
    }
  }

  /** Undefined at the end. Fails with `illegal-byte-sequence` for a name that is not Unicode, then goes on after it. */
  async read(): Promise<DirectoryEntry | undefined> {
    if (this.#isClosed) fail("bad-descriptor");
    // Where the file system does not tell an entry's type, Node looks at the entry by its path in the directory.
    this.#directory.hold();
    try {
      const entry = await this.#files.perform(() => this.#entries.read());
      return entry === null ? undefined : { type: typeOf(entry), name: decodeName(entry.name) };
    } finally {
      this.#directory.release();
    }
  }

  readonly close = (): void => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#files.forget(this);
    this.#directory.release();
    void this.#entries.close().then(this.#onClosed, this.#onClosed);
  };
}
