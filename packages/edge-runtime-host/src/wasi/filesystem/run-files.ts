// What one run has open, and the way of all its calls to the system. One call of a run at a time, and few of all runs
// together, so that guests leave libuv threads to others, however slow their disk is. When the run ends everything is
// closed at once; what a call that is still under way opens is closed when it comes back.

import { constants } from "node:fs";
import type { BigIntStats } from "node:fs";
import { open } from "node:fs/promises";
import { fail } from "./error-code.ts";
import { OpenFile } from "./open-file.ts";
import { Turnstile } from "./turnstile.ts";

/** Descriptors and streams that a guest may have at one time. */
export const MAX_SLOTS = 128;

/** Linux: no more than a reference to the file. Nothing is read, no device notices, nothing can block. */
export const O_PATH = 0o10_000_000;

/** What all runs of a host share. */
export interface SharedFiles {
  readonly turnstile: Turnstile;
  /** Descriptors of the host that all runs together may have open. */
  readonly maxOpen: number;
  open: number;
  /**
   * All of them until they are closed: Node ends the process where it collects a file handle that nobody closed, so a
   * mistake in counting users must cost no more than a descriptor.
   */
  readonly living: Set<OpenFile>;
}

export interface Closable {
  /** Gives up what it holds, once; later calls do nothing. */
  readonly close: () => void;
}

export class RunFiles {
  readonly #shared: SharedFiles;
  readonly #turnstile = new Turnstile(1);
  readonly #slots = new Set<Closable>();
  #hasEnded = false;
  /** Counts changes of contents by this run: what was read ahead before one is stale. */
  changes = 0;
  /** Devices whose file systems were looked at. */
  readonly knownDevices = new Set<bigint>();

  constructor(shared: SharedFiles) {
    this.#shared = shared;
  }

  /** Makes one call of the system. Rejects with `interrupted` where the run has ended before it began. */
  perform<T>(step: () => Promise<T>): Promise<T> {
    return this.#turnstile.pass(() => {
      this.#check();
      return this.#shared.turnstile.pass(step);
    });
  }

  /** The same for bytes that were taken from the guest already: they are written even if the run has ended since. */
  performLate<T>(step: () => Promise<T>): Promise<T> {
    return this.#turnstile.pass(() => this.#shared.turnstile.pass(step));
  }

  /** Opens a path of the host. The caller releases it. */
  async open(path: string, flags: number, mode?: number): Promise<OpenFile> {
    const give = this.takeDescriptor();
    const [handle, stat] = await this.perform(async () => {
      const handle = await open(path, flags, mode);
      const stat = await handle.stat({ bigint: true }).catch((error: unknown) => closeAndThrow(handle, error));
      return [handle, stat] satisfies [typeof handle, BigIntStats];
    }).catch((error: unknown) => {
      give();
      throw error;
    });
    const { living } = this.#shared;
    const file: OpenFile = new OpenFile(handle, stat, () => {
      living.delete(file);
      give();
    });
    living.add(file);
    if (this.#hasEnded) file.release();
    this.#check();
    return file;
  }

  /** Counts a descriptor of the host that is about to be opened; what it returns is called once it is closed. */
  takeDescriptor(): () => void {
    if (this.#shared.open >= this.#shared.maxOpen) fail("insufficient-memory");
    this.#shared.open += 1;
    return () => {
      this.#shared.open -= 1;
    };
  }

  /** The directory that is open, a second time. */
  reopen(directory: OpenFile): Promise<OpenFile> {
    return this.open(directory.path, O_PATH | constants.O_DIRECTORY);
  }

  /** Counts something that the guest gets a handle to. */
  admit<T extends Closable>(make: () => T): T {
    this.#check();
    if (this.#slots.size >= MAX_SLOTS) fail("quota");
    const slot = make();
    this.#slots.add(slot);
    return slot;
  }

  forget(slot: Closable): void {
    this.#slots.delete(slot);
  }

  end(): void {
    this.#hasEnded = true;
    for (const slot of this.#slots) slot.close();
    this.#slots.clear();
  }

  #check(): void {
    if (this.#hasEnded) fail("interrupted");
  }
}

async function closeAndThrow(handle: { readonly close: () => Promise<void> }, error: unknown): Promise<never> {
  await handle.close();
  throw error;
}
