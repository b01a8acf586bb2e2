// Offsets and sizes of guests, as far as Node takes them: it reads at any offset below 2^63, but writes and truncates
// below 2^53 only, and would write elsewhere where it is given more.

import { fail } from "./error-code.ts";

const MAX_OFFSET = (1n << 63n) - 1n;

/** Fails with `invalid` past what the system has. */
export function toReadPosition(offset: bigint): bigint {
  return offset <= MAX_OFFSET ? offset : fail("invalid");
}

/** Fails with `invalid` past what the system has, and with `file-too-large` past what Node can name. */
export function toWritePosition(offset: bigint): number {
  if (offset > MAX_OFFSET) fail("invalid");
  return offset <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(offset) : fail("file-too-large");
}
