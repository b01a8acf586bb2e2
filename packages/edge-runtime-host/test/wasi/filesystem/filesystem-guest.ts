// A guest with directories granted, as its calls reach the host: for tests against a real directory.

import assert from "node:assert/strict";
import { Grants } from "edge-runtime-core";
import type { WorkerContext } from "edge-runtime-core";
import { createHostImports, DIRECTORIES } from "../../../src/index.ts";
import type { GrantedDirectory } from "../../../src/index.ts";
import type { InputStream, OutputStream } from "../../../src/wasi/io/io-resources.ts";
import type { Descriptor } from "../../../src/wasi/filesystem/descriptor.ts";
import type { DirectoryEntries } from "../../../src/wasi/filesystem/directory-entries.ts";
import { callHost, fakeHostCall } from "../../fake-host-call.ts";

type Answer = { readonly tag: "ok" | "err"; readonly val: unknown };

export interface OpenRequest {
  readonly follow?: boolean;
  readonly create?: boolean;
  readonly directory?: boolean;
  readonly exclusive?: boolean;
  readonly truncate?: boolean;
  readonly read?: boolean;
  readonly write?: boolean;
  readonly mutateDirectory?: boolean;
}

export class FilesystemGuest {
  readonly context: WorkerContext;
  readonly #imports = createHostImports({
    platform: { now: () => 0, wallClock: () => 0, schedule: () => () => undefined },
  });
  readonly #call;

  constructor(directories: readonly GrantedDirectory[]) {
    this.#call = fakeHostCall({ grants: Grants.none.with(DIRECTORIES, directories) });
    this.context = this.#call.context;
  }

  async directories(): Promise<[Descriptor, string][]> {
    const answer = await callHost(this.#imports, "wasi:filesystem/preopens@0.2.12#get-directories", this.#call);
    return answer as [Descriptor, string][];
  }

  /** The first directory. */
  async root(): Promise<Descriptor> {
    const [first] = await this.directories();
    assert.ok(first);
    return first[0];
  }

  /** Calls a method of a descriptor; what it answers. */
  async answer(method: string, self: Descriptor, ...args: readonly unknown[]): Promise<Answer> {
    const path = `wasi:filesystem/types@0.2.12#[method]descriptor.${method}`;
    return (await callHost(this.#imports, path, this.#call, self, ...args)) as Answer;
  }

  /** The value, where it succeeds. */
  async ok<T = undefined>(method: string, self: Descriptor, ...args: readonly unknown[]): Promise<T> {
    const answer = await this.answer(method, self, ...args);
    assert.equal(answer.tag, "ok", `${method}: ${String(answer.val)}`);
    return answer.val as T;
  }

  /** The error code, where it fails. */
  async code(method: string, self: Descriptor, ...args: readonly unknown[]): Promise<unknown> {
    const answer = await this.answer(method, self, ...args);
    assert.equal(answer.tag, "err", method);
    return answer.val;
  }

  open(base: Descriptor, path: string, request: OpenRequest = {}): Promise<Descriptor> {
    return this.ok<Descriptor>("open-at", base, ...openArguments(path, request));
  }

  openCode(base: Descriptor, path: string, request: OpenRequest = {}): Promise<unknown> {
    return this.code("open-at", base, ...openArguments(path, request));
  }

  /** The text of a file. */
  async text(base: Descriptor, path: string, request: OpenRequest = {}): Promise<string> {
    const file = await this.open(base, path, request);
    const [bytes] = await this.ok<[Uint8Array, boolean]>("read", file, 65_536n, 0n);
    file.close();
    return new TextDecoder().decode(bytes);
  }

  /** Calls a function of wasi:io/streams. */
  async stream(method: string, self: InputStream | OutputStream, ...args: readonly unknown[]): Promise<Answer> {
    return (await callHost(
      this.#imports,
      `wasi:io/streams@0.2.12#[method]${method}`,
      this.#call,
      self,
      ...args,
    )) as Answer;
  }

  async entry(entries: DirectoryEntries): Promise<Answer> {
    const path = "wasi:filesystem/types@0.2.12#[method]directory-entry-stream.read-directory-entry";
    return (await callHost(this.#imports, path, this.#call, entries)) as Answer;
  }

  /** The names in a directory, sorted. */
  async names(directory: Descriptor): Promise<string[]> {
    const entries = await this.ok<DirectoryEntries>("read-directory", directory);
    const names: string[] = [];
    for (;;) {
      const answer = await this.entry(entries);
      assert.equal(answer.tag, "ok", String(answer.val));
      if (answer.val === undefined) break;
      names.push((answer.val as { name: string }).name);
    }
    entries.close();
    return names.toSorted();
  }

  other(path: string, ...args: readonly unknown[]): unknown {
    return callHost(this.#imports, path, this.#call, ...args);
  }
}

export function openArguments(path: string, request: OpenRequest): readonly unknown[] {
  const { follow = true, create = false, directory = false, exclusive = false, truncate = false } = request;
  const { read = true, write = false, mutateDirectory = false } = request;
  const flags = { read, write, mutateDirectory };
  const sync = { fileIntegritySync: false, dataIntegritySync: false, requestedWriteSync: false };
  return [{ symlinkFollow: follow }, path, { create, directory, exclusive, truncate }, { ...flags, ...sync }];
}
