// The body of a message that comes in, as guests consume it: first its bytes, then its trailers, never both at once.

import { WasiError } from "edge-runtime-common";
import type { InputStream } from "../io/io-resources.ts";
import { createInputStream } from "../io/io-resources.ts";
import type { ByteSource } from "../io/byte-streams.ts";
import type { Readiness } from "../readiness.ts";
import type { Result } from "../results.ts";
import { err, ok } from "../results.ts";
import type { FieldEntry } from "./fields.ts";
import { Fields } from "./fields.ts";
import type { ErrorCode } from "./http-types.ts";
import type { HttpUsage } from "./http-limits.ts";

/** A message's body on its way in: what an HTTP server or client gives. */
export interface IncomingContents {
  /** The bytes. Reads throw failures that carry an error code. */
  readonly source: ByteSource;
  /** Ready once all has come in, or nothing more will. */
  readonly ended: Readiness;
  /** Once `ended`: the trailers, or what went wrong. */
  readonly trailers: () => Result<readonly FieldEntry[], ErrorCode>;
  /** Reads what is left and throws it away: nobody wants more than the trailers. */
  readonly drain: () => void;
  /** Nobody wants any of it. More than once does nothing more. */
  readonly abandon: () => void;
}

/** `incoming-body`. */
export class IncomingBody {
  readonly #contents: IncomingContents;
  #stream: "not taken" | "alive" | "dropped" = "not taken";
  #isFinished = false;

  constructor(contents: IncomingContents) {
    this.#contents = contents;
  }

  takeStream(): Result<InputStream, undefined> {
    if (this.#stream !== "not taken") return err(undefined);
    this.#stream = "alive";
    const { source } = this.#contents;
    return ok(
      createInputStream({
        read: source.read,
        isReady: source.isReady,
        onReady: source.onReady,
        close: () => {
          this.#stream = "dropped";
        },
      }),
    );
  }

  finish(usage: HttpUsage): FutureTrailers {
    if (this.#stream === "alive") this.close();
    this.#isFinished = true;
    this.#contents.drain();
    return new FutureTrailers(this.#contents, usage);
  }

  close(): void {
    if (this.#isFinished) return;
    this.#contents.abandon();
    if (this.#stream === "alive") throw new WasiError("incoming-body: its stream has not been dropped");
  }
}

/** `future-trailers`. */
export class FutureTrailers {
  readonly #contents: IncomingContents;
  readonly #usage: HttpUsage;
  #isTaken = false;

  constructor(contents: IncomingContents, usage: HttpUsage) {
    this.#contents = contents;
    this.#usage = usage;
  }

  get readiness(): Readiness {
    return this.#contents.ended;
  }

  take(): Result<Result<Fields | undefined, ErrorCode>, undefined> | undefined {
    if (this.#isTaken) return err(undefined);
    if (!this.#contents.ended.isReady()) return undefined;
    this.#isTaken = true;
    const trailers = this.#contents.trailers();
    if (trailers.tag === "err") return ok(trailers);
    const isEmpty = trailers.val.length === 0;
    return ok({ tag: "ok", val: isEmpty ? undefined : Fields.received(this.#usage, trailers.val) });
  }

  close(): void {
    this.#contents.abandon();
  }
}
