// Counters as decimal text, which other stores and hosts use too (Redis INCRBY): what one increments another can read.

import { KvStore } from "edge-runtime-common";

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;

/** Longest text of a number within 64 bits. */
const MAX_DIGITS = 20;
const INTEGER = /^-?[0-9]{1,19}$/;

/** The sum and its text; `value` undefined counts as 0. */
export function addToText(value: Uint8Array | undefined, delta: bigint): { sum: bigint; text: Uint8Array } {
  const sum = (value === undefined ? 0n : parseNumber(value)) + delta;
  if (sum < MIN || sum > MAX) throw new KvStore("the sum is not within 64 bits");
  return { sum, text: new TextEncoder().encode(String(sum)) };
}

function parseNumber(value: Uint8Array): bigint {
  const text = value.length <= MAX_DIGITS ? new TextDecoder().decode(value) : "";
  if (!INTEGER.test(text)) throw new KvStore("the value is not an integer");
  return BigInt(text);
}
