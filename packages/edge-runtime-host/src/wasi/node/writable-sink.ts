// A Node stream that a guest writes. At most `capacity` bytes are under way: what the destination has not taken yet
// makes the guest wait. A reader that went away ends the stream; other faults fail it.

import type { Writable } from "node:stream";
import type { ByteSink } from "../io/byte-streams.ts";
import { StreamFailure } from "../io/byte-streams.ts";
import { PIPE_BYTES } from "../io/byte-pipe.ts";
import { Wakers } from "../readiness.ts";
import { ioErrorOf, isBrokenPipe } from "./io-error.ts";

export interface WritableSinkOptions {
  /** Most bytes under way. Default 64 KiB. */
  readonly capacity?: number;
  /** Leave the stream open when the guest has ended, as a process's own output must be. Default false: it is ended. */
  readonly keepOpen?: boolean;
}

export function createWritableSink(writable: Writable, options: WritableSinkOptions = {}): ByteSink {
  const { capacity = PIPE_BYTES, keepOpen = false } = options;
  const wakers = new Wakers();
  let underWay = 0;
  let isFlushing = false;
  let isClosed = false;
  let isReleased = false;
  let failure: unknown;

  const onError = (error: unknown): void => {
    failure ??= error;
    wakers.wake();
  };
  const onClose = (): void => wakers.wake();
  writable.on("error", onError);
  writable.on("close", onClose);

  /** Writes that are under way may still fail, and an error that nobody listens to ends the process. */
  const release = (): void => {
    if (!isClosed || underWay > 0 || isReleased) return;
    isReleased = true;
    writable.off("error", onError);
    writable.off("close", onClose);
    if (!keepOpen) writable.on("error", () => undefined).end();
  };
  const hasFailed = (): boolean => failure !== undefined && !isBrokenPipe(failure);
  const hasEnded = (): boolean => isClosed || !writable.writable || failure !== undefined;
  const settle = (bytes: number, error: Error | null | undefined): void => {
    underWay -= bytes;
    if (underWay === 0) isFlushing = false;
    if (error !== undefined && error !== null) failure ??= error;
    wakers.wake();
    release();
  };
  const room = (): number | undefined => {
    if (hasFailed()) throw new StreamFailure(ioErrorOf(failure));
    if (hasEnded()) return undefined;
    return isFlushing ? 0 : Math.max(0, capacity - underWay);
  };
  return {
    room,
    isReady: () => hasEnded() || (!isFlushing && underWay < capacity),
    onReady: wakers.add,
    write: (bytes) => {
      if (hasEnded()) return;
      underWay += bytes.length;
      writable.write(bytes, (error) => settle(bytes.length, error));
    },
    flush: () => {
      isFlushing = underWay > 0;
    },
    close: () => {
      isClosed = true;
      release();
      wakers.wake();
    },
  };
}
