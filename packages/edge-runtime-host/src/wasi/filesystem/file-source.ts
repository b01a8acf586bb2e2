// `read-via-stream`: one chunk is read ahead, when the guest first asks and then while it works on the one before. A
// chunk that was read before this run changed any file is read again, so a guest always sees what it wrote itself.

import type { ByteSource } from "../io/byte-streams.ts";
import type { StreamFailure } from "../io/byte-streams.ts";
import { Wakers } from "../readiness.ts";
import { toStreamFailure } from "./error-code.ts";
import type { OpenFile } from "./open-file.ts";
import type { Closable, RunFiles } from "./run-files.ts";

/** Bytes of one read ahead. */
const CHUNK_BYTES = 65_536;

const NOTHING = new Uint8Array();

interface Chunk {
  bytes: Uint8Array;
  /** `changes` of the run when the read began. */
  readonly changes: number;
  /** A guest that waited was told of it: it stays until the next read, or a guest could wait for ever. */
  isPromised: boolean;
}

export class FileSource implements Closable {
  readonly #files: RunFiles;
  readonly #file: OpenFile;
  readonly #wakers = new Wakers();
  /** Of what the guest reads next. */
  #position: bigint;
  #chunk: Chunk | undefined;
  #isReading = false;
  #isClosed = false;
  #failure: StreamFailure | undefined;

  /** Holds the file. `position` is below 2^63. */
  constructor(files: RunFiles, file: OpenFile, position: bigint) {
    this.#files = files;
    this.#file = file.hold();
    this.#position = position;
  }

  readonly close = (): void => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#chunk = undefined;
    this.#files.forget(this);
    this.#file.release();
    this.#wakers.wake();
  };

  readonly source: ByteSource = {
    read: (most) => this.#read(most),
    isReady: () => this.#failure !== undefined || this.#isClosed || this.#current() !== undefined,
    onReady: (callback) => {
      this.#current();
      return this.#wakers.add(callback);
    },
    close: this.close,
  };

  #read(most: number): Uint8Array | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isClosed) return undefined;
    const chunk = this.#current();
    if (chunk === undefined) return NOTHING;
    // The end is where a read gives nothing.
    if (chunk.bytes.length === 0) return undefined;
    const taken = chunk.bytes.subarray(0, most);
    chunk.bytes = chunk.bytes.subarray(taken.length);
    chunk.isPromised = false;
    this.#position += BigInt(taken.length);
    if (chunk.bytes.length === 0) {
      this.#chunk = undefined;
      this.#readAhead();
    }
    return taken;
  }

  /** What can be read now; undefined: it is being read. */
  #current(): Chunk | undefined {
    const chunk = this.#chunk;
    if (chunk !== undefined && (chunk.isPromised || chunk.changes === this.#files.changes)) return chunk;
    this.#chunk = undefined;
    this.#readAhead();
    return undefined;
  }

  #readAhead(): void {
    if (this.#isReading || this.#isClosed) return;
    this.#isReading = true;
    void this.#readChunk().then(() => {
      this.#isReading = false;
      this.#wakers.wake();
    });
  }

  async #readChunk(): Promise<void> {
    const position = this.#position;
    this.#file.hold();
    try {
      const chunk = await this.#files.perform(async () => {
        const { changes } = this.#files;
        const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
        const { bytesRead } = await this.#file.handle.read(buffer, 0, CHUNK_BYTES, position);
        return { bytes: new Uint8Array(buffer.buffer, 0, bytesRead), changes, isPromised: true };
      });
      if (!this.#isClosed) this.#chunk = chunk;
    } catch (error) {
      this.#failure ??= toStreamFailure(error);
    } finally {
      this.#file.release();
    }
  }
}
