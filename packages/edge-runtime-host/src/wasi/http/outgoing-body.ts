// The body of a message that a guest sends. The guest writes into a pipe, whoever sends the message reads from it; the
// body is complete when the guest has finished it and cut where it gave it up, which the reader meets as a failure.
//
//   guest -> output-stream -> length check -> BytePipe -> OutgoingContents -> socket

import { WasiError } from "edge-runtime-common";
import { BytePipe } from "../io/byte-pipe.ts";
import type { ByteSink, ByteSource } from "../io/byte-streams.ts";
import type { OutputStream } from "../io/io-resources.ts";
import { createOutputStream } from "../io/io-resources.ts";
import type { Result } from "../results.ts";
import { err, ok } from "../results.ts";
import type { Fields } from "./fields.ts";
import { streamFailure, toIoError } from "./http-failure.ts";
import type { ErrorCode } from "./http-types.ts";
import type { HttpUsage } from "./http-limits.ts";

/** A message's body on its way out: what an HTTP server or client takes. */
export interface OutgoingContents {
  /** Its end is the body's end; a read fails where the guest gave the body up. */
  readonly source: ByteSource;
  /** Bytes that are there to read. */
  readonly available: () => number;
  /** The guest has finished it: nothing comes after what is available. */
  readonly isFinished: () => boolean;
  /** Names and values in turn; once finished. */
  readonly trailers: () => readonly string[];
}

export interface OutgoingBodyOptions {
  readonly usage: HttpUsage;
  readonly message: "request" | "response";
  /** What its headers announce. */
  readonly contentLength: number | undefined;
  /** A body may be absent whatever the headers announce: answers to HEAD, and 304. */
  readonly mayBeAbsent: () => boolean;
}

/** `outgoing-body`. */
export class OutgoingBody {
  readonly #options: OutgoingBodyOptions;
  readonly #pipe: BytePipe;
  #stream: "not taken" | "alive" | "dropped" = "not taken";
  #state: "open" | "finished" | "cut" = "open";
  #written = 0;
  #exceeds = false;
  #isSent = false;
  #trailers: readonly string[] = [];

  constructor(options: OutgoingBodyOptions) {
    this.#options = options;
    this.#pipe = new BytePipe(options.usage.addBody(this));
  }

  /** For whoever sends it; once. */
  send(): OutgoingContents {
    this.#isSent = true;
    return {
      source: this.#pipe.source,
      available: () => this.#pipe.length,
      isFinished: () => this.#state === "finished",
      trailers: () => this.#trailers,
    };
  }

  /** Nobody will send it. */
  abandon(): void {
    this.#pipe.source.close();
  }

  takeStream(): Result<OutputStream, undefined> {
    if (this.#stream !== "not taken") return err(undefined);
    this.#stream = "alive";
    return ok(createOutputStream(this.#sink()));
  }

  #sink(): ByteSink {
    const { room, isReady, onReady } = this.#pipe.sink;
    return {
      room,
      // Before the message is sent there is nobody to deliver to: guests write, flush, and only then send it.
      flush: () => {
        if (this.#isSent) this.#pipe.sink.flush();
      },
      isReady,
      onReady,
      write: (bytes) => this.#write(bytes),
      // The end is told by `finish` alone.
      close: () => {
        this.#stream = "dropped";
      },
    };
  }

  #write(bytes: Uint8Array): void {
    const { contentLength } = this.#options;
    if (contentLength !== undefined && this.#written + bytes.length > contentLength) {
      this.#exceeds = true;
      throw streamFailure(this.#sizeError(this.#written + bytes.length));
    }
    this.#written += bytes.length;
    this.#pipe.sink.write(bytes);
  }

  #sizeError(bytes: number): ErrorCode {
    return { tag: `HTTP-${this.#options.message}-body-size`, val: BigInt(bytes) };
  }

  #hasAnnouncedLength(): boolean {
    const { contentLength, mayBeAbsent } = this.#options;
    if (this.#exceeds) return false;
    return contentLength === undefined || this.#written === contentLength || (this.#written === 0 && mayBeAbsent());
  }

  finish(trailers: Fields | undefined): Result<undefined, ErrorCode> {
    if (this.#stream === "alive") this.close();
    this.#trailers = trailers?.flatTrailers() ?? [];
    trailers?.close();
    if (!this.#hasAnnouncedLength()) {
      this.#cut();
      return err(this.#sizeError(this.#written));
    }
    this.#end("finished");
    this.#pipe.sink.close();
    return ok();
  }

  #end(state: "finished" | "cut"): void {
    this.#state = state;
    this.#options.usage.removeBody(this);
  }

  #cut(): void {
    this.#end("cut");
    this.#pipe.fail(
      toIoError({ tag: `HTTP-${this.#options.message === "request" ? "protocol-error" : "response-incomplete"}` }),
    );
  }

  close(): void {
    if (this.#state === "open") this.#cut();
    if (this.#stream === "alive") throw new WasiError("outgoing-body: its stream has not been dropped");
  }
}
