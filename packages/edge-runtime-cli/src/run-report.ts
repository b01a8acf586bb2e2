// The JSON object that `run --json` prints as its last line, whatever happened. Its keys are an interface: programs
// read them.

import type { GuestFrame } from "edge-runtime-common";
import type { ExecutionMetrics, LogEntry } from "edge-runtime-core";
import type { Json } from "./component-values.ts";
import type { ErrorSummary } from "./error-text.ts";

export interface RunReport {
  readonly ok: boolean;
  /** A core function's results, or the one result of a component's function; empty where there is none. */
  readonly result: readonly Json[];
  readonly error: ErrorSummary | null;
  /** Fuel units; 0 with metering off. */
  readonly fuelConsumed: number;
  readonly memoryUsedBytes: number;
  readonly durationMs: number;
  readonly logs: readonly LogEntry[];
  /** Only of commands that ended by themselves: their status. */
  readonly exitCode?: number;
  /** Only of runs that were ended: the numbers of the limit that was met, as in docs/errors.md, null where it was none. */
  readonly limit?: Readonly<Record<string, number>> | null;
  /** Only of runs that were ended: where the guest was, innermost first. */
  readonly stack?: readonly GuestFrame[];
}

const NO_METRICS: ExecutionMetrics = { fuelConsumed: 0, memoryUsedBytes: 0, durationMs: 0 };

export interface RunOutcome {
  readonly result?: readonly Json[];
  readonly error?: ErrorSummary;
  readonly ended?: Required<Pick<RunReport, "limit" | "stack">>;
  readonly metrics?: ExecutionMetrics;
  readonly logs?: readonly LogEntry[];
  readonly exitCode?: number;
}

/** The report of a run, or of a command line that led to none. */
export function createRunReport(outcome: RunOutcome): RunReport {
  const { fuelConsumed, memoryUsedBytes, durationMs } = outcome.metrics ?? NO_METRICS;
  return {
    ok: outcome.error === undefined,
    result: outcome.result ?? [],
    error: outcome.error ?? null,
    fuelConsumed,
    memoryUsedBytes,
    // Microseconds are what the clock resolves.
    durationMs: Math.round(durationMs * 1000) / 1000,
    logs: outcome.logs ?? [],
    ...(outcome.exitCode !== undefined && { exitCode: outcome.exitCode }),
    ...outcome.ended,
  };
}
