// What the memories of a program hold after instantiation: one image for all its instances, taken from the first. Zero
// pages of an image are never written and take no room. An instance that begins otherwise is not restored to it: what
// its initialisation did differently may be a secret that its runs must not share.
//
// A reset copies what is marked, in steps, so that the event loop need not wait for a large one.

import { marksPerPage } from "../instrument/dirty-pages.ts";
import { encodeRestorer } from "../instrument/restorer-module.ts";
import type { GuestMemory } from "./guest-memory.ts";
import { bytesPerPage } from "./limits.ts";

/** Of instances whose memory is not that of the first one. */
export const differingReason = "its initial memory is not that of the instance before";
const enormousReason = "a memory of 4 GiB";

const maxPages = 65_535;
const mostPages = 0x7fffffff;

interface Restorer {
  readonly capture: () => number;
  readonly same: () => number;
  readonly restore: (at: number, most: number, used: number) => number;
  readonly markAll: () => void;
}

interface Image {
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly bytes: number;
  /** Behind so many pages of 4 KiB the image is zero. */
  readonly used: number;
}

function newRestorer(module: WebAssembly.Module, image: WebAssembly.Memory, guest: GuestMemory): Restorer {
  const imports: Record<string, WebAssembly.ImportValue> = { guest: guest.memory, image };
  if (guest.marks !== undefined) imports["marks"] = guest.marks.global;
  return new WebAssembly.Instance(module, { "": imports }).exports as unknown as Restorer;
}

function newMemory(pages: number, is64: boolean): WebAssembly.Memory {
  if (!is64) return new WebAssembly.Memory({ initial: pages, maximum: pages });
  const initial = BigInt(pages);
  return new WebAssembly.Memory({ address: "i64", initial, maximum: initial });
}

/** One memory of one instance, and how it is put back. */
export class MemoryReset {
  readonly #guest: GuestMemory;
  readonly #restorer: Restorer;
  readonly #image: Image;
  /** Next page to look at; undefined: no reset is under way. */
  #at: number | undefined;

  constructor(guest: GuestMemory, restorer: Restorer, image: Image) {
    this.#guest = guest;
    this.#restorer = restorer;
    this.#image = image;
  }

  get isPossible(): boolean {
    return this.#guest.bytes === this.#image.bytes;
  }

  /** Restores about `most` pages; true once all are. */
  step(most = mostPages): boolean {
    if (this.#at === -1) return true;
    if (this.#at === undefined && !this.#guest.takeTold()) this.#restorer.markAll();
    this.#at = this.#restorer.restore(this.#at ?? 0, most, this.#image.used);
    return this.#at === -1;
  }

  /** All is restored: what is written from now on belongs to the next run. */
  finish(): void {
    this.#at = undefined;
  }
}

export class ProgramImages {
  readonly #images: Image[] = [];

  /** Prepares resets of the memories of a new instance, in their order; or says why there can be none. */
  attach(memories: readonly GuestMemory[]): readonly MemoryReset[] | string {
    const resets: MemoryReset[] = [];
    for (const [index, guest] of memories.entries()) {
      const reset = this.#attach(index, guest);
      if (typeof reset === "string") return reset;
      resets.push(reset);
    }
    return resets;
  }

  #attach(index: number, guest: GuestMemory): MemoryReset | string {
    const image = this.#images[index];
    if (image === undefined) return this.#capture(index, guest);
    if (image.bytes !== guest.bytes) return differingReason;
    const restorer = newRestorer(image.module, image.memory, guest);
    if (!guest.takeTold() || guest.hasGrown) restorer.markAll();
    return restorer.same() === 1 ? new MemoryReset(guest, restorer, image) : differingReason;
  }

  #capture(index: number, guest: GuestMemory): MemoryReset | string {
    const { bytes } = guest;
    const { is64 } = guest.plan;
    if (bytes > maxPages * bytesPerPage) return enormousReason;
    const pages = bytes / bytesPerPage;
    const ownMarks = guest.marks === undefined ? pages * marksPerPage : undefined;
    const module = new WebAssembly.Module(encodeRestorer({ is64, ownMarks }));
    const memory = newMemory(pages, is64);
    const restorer = newRestorer(module, memory, guest);
    guest.takeTold();
    const image = { memory, module, bytes, used: restorer.capture() };
    this.#images[index] = image;
    return new MemoryReset(guest, restorer, image);
  }
}
