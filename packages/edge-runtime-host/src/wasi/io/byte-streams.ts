// Bytes that flow between guests and the host, as the host implements them: what stands behind `input-stream` and
// `output-stream`. Nothing here waits; `Readiness` says when to try again.

import type { Readiness } from "../readiness.ts";

/** What `wasi:io/error` hands to guests. */
export interface IoError {
  /** For people; it may reach the guest: no paths or addresses of the host. */
  readonly message: string;
  /** What a service's own function finds out about the error, e.g. `filesystem-error-code`. */
  readonly detail?: { readonly service: string; readonly code: unknown };
}

/** A stream failed. Thrown by sources and sinks, and given to the guest as `last-operation-failed`. */
export class StreamFailure extends Error {
  readonly error: IoError;

  constructor(error: IoError) {
    super(error.message);
    this.name = "StreamFailure";
    this.error = error;
  }
}

export interface ByteSource extends Readiness {
  /**
   * Up to `most` bytes (1 or more) that are there now, which the caller owns; an empty array where none are yet;
   * undefined at the end.
   *
   * @throws StreamFailure
   */
  readonly read: (most: number) => Uint8Array | undefined;
  /** The guest reads no more. */
  readonly close: () => void;
}

export interface ByteSink extends Readiness {
  /**
   * Bytes that `write` takes now: 0 until it is ready again; undefined once it takes no more ever.
   *
   * @throws StreamFailure
   */
  readonly room: () => number | undefined;
  /** Takes all of `bytes`, at most `room()`; they are the sink's from now on. */
  readonly write: (bytes: Uint8Array) => void;
  /** Asks that what was written be delivered: `room` is 0, and it is not ready, until that is done. */
  readonly flush: () => void;
  /** The guest writes no more: what was written is still delivered. */
  readonly close: () => void;
}
