// Look-ups of names, few at a time. The system's resolver works on libuv's four threads, which also read files, and a
// look-up under way cannot be stopped: without a bound, guests that ask for names whose servers never answer would stop
// every file operation of the process.

import { NetworkFailure, toNetworkFailure } from "./network-failure.ts";

/** Most look-ups at one time. */
const MAX_RUNNING = 2;
/** Most names that wait. */
const MAX_WAITING = 256;

type LookUp = (name: string) => Promise<readonly string[]>;
type Found = { readonly addresses: readonly string[] } | { readonly failure: NetworkFailure };

/** One name; all who want it at the same time share it. */
interface Search {
  readonly name: string;
  readonly wanting: Set<(found: Found) => void>;
}

export class LookupQueue {
  readonly #lookUp: LookUp;
  readonly #searches = new Map<string, Search>();
  readonly #waiting = new Set<Search>();
  #running = 0;

  constructor(lookUp: LookUp) {
    this.#lookUp = lookUp;
  }

  /** Rejects with NetworkFailure, or the signal's reason. */
  find(name: string, signal: AbortSignal): Promise<readonly string[]> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    const search = this.#searches.get(name) ?? this.#add(name);
    if (search === undefined) {
      return Promise.reject(new NetworkFailure("temporary-resolver-failure", "too many names are being looked up"));
    }
    return new Promise((resolve, reject) => {
      const settle = (found: Found): void => {
        signal.removeEventListener("abort", stop);
        if ("failure" in found) reject(found.failure);
        else resolve(found.addresses);
      };
      const stop = (): void => {
        search.wanting.delete(settle);
        // Nobody waits for it, and it has not begun.
        if (search.wanting.size === 0 && this.#waiting.delete(search)) this.#searches.delete(name);
        reject(signal.reason as Error);
      };
      search.wanting.add(settle);
      signal.addEventListener("abort", stop, { once: true });
      this.#next();
    });
  }

  #add(name: string): Search | undefined {
    if (this.#waiting.size >= MAX_WAITING) return undefined;
    const search: Search = { name, wanting: new Set() };
    this.#searches.set(name, search);
    this.#waiting.add(search);
    return search;
  }

  #next(): void {
    const [search] = this.#waiting;
    if (search === undefined || this.#running >= MAX_RUNNING) return;
    this.#waiting.delete(search);
    this.#running += 1;
    void this.#perform(search).then((found) => {
      this.#running -= 1;
      this.#searches.delete(search.name);
      for (const settle of search.wanting) settle(found);
      this.#next();
    });
  }

  async #perform({ name }: Search): Promise<Found> {
    try {
      return { addresses: await this.#lookUp(name) };
    } catch (error) {
      return { failure: toNetworkFailure(error) };
    }
  }
}
