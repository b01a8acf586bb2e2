// wasi:keyvalue/batch (a draft): many keys in one call. Spec: not atomic; what was done before a failure stays.

import { KvStore } from "edge-runtime-common";
import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostInstance, HostResource } from "edge-runtime-core";
import type { OpenBucket } from "./bucket-access.ts";
import { attempt, storeError } from "./bucket-access.ts";
import { getValue } from "./key-value-store.ts";

/** Most keys of one call. */
const MAX_BATCH_KEYS = 1000;
/** Most bytes of all values that one call gives. */
const MAX_BATCH_BYTES = 8_388_608;
const KEY_FUEL = 100;

type Pair = readonly [key: string, value: Uint8Array];

function checkSize(call: HostCall, count: number): void {
  if (count > MAX_BATCH_KEYS) throw new KvStore(`${count} keys in one call are more than ${MAX_BATCH_KEYS}`);
  call.charge(count * KEY_FUEL);
}

async function getMany(call: HostCall, open: OpenBucket, keys: readonly string[]): Promise<(Pair | undefined)[]> {
  checkSize(call, keys.length);
  let bytes = 0;
  const found: (Pair | undefined)[] = [];
  for (const key of keys) {
    // In order: what one call may take of the host is known before the next value is fetched.
    // oxlint-disable-next-line no-await-in-loop
    const value = await getValue(open.entries, key);
    bytes += value?.length ?? 0;
    if (bytes > MAX_BATCH_BYTES) throw new KvStore(`the values are over ${MAX_BATCH_BYTES} bytes together`);
    found.push(value === undefined ? undefined : [key, value]);
  }
  return found;
}

async function each<Item>(
  call: HostCall,
  items: readonly Item[],
  step: (item: Item) => void | Promise<void>,
): Promise<void> {
  checkSize(call, items.length);
  // oxlint-disable-next-line no-await-in-loop
  for (const item of items) await step(item);
}

export function batchInterface(bucket: HostResource): HostInstance {
  const on = { bucket: wit.borrow(bucket) };
  const pair = wit.tuple(wit.string, wit.list(wit.u8));
  return hostInstance({
    "get-many": {
      kind: "async",
      reads: "environment",
      type: wit.func({ ...on, keys: wit.list(wit.string) }, wit.result(wit.list(wit.option(pair)), storeError)),
      call: (call: HostCall, open: OpenBucket, keys: readonly string[]) =>
        attempt(call, () => getMany(call, open, keys)),
    },
    "set-many": {
      kind: "async",
      reads: "environment",
      type: wit.func({ ...on, "key-values": wit.list(pair) }, wit.result(undefined, storeError)),
      call: (call: HostCall, { entries }: OpenBucket, pairs: readonly Pair[]) =>
        attempt(call, () => each(call, pairs, ([key, value]) => entries.set(key, value))),
    },
    "delete-many": {
      kind: "async",
      reads: "environment",
      type: wit.func({ ...on, keys: wit.list(wit.string) }, wit.result(undefined, storeError)),
      call: (call: HostCall, { entries }: OpenBucket, keys: readonly string[]) =>
        attempt(call, () => each(call, keys, (key) => entries.delete(key))),
    },
  });
}
