// Errors of Node's streams as guests may see them: the system's code, never a message, which may name the host's paths
// or addresses.

import type { IoError } from "../io/byte-streams.ts";

function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[A-Z0-9_]{1,40}$/.test(code) ? code : undefined;
}

export function ioErrorOf(error: unknown): IoError {
  return { message: codeOf(error) ?? "input/output error" };
}

/** Whoever read the stream went away, which is an end, not a failure. */
export function isBrokenPipe(error: unknown): boolean {
  const code = codeOf(error);
  return code === "EPIPE" || code === "ERR_STREAM_DESTROYED";
}
