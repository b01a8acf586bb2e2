// Values of options, checked here so that the error names the flag and its range.

import { parseHostPattern } from "edge-runtime-common";
import type { Proposals } from "edge-runtime-core";
import type { GrantedDirectory, LoggerLevel } from "edge-runtime-host";
import { UsageError } from "./usage-error.ts";

const HOUR_MS = 3_600_000;

/** Inclusive ranges, the same as those of the configuration file. */
export const OPTION_RANGES = {
  "--fuel": [1, Number.MAX_SAFE_INTEGER],
  "--timeout-ms": [1, HOUR_MS],
  "--memory-mb": [1, 4096],
  "--port": [0, 65_535],
} as const;

/** Digits, `_` between them allowed. Throws UsageError naming the flag and its range. */
export function parseIntegerOption(flag: keyof typeof OPTION_RANGES, text: string): number {
  const [min, max] = OPTION_RANGES[flag];
  const value = /^\d+(?:_\d+)*$/.test(text) ? Number(text.replaceAll("_", "")) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new UsageError(`${flag}: expected an integer from ${min} to ${max}, got ${JSON.stringify(text)}`);
  }
  return value;
}

const LOG_LEVELS: readonly LoggerLevel[] = ["trace", "debug", "info", "warn", "error", "silent"];

/** Throws UsageError listing the levels. */
export function parseLogLevel(text: string): LoggerLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) {
    throw new UsageError(`--log-level: expected one of ${LOG_LEVELS.join(", ")}, got ${JSON.stringify(text)}`);
  }
  return level;
}

const PROPOSALS: readonly (keyof Proposals)[] = ["gc", "threads"];

/** Names with commas between them. Throws UsageError listing the names. */
export function parseAllow(text: string): Proposals {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !PROPOSALS.some((known) => known === name));
  if (unknown !== undefined) {
    throw new UsageError(`--allow: expected one or more of ${PROPOSALS.join(", ")}, got ${JSON.stringify(text)}`);
  }
  return { gc: names.includes("gc"), threads: names.includes("threads") };
}

/** Throws UsageError where the text is no `host:port`. */
export function parseHostPort(text: string): string {
  const pattern = parseHostPattern(text);
  if (pattern?.port !== undefined && pattern.scheme === undefined) return text;
  throw new UsageError(`--allow-net: expected a host and port as in localhost:8080, got ${JSON.stringify(text)}`);
}

const READ_ONLY = ":ro";

/**
 * `HOST[::GUEST][:ro]`, one of the directories of a command line. Without a guest path it is that of the host, as written. Throws UsageError.
 */
export function parseDirectory(text: string, earlier: readonly GrantedDirectory[]): GrantedDirectory {
  const isWritable = !text.endsWith(READ_ONLY);
  const paths = isWritable ? text : text.slice(0, -READ_ONLY.length);
  const separator = paths.indexOf("::");
  const host = separator === -1 ? paths : paths.slice(0, separator);
  const guest = separator === -1 ? paths : paths.slice(separator + 2);
  if (host === "" || guest === "" || text.includes("\0")) {
    throw new UsageError(`--dir: expected HOST, HOST::GUEST or either with :ro, got ${JSON.stringify(text)}`);
  }
  if (earlier.some((directory) => directory.guest === guest)) {
    throw new UsageError(`--dir: expected a guest path of its own, got ${JSON.stringify(guest)} twice`);
  }
  return { host, guest, isWritable };
}

/** `NAME=VALUE`, or the name of a variable of ours. Throws UsageError where there is none of that name. */
export function addVariable(text: string, variables: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const [name = "", ...rest] = text.split("=");
  const value = rest.length > 0 ? rest.join("=") : process.env[name];
  if (name === "") throw new UsageError(`--env: expected NAME=VALUE or NAME, got ${JSON.stringify(text)}`);
  if (value === undefined) throw new UsageError(`--env: ${name} is not set here; give it a value with ${name}=VALUE`);
  return new Map(variables).set(name, value);
}
