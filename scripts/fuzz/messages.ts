// What the fuzzer's processes tell each other.

import type { Source } from "./cases.ts";
import type { NamedException } from "./named-exceptions.ts";

/** To a worker: run these cases. */
export interface Order {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  readonly data: string | undefined;
  /** The worker's own folder: `number` holds the case under way, `module.wasm` and `corrupt.bin` its bytes. */
  readonly scratch: string;
  /** Where the bytes of failing cases go. */
  readonly out: string;
  /** Opcodes that were seen running. */
  readonly executed: readonly string[];
  /** The named exceptions instead of cases. */
  readonly named: boolean;
}

/** From a worker: a case is done. */
export interface CaseReport {
  readonly number: number;
  readonly source: Source;
  readonly kind: "compared" | "invalid" | "refused" | "skipped" | "none";
  readonly reason: string | undefined;
  readonly findings: readonly string[];
  readonly calls: number;
  /** Why its instance was not reset; undefined where it was or nothing was compared. */
  readonly notReset: string | undefined;
  /** Opcodes seen running for the first time. */
  readonly executed: readonly string[];
  readonly corruptAccepted: boolean;
}

/** From a worker, first: what V8 accepts. */
export interface Opening {
  readonly opcodes: readonly string[];
}

export type WorkerMessage =
  | { readonly opening: Opening }
  | { readonly report: CaseReport }
  | { readonly named: readonly NamedException[] };
