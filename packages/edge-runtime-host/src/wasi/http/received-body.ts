// A body that comes in from the network for a guest: what was received and not yet read, at most about 64 KiB, and the
// word to its sender to pause and go on. Nothing is received before the guest asks.

import type { ByteSource } from "../io/byte-streams.ts";
import { StreamFailure } from "../io/byte-streams.ts";
import type { Readiness } from "../readiness.ts";
import { Wakers } from "../readiness.ts";
import type { Result } from "../results.ts";
import { err, ok } from "../results.ts";
import type { FieldEntry } from "./fields.ts";
import { toIoError } from "./http-failure.ts";
import type { ErrorCode } from "./http-types.ts";
import type { IncomingContents } from "./incoming-body.ts";

/** Bytes after which the sender is to pause. */
const HIGH_WATER_BYTES = 65_536;
/** What keeping a chunk takes besides its bytes: many small ones count. */
const CHUNK_OVERHEAD = 64;

export interface BodySender {
  /** Begins, once: the first time that anybody wants something. */
  readonly start: () => void;
  readonly resume: () => void;
  readonly pause: () => void;
  /** Nothing more is wanted; once, and not after the end. */
  readonly abandon: () => void;
}

type State = { readonly kind: "receiving" | "abandoned" } | { readonly kind: "ended"; readonly result: Trailers };
type Trailers = Result<readonly FieldEntry[], ErrorCode>;

export class ReceivedBody implements IncomingContents {
  readonly #sender: BodySender;
  readonly #onDone: (() => void) | undefined;
  readonly #chunks: Uint8Array[] = [];
  readonly #readers = new Wakers();
  readonly #waiters = new Wakers();
  #state: State = { kind: "receiving" };
  #size = 0;
  #isStarted = false;
  #isPaused = false;
  #isDraining = false;
  #isDone = false;

  /** `onDone`: nothing is kept for the guest any more. */
  constructor(sender: BodySender, onDone?: () => void) {
    this.#sender = sender;
    this.#onDone = onDone;
  }

  /** A body that has ended already, without a byte. */
  static empty(): ReceivedBody {
    const nothing = (): void => undefined;
    const body = new ReceivedBody({ start: nothing, resume: nothing, pause: nothing, abandon: nothing });
    body.end([]);
    return body;
  }

  #start(): void {
    if (this.#isStarted || this.#state.kind !== "receiving") return;
    this.#isStarted = true;
    this.#sender.start();
  }

  /** What the sender has sent. */
  push(chunk: Uint8Array): void {
    if (this.#state.kind !== "receiving" || this.#isDraining || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length + CHUNK_OVERHEAD;
    if (this.#size >= HIGH_WATER_BYTES && !this.#isPaused) {
      this.#isPaused = true;
      this.#sender.pause();
    }
    this.#readers.wake();
  }

  end(trailers: readonly FieldEntry[]): void {
    this.#end(ok(trailers));
  }

  /** What was received before can still be read. */
  fail(code: ErrorCode): void {
    this.#end(err(code));
  }

  #end(result: Trailers): void {
    if (this.#state.kind !== "receiving") return;
    this.#state = { kind: "ended", result };
    this.#readers.wake();
    this.#waiters.wake();
    this.#checkDone();
  }

  #checkDone(): void {
    if (this.#isDone || this.#state.kind === "receiving" || this.#chunks.length > 0) return;
    this.#isDone = true;
    this.#onDone?.();
  }

  readonly #read = (most: number): Uint8Array | undefined => {
    this.#start();
    const first = this.#chunks[0];
    if (first === undefined) return this.#readEnd();
    const isWhole = first.length <= most;
    if (isWhole) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(most);
    const taken = isWhole ? first : first.subarray(0, most);
    this.#size -= taken.length + (isWhole ? CHUNK_OVERHEAD : 0);
    this.#goOn();
    this.#checkDone();
    return taken;
  };

  #readEnd(): Uint8Array | undefined {
    const state = this.#state;
    if (state.kind === "receiving") return new Uint8Array();
    if (state.kind === "ended" && state.result.tag === "err") throw new StreamFailure(toIoError(state.result.val));
    return undefined;
  }

  #goOn(): void {
    if (!this.#isPaused || this.#size > HIGH_WATER_BYTES / 2) return;
    this.#isPaused = false;
    if (this.#state.kind === "receiving") this.#sender.resume();
  }

  readonly source: ByteSource = {
    read: this.#read,
    isReady: () => {
      this.#start();
      return this.#chunks.length > 0 || this.#state.kind !== "receiving";
    },
    onReady: (callback) => {
      this.#start();
      return this.#readers.add(callback);
    },
    close: () => undefined,
  };

  readonly ended: Readiness = {
    isReady: () => this.#state.kind !== "receiving",
    onReady: (callback) => this.#waiters.add(callback),
  };

  readonly trailers = (): Trailers =>
    this.#state.kind === "ended" ? this.#state.result : err({ tag: "connection-terminated" });

  readonly drain = (): void => {
    this.#isDraining = true;
    this.#forget();
    this.#start();
    this.#checkDone();
  };

  #forget(): void {
    this.#chunks.length = 0;
    this.#size = 0;
    this.#goOn();
  }

  readonly abandon = (): void => {
    const wasReceiving = this.#state.kind === "receiving";
    if (wasReceiving) this.#state = { kind: "abandoned" };
    this.#forget();
    if (wasReceiving) this.#sender.abandon();
    this.#readers.wake();
    this.#waiters.wake();
    this.#checkDone();
  };
}
