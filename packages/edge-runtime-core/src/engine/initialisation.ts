// What the initialisation of an instance (start functions, and what instantiation calls besides) learned from the
// host. A snapshot is shared by all runs that an instance serves: had it read randomness, a clock or the environment,
// they would share hash seeds, keys and times. Decided by what was called, for each instance anew.

import type { HostFunction, HostReads } from "./host-functions.ts";

type Learned = Exclude<HostReads, "nothing"> | "unknown";

/** Stable: for logs and tests. */
const reasons: Readonly<Record<Learned, string>> = {
  randomness: "its initialisation read randomness",
  clock: "its initialisation read a clock",
  environment: "its initialisation read the environment",
  unknown: "its initialisation called a host function that is not declared to read nothing",
};

/** Whether a call of `fn` may learn what the next instance would not. */
export function readsNothing(fn: HostFunction | undefined): boolean {
  return fn?.reads === "nothing";
}

export class Initialisation {
  #learned: Learned | undefined;
  #ended = false;

  /** Notes a call; the first that reads anything is the reason. */
  note(fn: HostFunction): void {
    if (this.#ended || readsNothing(fn)) return;
    const reads = fn.reads ?? "unknown";
    if (reads !== "nothing") this.#learned ??= reads;
  }

  /** Later calls are those of runs. */
  end(): void {
    this.#ended = true;
  }

  /** Why no snapshot may be shared; undefined where one may. */
  get notShareable(): string | undefined {
    return this.#learned === undefined ? undefined : reasons[this.#learned];
  }
}
