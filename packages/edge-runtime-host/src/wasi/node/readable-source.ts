// A Node stream that a guest reads. Nothing is read before the guest asks, and no more than the stream's own buffer
// holds is read ahead. Once the guest reads no more, the stream is destroyed and nothing refers to it.

import type { Readable } from "node:stream";
import type { ByteSource } from "../io/byte-streams.ts";
import { StreamFailure } from "../io/byte-streams.ts";
import { Wakers } from "../readiness.ts";
import { ioErrorOf } from "./io-error.ts";

const EVENTS = ["readable", "end", "close", "error"] as const;

/** `open` is called at most once, when the guest first looks; the stream is the source's from then on. */
export function createReadableSource(open: () => Readable): ByteSource {
  const wakers = new Wakers();
  let opened: Readable | undefined;
  let isClosed = false;

  const onEvent = (): void => {
    // Without data this is what makes the stream tell its end.
    if (opened?.readableLength === 0 && !opened.destroyed) opened.read(0);
    wakers.wake();
  };
  const stream = (): Readable => {
    if (opened !== undefined) return opened;
    opened = open();
    for (const event of EVENTS) opened.on(event, onEvent);
    return opened;
  };
  const isOver = (readable: Readable): boolean => readable.readableEnded || readable.destroyed;

  return {
    isReady: () => isClosed || stream().readableLength > 0 || isOver(stream()),
    onReady: (callback) => {
      stream();
      return wakers.add(callback);
    },
    read: (most) => {
      if (isClosed) return undefined;
      const readable = stream();
      if (readable.errored !== null) throw new StreamFailure(ioErrorOf(readable.errored));
      const length = Math.min(most, readable.readableLength);
      if (length > 0) return readable.read(length) as Uint8Array;
      return isOver(readable) ? undefined : new Uint8Array();
    },
    close: () => {
      isClosed = true;
      if (opened === undefined) return;
      for (const event of EVENTS) opened.off(event, onEvent);
      // Being destroyed may fail too, when nobody is interested any more.
      opened.on("error", () => undefined);
      opened.destroy();
      wakers.wake();
    },
  };
}
