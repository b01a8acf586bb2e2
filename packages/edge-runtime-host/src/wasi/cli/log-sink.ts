// Standard output of a guest that has none: lines become entries of its run's log, within the log's limits. At most one
// line of at most 8 KiB is kept; a longer one becomes several entries. Nothing here ever waits.

import type { LogLevel, WorkerContext } from "edge-runtime-core";
import type { ByteSink } from "../io/byte-streams.ts";
import { alwaysReady } from "../readiness.ts";
import { characterStart, MAX_MESSAGE_BYTES } from "../../logging/log-message.ts";

/** What one write may hold. */
const ROOM_BYTES = 65_536;
const NEWLINE = 0x0a;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** `wallClock`: milliseconds since 1970-01-01T00:00:00Z. Without the grant to log, each write counts as one dropped entry. */
export function createLogSink(context: WorkerContext, level: LogLevel, wallClock: () => number): ByteSink {
  const line = new Uint8Array(MAX_MESSAGE_BYTES);
  let length = 0;
  let isClosed = false;

  /** Empty lines say nothing and are left out. */
  const log = (bytes: Uint8Array): void => {
    const message = decoder.decode(bytes).replace(/\r$/, "");
    if (message !== "") context.log({ level, message, timestampMs: wallClock() });
  };
  const endLine = (): void => {
    log(line.subarray(0, length));
    length = 0;
  };
  /** Between characters: what is begun goes to the next entry. */
  const breakLine = (): void => {
    const last = characterStart(line, MAX_MESSAGE_BYTES - 1);
    log(line.subarray(0, last));
    line.copyWithin(0, last);
    length -= last;
  };
  const append = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length;) {
      if (length === MAX_MESSAGE_BYTES) breakLine();
      const part = bytes.subarray(at, at + MAX_MESSAGE_BYTES - length);
      line.set(part, length);
      length += part.length;
      at += part.length;
    }
  };
  const write = (bytes: Uint8Array): void => {
    if (isClosed) return;
    if (!context.loggingEnabled) return context.dropLog();
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      append(bytes.subarray(start, end));
      endLine();
      start = end + 1;
    }
    append(bytes.subarray(start));
  };
  return {
    ...alwaysReady,
    room: () => (isClosed ? undefined : ROOM_BYTES),
    write,
    flush: () => undefined,
    close: () => {
      if (!isClosed && length > 0) endLine();
      isClosed = true;
    },
  };
}
