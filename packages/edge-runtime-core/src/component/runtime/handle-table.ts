// Handles of one component instance, all resource types together. Index 0 is never used; freed indices are used again,
// the latest first.
//
//   index   1            2       3 ...
//           {own, rep}   (free)  {borrow, rep, scope}
//
// Spec: CanonicalABI "Table State", "Resource State".

import type { ResourceId } from "../../canonical-abi/types.ts";
import { MAX_HANDLES } from "../limits.ts";

/** A call during which borrowed handles were given to the callee; it must have dropped them when it returns. */
export interface BorrowScope {
  borrows: number;
}

export interface Handle {
  readonly resource: ResourceId;
  /** An i32 for resources of a component, the host's own value for those of the host. */
  readonly rep: unknown;
  /** Undefined for owned handles. */
  readonly scope: BorrowScope | undefined;
  /** Calls in progress to which it is lent. */
  lends: number;
}

/** Something that must be the same after a reset, by a name for people. */
export type StateFact = readonly [name: string, values: readonly unknown[]];

/** Handles whose room is charged at a time: most runs have fewer, and cost nothing. */
const HANDLES_PER_BLOCK = 1024;

/** Bytes of V8's heap that an entry and what the host keeps for a small resource take. */
const BYTES_PER_HANDLE = 256;

export class HandleTable {
  readonly #holdHeap: (bytes: number) => void;
  #entries: (Handle | undefined)[] = [undefined];
  #free: number[] = [];
  #isTouched = false;

  /** `holdHeap` charges bytes of the thread's heap to the run, until it ends; it throws where there is no room. */
  constructor(holdHeap: (bytes: number) => void) {
    this.#holdHeap = holdHeap;
  }

  /** Whether anything but reading happened since the table was made or restored: most runs touch no handle. */
  get isTouched(): boolean {
    return this.#isTouched;
  }

  touch(): void {
    this.#isTouched = true;
  }

  get(index: number): Handle | undefined {
    return this.#entries[index];
  }

  /** Index of the new handle, or 0 where the table is full. */
  add(handle: Handle): number {
    this.#isTouched = true;
    const reused = this.#free.pop();
    if (reused !== undefined) {
      this.#entries[reused] = handle;
      return reused;
    }
    if (this.#entries.length > MAX_HANDLES) return 0;
    if (this.#entries.length % HANDLES_PER_BLOCK === 0) this.#holdHeap(HANDLES_PER_BLOCK * BYTES_PER_HANDLE);
    return this.#entries.push(handle) - 1;
  }

  /** Frees an index that is in use. */
  remove(index: number): void {
    this.#isTouched = true;
    this.#entries[index] = undefined;
    this.#free.push(index);
  }

  *handles(): Generator<Handle> {
    for (const handle of this.#entries) {
      if (handle !== undefined) yield handle;
    }
  }

  /** Contents as named lists of values that can be compared by identity. */
  *facts(): Generator<StateFact> {
    for (const [index, handle] of this.#entries.entries()) {
      if (handle === undefined) continue;
      yield [`handle ${index}`, [handle.resource, handle.rep, handle.scope, handle.lends]];
    }
    yield ["handle indices", [this.#entries.length, ...this.#free]];
  }

  /** The handles that `keeps` admits, as a function that brings the table back to them. */
  save(keeps: (handle: Handle) => boolean): () => void {
    this.#isTouched = this.#entries.some((handle) => handle !== undefined && !keeps(handle));
    const entries = this.#entries.map((handle) => (handle !== undefined && keeps(handle) ? { ...handle } : undefined));
    const free = entries.flatMap((handle, index) => (handle === undefined && index > 0 ? [index] : []));
    const ordered = [...free.filter((index) => !this.#free.includes(index)), ...this.#free];
    return () => {
      this.#entries = entries.map((handle) => (handle === undefined ? undefined : { ...handle }));
      this.#free = [...ordered];
      this.#isTouched = false;
    };
  }
}
