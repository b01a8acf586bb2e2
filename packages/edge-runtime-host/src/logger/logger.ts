// The host's structured log: one JSON object a line, with time in milliseconds since 1970 and pino's level numbers
// (20 debug, 30 info, 40 warn, 50 error). A log that cannot be written never takes the server down: see LineWriter.
// Text of guests and clients belongs under keys of its own, through `visibleText`, never into `msg`.

import { pino } from "pino";
import type { Logger } from "pino";
import { LineWriter } from "./line-writer.ts";

export type { Logger } from "pino";

export type LoggerLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

/** Anything with `write`, for embedders and tests; each call gets whole lines. */
export interface LogStream {
  readonly write: (lines: string) => void;
}

export interface LoggerOptions {
  /** Least level that is written. Default "info". */
  readonly level?: LoggerLevel;
  /** File descriptor, path of a file to append to, or a stream. Default 1, the standard output. */
  readonly destination?: number | string | LogStream;
}

export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = "info", destination = 1 } = options;
  const settings = { level, base: null, timestamp: pino.stdTimeFunctions.epochTime } as const;
  if (typeof destination === "object") return pino(settings, destination);
  return pino(settings, new LineWriter(destination));
}

/** Resolves when everything logged so far has been written, or cannot be. */
export function flushLogger(logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    logger.flush(() => resolve());
  });
}
