// From a path to a directory that is held open and a name in it, with no way out of the base directory. Node has no
// `openat`; on Linux `/proc/self/fd/N/name` is the same: the system looks `name` up in the very directory that is open,
// whatever was renamed or replaced since. Each step is opened with O_NOFOLLOW, symbolic links are expanded here, and
// `..` goes back to a directory that was opened on the way, never to what the system takes for the parent.
// Spec: wasi-filesystem path-resolution.md. Called with a base that the caller holds.

import { constants } from "node:fs";
import { readlink } from "node:fs/promises";
import { errorCodeOf, fail } from "./error-code.ts";
import { parseGuestPath } from "./guest-path.ts";
import type { GuestPath } from "./guest-path.ts";
import type { OpenFile } from "./open-file.ts";
import { O_PATH } from "./run-files.ts";
import type { RunFiles } from "./run-files.ts";

/** As Linux has it. */
const MAX_LINKS = 40;
/** Directories below the base in which one path can go down: each costs a descriptor while it is resolved. */
const MAX_DEPTH = 128;
/** Steps of a path and all links in it together. */
const MAX_STEPS = 2048;

/**
 * What happens to a symbolic link at the end of a path: `always` expanded; `before-slash` only where a slash follows,
 * as in `stat("link/")`; `never`.
 */
export type LastLink = "always" | "before-slash" | "never";

export interface Resolved {
  /** The caller releases it. */
  readonly directory: OpenFile;
  /** A name in it; undefined: the path names the directory itself. */
  readonly name: string | undefined;
  /** What it names must be a directory; nobody has looked yet. */
  readonly needsDirectory: boolean;
}

const STEP_FLAGS = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Fails with the codes of the system; `not-permitted` for a path that leaves the base, `loop` for too many links. */
export async function resolvePath(
  files: RunFiles,
  base: OpenFile,
  text: string,
  lastLink: LastLink,
): Promise<Resolved> {
  if (base.type !== "directory") fail("not-directory");
  const walk = new Walk(files, base);
  try {
    return await walk.go(parseGuestPath(text), lastLink);
  } finally {
    walk.end();
  }
}

class Walk {
  readonly #files: RunFiles;
  /** From the base down to where the walk is. */
  readonly #opened: OpenFile[];
  /** Steps to go, the next one last. */
  readonly #ahead: string[] = [];
  #needsDirectory = false;
  #links = 0;
  #steps = 0;

  constructor(files: RunFiles, base: OpenFile) {
    this.#files = files;
    this.#opened = [base.hold()];
  }

  async go(path: GuestPath, lastLink: LastLink): Promise<Resolved> {
    this.#prepend(path);
    for (let step = this.#ahead.pop(); step !== undefined; step = this.#ahead.pop()) {
      if (step === "..") {
        this.#goUp();
      } else if (this.#ahead.length > 0) {
        await this.#goDown(step);
      } else if (!this.#expandsLast(lastLink) || !(await this.#expand(step))) {
        return this.#resolved(step);
      }
    }
    return this.#resolved(undefined);
  }

  end(): void {
    for (const directory of this.#opened) directory.release();
  }

  get #here(): OpenFile {
    return this.#opened.at(-1) ?? fail("not-permitted");
  }

  #resolved(name: string | undefined): Resolved {
    return { directory: this.#here.hold(), name, needsDirectory: this.#needsDirectory };
  }

  #expandsLast(lastLink: LastLink): boolean {
    return lastLink === "always" || (lastLink === "before-slash" && this.#needsDirectory);
  }

  #prepend({ steps, needsDirectory }: GuestPath): void {
    this.#steps += steps.length;
    if (this.#steps > MAX_STEPS) fail("loop");
    // Only the end of the whole path counts; of a link at the end its own end as well.
    if (this.#ahead.length === 0) this.#needsDirectory ||= needsDirectory;
    this.#ahead.push(...steps.toReversed());
  }

  #goUp(): void {
    if (this.#opened.length === 1) fail("not-permitted");
    this.#opened.pop()?.release();
  }

  async #goDown(step: string): Promise<void> {
    if (this.#opened.length > MAX_DEPTH) fail("name-too-long");
    try {
      this.#opened.push(await this.#files.open(this.#here.entry(step), STEP_FLAGS));
    } catch (error) {
      // Linux says of links opened so that they are no directories.
      const code = errorCodeOf(error);
      if ((code !== "not-directory" && code !== "loop") || !(await this.#expand(step))) throw error;
    }
  }

  /** Puts what a symbolic link says before the steps to go; false where the name is of no link. */
  async #expand(step: string): Promise<boolean> {
    const target = await readLinkIfAny(this.#files, this.#here, step);
    if (target === undefined) return false;
    this.#links += 1;
    if (this.#links > MAX_LINKS) fail("loop");
    this.#prepend(parseGuestPath(target));
    return true;
  }
}

/** Undefined where it is no link, or nothing. */
async function readLinkIfAny(files: RunFiles, directory: OpenFile, name: string): Promise<string | undefined> {
  try {
    return await readLink(files, directory, name);
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === "invalid" || code === "no-entry") return undefined;
    throw error;
  }
}

/** What a symbolic link says. Fails with `invalid` where it is no link. */
export async function readLink(files: RunFiles, directory: OpenFile, name: string): Promise<string> {
  const bytes = await files.perform(() => readlink(directory.entry(name), { encoding: "buffer" }));
  return decodeName(bytes);
}

/** Guests have Unicode strings only; the system has bytes. */
export function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail("illegal-byte-sequence");
  }
}
