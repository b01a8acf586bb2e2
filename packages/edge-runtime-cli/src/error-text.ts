// Errors for people and for JSON. Text of guests (log messages, traps, names in a module) reaches the terminal only
// with its control characters made visible: an escape sequence could rewrite what the user sees.

import { ExecutionTimeout, FuelExhausted, MemoryLimitExceeded, RuntimeError } from "edge-runtime-common";
import { UsageError } from "./usage-error.ts";

/** Code and one-line message, as in the JSON of `run`. */
export interface ErrorSummary {
  readonly code: string;
  readonly message: string;
}

/** A fault that is not one of the runtime's errors is summarised as an internal error. */
export function summarizeError(error: unknown): ErrorSummary {
  if (error instanceof RuntimeError) return { code: error.code, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return { code: "ERR_EDGE_INTERNAL", message: `Internal error: ${message}` };
}

/** The limit that ended a run and what was used of it, as the error has them; null where it was none. */
export function limitOf(error: unknown): Readonly<Record<string, number>> | null {
  const isLimit =
    error instanceof FuelExhausted || error instanceof ExecutionTimeout || error instanceof MemoryLimitExceeded;
  if (!isLimit) return null;
  const numbers = Object.entries(error.fields).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number",
  );
  return Object.fromEntries(numbers);
}

export interface ErrorFormat {
  /** What the error is about, e.g. the file; usage errors name their subject themselves. */
  readonly subject?: string | undefined;
  /** Add the stack and its causes: EDGE_DEBUG=1. */
  readonly withStack: boolean;
}

/** One line for stderr: `error: a.wasm: Compilation failed: ... [ERR_EDGE_COMPILATION_FAILED]`. */
export function formatError(error: unknown, format: ErrorFormat): string {
  const { code, message } = summarizeError(error);
  const isUsage = error instanceof UsageError;
  const subject = isUsage || format.subject === undefined ? "" : `${format.subject}: `;
  const line = `error: ${toOneLine(subject + message)}${isUsage ? "" : ` [${code}]`}`;
  return format.withStack && error instanceof Error ? `${line}\n${stackWithCauses(error)}` : line;
}

/** The text with line breaks, tabs and other control characters as visible escapes. */
export function toOneLine(text: string): string {
  return toVisible(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

/** The text with control characters other than line feed and tab as visible escapes, bidirectional overrides too. */
export function toVisible(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return character === "\r" ? "\\r" : `\\u{${code.toString(16)}}`;
  });
}

function stackWithCauses(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\ncaused by: ${stackWithCauses(error.cause)}` : stack;
}
