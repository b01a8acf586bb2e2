// wasi:keyvalue/atomics (a draft): counters, and in draft2 compare-and-swap.

import { KvStore } from "edge-runtime-common";
import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostFunction, HostInstance, HostResource, HostValType } from "edge-runtime-core";
import { err, ok } from "../results.ts";
import type { Result } from "../results.ts";
import type { OpenBucket, StoreError } from "./bucket-access.ts";
import { attempt, storeError } from "./bucket-access.ts";

/**
 * A compare-and-swap under way. It holds no value, so that a guest with many of them costs the host nothing: `current`
 * reads anew, and swaps against what it read last.
 */
interface Cas {
  readonly bucket: OpenBucket;
  readonly key: string;
  /** Of the entry that was seen last; undefined where there was none. */
  version: string | undefined;
}

type CasError =
  | { readonly tag: "store-error"; readonly val: StoreError }
  | { readonly tag: "cas-failed"; readonly val: Cas };

function incrementFunction(bucket: HostResource, number: HostValType): HostFunction {
  return {
    kind: "async",
    reads: "environment",
    type: wit.func({ bucket: wit.borrow(bucket), key: wit.string, delta: number }, wit.result(number, storeError)),
    call: (call: HostCall, { entries }: OpenBucket, key: string, delta: bigint) =>
      attempt(call, () => {
        const sum = entries.increment(key, delta);
        if (number.kind === "s64") return sum;
        return sum instanceof Promise ? sum.then(unsigned) : unsigned(sum);
      }),
  };
}

function unsigned(sum: bigint): bigint {
  if (sum < 0n) throw new KvStore("the sum is negative");
  return sum;
}

/** The first draft: numbers without a sign, no compare-and-swap. */
export function firstAtomicsInterface(bucket: HostResource): HostInstance {
  return hostInstance({ increment: incrementFunction(bucket, wit.u64) });
}

async function startCas(bucket: OpenBucket, key: string): Promise<Cas> {
  return { bucket, key, version: (await bucket.entries.get(key))?.version };
}

async function currentValue(cas: Cas): Promise<Uint8Array | undefined> {
  const entry = await cas.bucket.entries.get(cas.key);
  cas.version = entry?.version;
  return entry?.value;
}

/** Spec: where the value is another, a new handle of the latest version comes back. */
async function swap(call: HostCall, cas: Cas, value: Uint8Array): Promise<Result<undefined, CasError>> {
  const { bucket, key, version } = cas;
  const swapped = await attempt(call, () => bucket.entries.swap(key, value, version));
  if (swapped.tag === "err") return err({ tag: "store-error", val: swapped.val });
  if (swapped.val) return ok();
  const renewed = await attempt(call, () => startCas(bucket, key));
  return renewed.tag === "ok"
    ? err({ tag: "cas-failed", val: renewed.val })
    : err({ tag: "store-error", val: renewed.val });
}

export function atomicsInterface(bucket: HostResource): HostInstance {
  const cas: HostResource = { kind: "resource", drop: () => undefined };
  const casError = wit.variant({ "store-error": storeError, "cas-failed": wit.own(cas) });
  return hostInstance({
    cas,
    "[static]cas.new": {
      kind: "async",
      reads: "environment",
      type: wit.func({ bucket: wit.borrow(bucket), key: wit.string }, wit.result(wit.own(cas), storeError)),
      call: (call: HostCall, open: OpenBucket, key: string) => attempt(call, () => startCas(open, key)),
    },
    "[method]cas.current": {
      kind: "async",
      reads: "environment",
      type: wit.func({ self: wit.borrow(cas) }, wit.result(wit.option(wit.list(wit.u8)), storeError)),
      call: (call: HostCall, self: Cas) => attempt(call, () => currentValue(self)),
    },
    increment: incrementFunction(bucket, wit.s64),
    swap: {
      kind: "async",
      reads: "environment",
      type: wit.func({ cas: wit.own(cas), value: wit.list(wit.u8) }, wit.result(undefined, casError)),
      call: swap,
    },
  });
}
