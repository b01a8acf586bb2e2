// One line for each request, and one for each entry that a guest logs. What clients and guests wrote stands under keys
// of its own and is made visible; queries are left out, since they carry secrets. Fuel, memory and error are there
// where a guest ran.

import type { GuestFrame } from "edge-runtime-common";
import {
  ExecutionTimeout,
  FuelExhausted,
  InternalError,
  MemoryLimitExceeded,
  printGuestFrame,
  RuntimeError,
} from "edge-runtime-common";
import type { ExecutionMetrics, LogEntry } from "edge-runtime-core";
import type { Logger } from "edge-runtime-host";
import { visibleText } from "edge-runtime-host";
import type { Exchange } from "./exchange.ts";

/** What nginx writes for a client that closed the connection before its answer; nothing was sent. */
const CLIENT_CLOSED = 499;

/** Most characters of an error's message: a guest's text may be long. */
const MAX_ERROR_LENGTH = 8192;

export interface RequestOutcome {
  /** Status that was sent; undefined where the client was gone. */
  readonly status: number | undefined;
  readonly metrics?: ExecutionMetrics | undefined;
  readonly error?: unknown;
  /** Where the guest was when its run ended. */
  readonly stack?: readonly GuestFrame[] | undefined;
}

/** `logger` carries the function's name where one was found. */
export function logRequest(logger: Logger, exchange: Exchange, endedMs: number, outcome: RequestOutcome): void {
  const { requestId, path, context } = exchange;
  const { metrics, error, stack } = outcome;
  const status = outcome.status ?? CLIENT_CLOSED;
  const line = {
    requestId,
    method: exchange.request.method,
    path: visibleText(path),
    status,
    durationMs: Math.round((endedMs - exchange.startedMs) * 1000) / 1000,
    fuel: metrics?.fuelConsumed,
    memoryBytes: metrics?.memoryUsedBytes,
    logs: context?.logs.length,
    // JSON leaves out what is undefined.
    droppedLogs: context === undefined || context.droppedLogs === 0 ? undefined : context.droppedLogs,
    error: error === undefined ? undefined : describeError(error),
    limit: limitNumbers(error),
    guestStack: stack === undefined || stack.length === 0 ? undefined : stack.map(visibleFrame),
  };
  if (status >= 500) logger.error(line, "request");
  else logger.info(line, "request");
}

export function logGuestEntry(logger: Logger, requestId: string, entry: LogEntry): void {
  logger[entry.level]({ requestId, guest: { message: visibleText(entry.message) } }, "guest log");
}

/** The limit that was met and what was used of it; undefined where it was none. */
function limitNumbers(error: unknown): RuntimeError["fields"] | undefined {
  const isLimit =
    error instanceof FuelExhausted || error instanceof ExecutionTimeout || error instanceof MemoryLimitExceeded;
  return isLimit ? error.fields : undefined;
}

function visibleFrame(frame: GuestFrame): string {
  return visibleText(printGuestFrame(frame));
}

/** Faults of the host come with their stack; of a guest's faults the message says all. */
export function describeError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { message: visibleText(String(error).slice(0, MAX_ERROR_LENGTH)) };
  const code = error instanceof RuntimeError ? error.code : undefined;
  const message = visibleText(error.message.slice(0, MAX_ERROR_LENGTH));
  if (error instanceof RuntimeError && !(error instanceof InternalError)) return { code, message };
  const cause = error.cause instanceof Error ? error.cause.stack : undefined;
  return { code, message, stack: error.stack, cause };
}
