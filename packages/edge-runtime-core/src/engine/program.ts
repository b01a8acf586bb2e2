// A program: a core module or a component with its imports resolved, that can be instantiated in any number of stores.
// The pool and the runner know only this.

import type { CompiledCore } from "./core-instance.ts";
import type { ProgramImages } from "./memory-image.ts";
import type { Store } from "./store.ts";

/** A callable entry point; the promise settles when the guest returns, and rejects with what ended it. */
export type GuestFunction = (args: readonly unknown[]) => Promise<unknown>;

/** One instance of a program in its store. */
export interface Guest {
  /** The entry point of that name, prepared once; undefined where the program does not export it. */
  readonly entry: (name: string) => GuestFunction | undefined;
  /** Ends what a run left open: handles and the host resources behind them. */
  readonly close: () => void;
  /** Why resets are impossible for this instance; undefined where they are not. */
  readonly notRestorable: string | undefined;
  /** What must be the same after each reset and the store's own state does not show, by a name for people. */
  readonly state: () => ReadonlyMap<string, readonly unknown[]>;
  /** Restores what the store's own reset does not know; false where that is impossible. */
  readonly reset: () => boolean;
}

export interface Program {
  readonly cores: readonly CompiledCore[];
  /** Places in V8's address space that the memories of one instance take. */
  readonly memoryPlaces: number;
  /** What the memories of its instances hold from the start. */
  readonly images: ProgramImages;
  readonly instantiate: (store: Store) => Promise<Guest>;
}
