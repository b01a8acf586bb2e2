// What core needs from where it runs. Core itself uses WebAssembly and ECMAScript only; the host package
// implements this with Node.js, tests with fakes.

import type { Metering } from "../instrument/plan.ts";
import type { Preview1Adapter, RewrittenProgram } from "./compile.ts";

export interface Platform {
  /** Monotonic clock in milliseconds with sub-millisecond resolution; the origin is arbitrary. */
  readonly now: () => number;
  /** Wall clock in milliseconds since 1970-01-01T00:00:00Z. */
  readonly wallClock: () => number;
  /** Resolves after the event loop has served what was ready: timers, sockets, other guests. */
  readonly yieldToEventLoop: () => Promise<void>;
  /** Calls back once after `delayMs` (0 or more); the returned function cancels. Must not keep the process alive. */
  readonly schedule: (delayMs: number, callback: () => void) => () => void;
  /**
   * Bytes that the garbage-collected objects of all guests of this thread may take together: well below what its heap
   * holds, since a full heap ends the process. Default 256 MiB.
   */
  readonly guestHeapBytes?: number;
  /** SHA-256, 64 lower-case hexadecimal digits. */
  readonly sha256: (bytes: Uint8Array) => string;
  /** HMAC-SHA-256 of the bytes under the key of this installation: 32 bytes. */
  readonly authenticate: (bytes: Uint8Array) => Uint8Array;
  /** Parses the WebAssembly text format, core module or component; rejects with an Error whose message has line and column. */
  readonly parseWat: (text: string) => Promise<Uint8Array>;
  /**
   * Why a component is invalid, in the words of the official validator with its offset (`... (at offset 0x2f)`);
   * undefined where it is valid, whatever features it uses. Bodies of core functions are V8's business. Default: the
   * linker's own checks alone, which are what keeps guests in, and say it in their own words.
   */
  readonly validateComponent?: (bytes: Uint8Array) => Promise<string | undefined>;
  /**
   * Validates, links and rewrites a program elsewhere, under limits of its own on time and memory, so that a hostile one
   * neither blocks nor ends this thread; rejects with CompilationFailed. `marksPages` is for what it calls,
   * `rewriteProgram`; `adaptsPreview1` says that it is to call `adaptAndRewrite` instead. Default: on the calling
   * thread, without limits.
   */
  readonly rewrite?: (
    bytes: Uint8Array,
    metering: Metering,
    marksPages: boolean,
    adaptsPreview1?: boolean,
  ) => Promise<RewrittenProgram>;
  /**
   * Makes components of core modules that import WASI preview 1. Default: they stay core modules, for hosts that offer
   * those functions themselves.
   */
  readonly adaptPreview1?: Preview1Adapter;
}

/** Where compiled artifacts are kept between starts. Both calls may fail silently: the cache is never the only copy. */
export interface ArtifactCache {
  /** The stored bytes, or undefined where there are none. */
  readonly read: (key: string) => Promise<Uint8Array | undefined>;
  readonly write: (key: string, bytes: Uint8Array) => Promise<void>;
  readonly remove: (key: string) => Promise<void>;
}
