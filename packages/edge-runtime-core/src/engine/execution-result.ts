// How a run ended, as data.

import type { GuestFrame, RuntimeError } from "edge-runtime-common";
import type { ExecutionMetrics } from "./worker-context.ts";

export interface Success {
  readonly kind: "success";
  /** Components: the lifted result. Core modules: the list of results, numbers and bigints. */
  readonly value: unknown;
  readonly metrics: ExecutionMetrics;
}

/** The guest did not return: it trapped, met a limit, a host function failed, or the run was cancelled. */
export interface Trapped {
  readonly kind: "trap";
  readonly message: string;
  /** Code of `error`, e.g. `ERR_EDGE_FUEL_EXHAUSTED`. */
  readonly code: string;
  readonly error: RuntimeError;
  /** Where the guest was, innermost first: at most 32 frames; empty where that is not known. */
  readonly stack: readonly GuestFrame[];
  readonly metrics: ExecutionMetrics;
}

export type ExecutionResult = Success | Trapped;
