// What the host tells guests, the same in every run: each look at a clock is a millisecond later than the last, and
// random bytes count up. Two runs of one program can then be compared.

import { hostInstance } from "edge-runtime-core";
import type { HostCall, HostFunction, HostImports, HostInstance, HostItem, Platform } from "edge-runtime-core";
import { createHostImports } from "edge-runtime-host";

const RANDOM = /^wasi:random\//;

function countingBytes(_call: HostCall, length: bigint): Uint8Array {
  return Uint8Array.from({ length: Number(length) }, (_, index) => index & 0xff);
}

function countingNumber(): bigint {
  return 0x0706_0504_0302_0100n;
}

function still(instance: HostInstance): HostInstance {
  const items = [...instance.items].map(([name, item]) => {
    if (item.kind !== "sync") return [name, item] as const;
    const call = name.endsWith("bytes") ? countingBytes : name.endsWith("u64") ? countingNumber : item.call;
    return [name, { ...item, call } satisfies HostFunction] as const;
  });
  return hostInstance(Object.fromEntries(items));
}

/** What benchmarks call around what they measure. */
const nothing: HostFunction = { kind: "sync", reads: "nothing", call: () => undefined };

/** A world for one run: the next one must have a new one, whose clocks begin anew. */
export function createStillWorld(platform: Platform): HostImports {
  let looks = 0;
  const now = (): number => {
    looks += 1;
    return looks;
  };
  const imports = createHostImports({ platform: { ...platform, now, wallClock: now } });
  const world = new Map<string, HostItem>(
    [...imports].map(([name, item]) => [name, RANDOM.test(name) && item.kind === "instance" ? still(item) : item]),
  );
  return world.set("bench", hostInstance({ start: nothing, end: nothing }));
}
