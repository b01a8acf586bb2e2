// `write-via-stream` and `append-via-stream`: what the guest wrote is kept, up to a bound, until the system has taken it.
// What was taken from the guest is written even where it drops the stream or the run ends.

import type { ByteSink, StreamFailure } from "../io/byte-streams.ts";
import { Wakers } from "../readiness.ts";
import { FilesystemError, toStreamFailure } from "./error-code.ts";
import type { OpenFile } from "./open-file.ts";
import type { Closable, RunFiles } from "./run-files.ts";

/** Most bytes that are kept for one stream. */
const BUFFER_BYTES = 65_536;

export class FileSink implements Closable {
  readonly #files: RunFiles;
  readonly #file: OpenFile;
  readonly #wakers = new Wakers();
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  /** Of the next byte; undefined: the end of the file, wherever it is then. */
  #position: number | undefined;
  #isWriting = false;
  #isFlushing = false;
  #isClosed = false;
  #failure: StreamFailure | undefined;

  /** Holds the file, which was opened with O_APPEND where there is no position. */
  constructor(files: RunFiles, file: OpenFile, position: number | undefined) {
    this.#files = files;
    this.#file = file.hold();
    this.#position = position;
  }

  readonly close = (): void => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#files.forget(this);
    this.#wakers.wake();
    if (!this.#isWriting) this.#file.release();
  };

  readonly sink: ByteSink = {
    room: () => {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isClosed) return undefined;
      return this.#isFlushing ? 0 : BUFFER_BYTES - this.#length;
    },
    write: (bytes) => {
      if (this.#isClosed || this.#failure !== undefined || bytes.length === 0) return;
      this.#chunks.push(bytes);
      this.#length += bytes.length;
      if (!this.#isWriting) void this.#writeAll();
    },
    isReady: () => this.#failure !== undefined || this.#isClosed || (!this.#isFlushing && this.#length < BUFFER_BYTES),
    onReady: this.#wakers.add,
    flush: () => {
      this.#isFlushing = this.#isWriting;
    },
    close: this.close,
  };

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    try {
      for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
        const written = await this.#writeSome(chunk);
        this.#length -= written;
        if (written === chunk.length) this.#chunks.shift();
        else this.#chunks[0] = chunk.subarray(written);
        if (!this.#isFlushing) this.#wakers.wake();
      }
    } catch (error) {
      this.#failure = toStreamFailure(error);
      this.#chunks.length = 0;
    }
    this.#isWriting = false;
    this.#isFlushing = false;
    if (this.#isClosed) this.#file.release();
    this.#wakers.wake();
  }

  async #writeSome(bytes: Uint8Array): Promise<number> {
    const position = this.#position;
    if (position !== undefined && position + bytes.length > Number.MAX_SAFE_INTEGER) {
      throw new FilesystemError("file-too-large");
    }
    const { bytesWritten } = await this.#files.performLate(() =>
      this.#file.handle.write(bytes, 0, bytes.length, position),
    );
    if (position !== undefined) this.#position = position + bytesWritten;
    this.#files.changes += 1;
    return bytesWritten;
  }
}
