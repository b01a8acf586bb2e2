// Bytes from one side to the other, at most `capacity` of them on the way: whoever writes waits for whoever reads.

import { Wakers } from "../readiness.ts";
import type { ByteSink, ByteSource } from "./byte-streams.ts";
import { StreamFailure } from "./byte-streams.ts";
import type { IoError } from "./byte-streams.ts";

/** Most bytes that are kept between writer and reader. */
export const PIPE_BYTES = 65_536;

/** Pieces up to this size share blocks. */
const SMALL_BYTES = 512;
const BLOCK_BYTES = 4096;

export class BytePipe {
  readonly #capacity: number;
  readonly #chunks: Uint8Array[] = [];
  readonly #readers = new Wakers();
  readonly #writers = new Wakers();
  #block = new Uint8Array();
  #blockUsed = 0;
  #length = 0;
  #isFlushing = false;
  #hasEnded = false;
  #isAbandoned = false;
  #failure: IoError | undefined;

  constructor(capacity = PIPE_BYTES) {
    this.#capacity = capacity;
  }

  /** Bytes on the way. */
  get length(): number {
    return this.#length;
  }

  /** The writer closed its side; what is on the way can still be read. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The reader closed its side. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** Both sides fail from now on; what is on the way is lost. */
  fail(error: IoError): void {
    this.#failure ??= error;
    this.#discard();
    this.#readers.wake();
    this.#writers.wake();
  }

  #discard(): void {
    this.#chunks.length = 0;
    this.#length = 0;
    this.#isFlushing = false;
  }

  readonly #read = (most: number): Uint8Array | undefined => {
    if (this.#failure !== undefined) throw new StreamFailure(this.#failure);
    const first = this.#chunks[0];
    if (first === undefined) return this.#hasEnded || this.#isAbandoned ? undefined : new Uint8Array();
    const taken = first.length <= most ? first : first.subarray(0, most);
    if (taken === first) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(most);
    this.#length -= taken.length;
    if (this.#length === 0) this.#isFlushing = false;
    if (!this.#isFlushing) this.#writers.wake();
    return taken;
  };

  readonly #room = (): number | undefined => {
    if (this.#failure !== undefined) throw new StreamFailure(this.#failure);
    if (this.#hasEnded || this.#isAbandoned) return undefined;
    return this.#isFlushing ? 0 : Math.max(0, this.#capacity - this.#length);
  };

  readonly #write = (bytes: Uint8Array): void => {
    if (this.#hasEnded || this.#isAbandoned || bytes.length === 0) return;
    if (bytes.length > SMALL_BYTES) this.#chunks.push(bytes);
    else this.#join(bytes);
    this.#length += bytes.length;
    this.#readers.wake();
  };

  /** Puts small pieces side by side: an object for each byte of a guest's would be a hundred times what it wrote. */
  #join(bytes: Uint8Array): void {
    if (this.#blockUsed + bytes.length > this.#block.length) {
      this.#block = new Uint8Array(BLOCK_BYTES);
      this.#blockUsed = 0;
    }
    const block = this.#block;
    const start = this.#blockUsed;
    block.set(bytes, start);
    this.#blockUsed += bytes.length;
    const last = this.#chunks.at(-1);
    const isNext = last?.buffer === block.buffer && last.byteOffset + last.length === start;
    if (isNext) this.#chunks[this.#chunks.length - 1] = block.subarray(last.byteOffset, this.#blockUsed);
    else this.#chunks.push(block.subarray(start, this.#blockUsed));
  }

  readonly source: ByteSource = {
    read: this.#read,
    isReady: () => this.#length > 0 || this.#hasEnded || this.#isAbandoned || this.#failure !== undefined,
    onReady: this.#readers.add,
    close: () => {
      this.#isAbandoned = true;
      this.#discard();
      this.#writers.wake();
    },
  };

  readonly sink: ByteSink = {
    room: this.#room,
    write: this.#write,
    isReady: () =>
      this.#failure !== undefined ||
      this.#hasEnded ||
      this.#isAbandoned ||
      (!this.#isFlushing && this.#length < this.#capacity),
    onReady: this.#writers.add,
    flush: () => {
      this.#isFlushing = this.#length > 0 && !this.#isAbandoned;
    },
    close: () => {
      this.#hasEnded = true;
      this.#readers.wake();
    },
  };
}
