// A way of running a script: how its modules are compiled, instantiated and called. All ways run the same commands; the
// first is plain V8, whose outcomes the others must repeat.

import type { Outcome } from "./outcome.ts";
import type { Script } from "./script.ts";

export type Exports = Readonly<Record<string, WebAssembly.ExportValue>>;

export type Perform = () => Promise<Outcome>;

/** One script in one way. */
export interface Engine {
  /** @throws WebAssembly.CompileError, or CompilationFailed where the rewriter refuses a valid module. */
  readonly compile: (bytes: Uint8Array) => void;
  /** Instantiates a module for command number `at` and runs its start function. */
  readonly instantiate: (bytes: Uint8Array, imports: WebAssembly.Imports, at: number) => Promise<Exports>;
  /** Guests may suspend: calls must be made on stacks of their own. */
  readonly suspends: boolean;
  /** Performs an action on the instance that `exports` are of; `perform` may be called again later. */
  readonly act: (exports: Exports, at: number, perform: Perform) => Promise<Outcome>;
  /** Called after the last command. */
  readonly finish: () => Promise<Findings>;
}

/** What a way found out beyond the outcomes of commands. */
export interface Findings {
  /** Everything that should not be. */
  readonly differences: readonly { readonly at: number; readonly text: string }[];
  /** Events by name, counted for the report. */
  readonly counts: ReadonlyMap<string, number>;
}

export interface Way {
  readonly name: string;
  readonly open: (script: Script) => Engine;
}

export const nothingFound: Findings = { differences: [], counts: new Map() };
