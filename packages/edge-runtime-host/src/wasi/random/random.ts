// wasi:random: random, insecure and insecure-seed, all three from the operating system's generator by way of the
// process's CSPRNG. Nothing of it is kept for guests: there is no state that two runs, or a snapshot, could share.

import { randomFillSync } from "node:crypto";
import { WasiError } from "edge-runtime-common";
import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostFunction, HostInstance } from "edge-runtime-core";

/** What one call gives: a list must come whole, and making it takes the thread's time (1 MiB: about 1 ms). */
export const MAX_RANDOM_BYTES = 1_048_576;

/** Bytes that are made for one unit of fuel, besides what lowering them costs. */
const BYTES_PER_FUEL = 8;

function randomBytes(call: HostCall, length: bigint): Uint8Array {
  if (length > BigInt(MAX_RANDOM_BYTES)) {
    throw new WasiError(`get-random-bytes: ${length} bytes are more than ${MAX_RANDOM_BYTES} at a time`);
  }
  call.charge(Math.floor(Number(length) / BYTES_PER_FUEL));
  return randomFillSync(new Uint8Array(Number(length)));
}

function randomU64(): bigint {
  return randomFillSync(new BigUint64Array(1))[0] ?? 0n;
}

const bytesFunction: HostFunction = {
  kind: "sync",
  reads: "randomness",
  type: wit.func({ len: wit.u64 }, wit.list(wit.u8)),
  call: randomBytes,
};

const u64Function: HostFunction = {
  kind: "sync",
  reads: "randomness",
  type: wit.func({}, wit.u64),
  call: randomU64,
};

const random: HostInstance = hostInstance({
  "get-random-bytes": bytesFunction,
  "get-random-u64": u64Function,
});

const insecure: HostInstance = hostInstance({
  "get-insecure-random-bytes": bytesFunction,
  "get-insecure-random-u64": u64Function,
});

const insecureSeed: HostInstance = hostInstance({
  "insecure-seed": {
    kind: "sync",
    reads: "randomness",
    type: wit.func({}, wit.tuple(wit.u64, wit.u64)),
    call: () => [randomU64(), randomU64()],
  },
});

export const randomInterfaces: readonly (readonly [name: string, offered: HostInstance])[] = [
  ["wasi:random/random@0.2.12", random],
  ["wasi:random/insecure@0.2.12", insecure],
  ["wasi:random/insecure-seed@0.2.12", insecureSeed],
];
