// What one run may make the host hold for wasi:http. Handles are bounded by the component's table, but what stands behind
// one is not: the figures here are over all of a run. A guest that goes beyond ends; no honest one comes near.

import { WasiError } from "edge-runtime-common";
import type { Service } from "edge-runtime-core";
import { PIPE_BYTES } from "../io/byte-pipe.ts";

/** Names, values and `FIELD_OVERHEAD` for each, of one `fields`. Wasmtime's figure. */
export const MAX_FIELDS_BYTES = 131_072;
/** The same over all `fields` that are alive. */
const MAX_RUN_FIELDS_BYTES = 1_048_576;
/** What an entry takes besides its characters, about. */
export const FIELD_OVERHEAD = 64;

/** Bodies that guests write, alive at one time. */
const MAX_BODIES = 1024;
/** Bodies that get a buffer of full size; later ones get a small one. */
const LARGE_BODIES = 16;
const SMALL_PIPE_BYTES = 4096;

/** Requests sent whose response has not been dropped. */
const MAX_REQUESTS = 256;

interface Closable {
  readonly close: () => void;
}

/** How much is in use, and what is known of the request that the run answers. */
export class HttpUsage {
  /** The request's method is HEAD: answers announce lengths of bodies that they do not have. */
  answersHead = false;
  #fieldsBytes = 0;
  readonly #bodies = new Set<Closable>();
  #requests = 0;

  /** `bytes` may be negative: given back. */
  addFields(bytes: number): void {
    this.#fieldsBytes += bytes;
    if (this.#fieldsBytes > MAX_RUN_FIELDS_BYTES) {
      throw new WasiError(`wasi:http: more than ${MAX_RUN_FIELDS_BYTES} bytes of header fields in one run`);
    }
  }

  /** Capacity of a body's buffer in bytes. */
  addBody(body: Closable): number {
    if (this.#bodies.size >= MAX_BODIES)
      throw new WasiError(`wasi:http: more than ${MAX_BODIES} open bodies in one run`);
    this.#bodies.add(body);
    return this.#bodies.size <= LARGE_BODIES ? PIPE_BYTES : SMALL_PIPE_BYTES;
  }

  removeBody(body: Closable): void {
    this.#bodies.delete(body);
  }

  /** The run is over: bodies that are open stay incomplete, also those whose handle was lost in a call that trapped. */
  end(): void {
    for (const body of this.#bodies) {
      try {
        body.close();
      } catch {
        // Children that were left over: there is no guest to trap.
      }
    }
  }

  /** False where there are too many. */
  addRequest(): boolean {
    if (this.#requests >= MAX_REQUESTS) return false;
    this.#requests += 1;
    return true;
  }

  removeRequest(): void {
    this.#requests -= 1;
  }
}

export const httpUsage: Service<HttpUsage> = {
  name: "wasi:http usage",
  start: () => new HttpUsage(),
  end: (usage) => usage.end(),
};
