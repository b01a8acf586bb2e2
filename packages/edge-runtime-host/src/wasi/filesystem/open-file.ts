// A descriptor of the host with a count of its users. Paths name directories by their descriptor's number, so the number
// must not be free for another file while any call that uses it is under way, whatever the guest drops meanwhile.

import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { typeOf } from "./descriptor-type.ts";
import type { DescriptorType } from "./descriptor-type.ts";

export class OpenFile {
  readonly handle: FileHandle;
  readonly type: DescriptorType;
  readonly device: bigint;
  readonly inode: bigint;
  readonly #onClosed: () => void;
  #users = 1;

  /** Has one user, who made it. `onClosed` is called once the host has its descriptor back. */
  constructor(handle: FileHandle, stat: BigIntStats, onClosed: () => void) {
    this.handle = handle;
    this.type = typeOf(stat);
    this.device = stat.dev;
    this.inode = stat.ino;
    this.#onClosed = onClosed;
  }

  /** The open file itself, wherever it is by now. */
  get path(): string {
    return `/proc/self/fd/${this.handle.fd}`;
  }

  /** An entry of this directory, which the system looks up in the directory itself. `name` has no slash. */
  entry(name: string): string {
    return `${this.path}/${name}`;
  }

  hold(): this {
    if (this.#users === 0) throw new Error("a closed file cannot be held");
    this.#users += 1;
    return this;
  }

  /** Once for each user. The last one closes it. */
  release(): void {
    this.#users -= 1;
    if (this.#users === 0) void this.handle.close().then(this.#onClosed, this.#onClosed);
  }
}
