// wasi:keyvalue/store (a draft): buckets of the function's own namespace. The two versions in use differ in cursors:
// text in draft2, numbers in the first draft.

import { KvStore } from "edge-runtime-common";
import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostFuncType, HostInstance, HostResource, HostValType } from "edge-runtime-core";
import { MAX_PAGE_KEYS } from "../../key-value/key-value-store.ts";
import type { KeyPage } from "../../key-value/key-value-store.ts";
import type { OpenBucket } from "./bucket-access.ts";
import { attempt, openBucket, storeError } from "./bucket-access.ts";

/** Most cursors that one bucket handle remembers as numbers. */
const MAX_NUMBERED_CURSORS = 1024;

/** How a version of the draft writes cursors. */
export interface CursorForm {
  readonly type: HostValType;
  readonly toGuest: (bucket: OpenBucket, cursor: string) => unknown;
  readonly fromGuest: (bucket: OpenBucket, cursor: never) => string;
}

export const textCursors: CursorForm = {
  type: wit.string,
  toGuest: (_bucket, cursor) => cursor,
  fromGuest: (_bucket, cursor: string) => cursor,
};

/** A number stands for a cursor of the same handle: what a guest makes up stands for nothing. */
export const numberedCursors: CursorForm = {
  type: wit.u64,
  toGuest: ({ cursors }, cursor) => {
    if (cursors.length === MAX_NUMBERED_CURSORS) throw new KvStore("too many pages were listed with one handle");
    return BigInt(cursors.push(cursor));
  },
  fromGuest: ({ cursors }, cursor: bigint) => {
    const known = cursor > BigInt(cursors.length) ? undefined : cursors[Number(cursor) - 1];
    if (known === undefined) throw new KvStore("the cursor is not one that was given");
    return known;
  },
};

interface KeyResponse {
  readonly keys: readonly string[];
  readonly cursor: unknown;
}

export function storeInterface(bucket: HostResource, cursors: CursorForm): HostInstance {
  const self = { self: wit.borrow(bucket) };
  const onKey = (result?: HostValType): HostFuncType =>
    wit.func({ ...self, key: wit.string }, wit.result(result, storeError));
  const keyResponse = wit.record({ keys: wit.list(wit.string), cursor: wit.option(cursors.type) });

  const list = (open: OpenBucket, cursor: unknown): KeyResponse | Promise<KeyResponse> => {
    const after = cursor === undefined ? undefined : cursors.fromGuest(open, cursor as never);
    const answer = (page: KeyPage): KeyResponse => ({
      keys: page.keys,
      cursor: page.cursor === undefined ? undefined : cursors.toGuest(open, page.cursor),
    });
    const page = open.entries.list(MAX_PAGE_KEYS, after);
    return page instanceof Promise ? page.then(answer) : answer(page);
  };

  return hostInstance({
    bucket,
    open: {
      kind: "sync",
      reads: "environment",
      type: wit.func({ identifier: wit.string }, wit.result(wit.own(bucket), storeError)),
      call: openBucket,
    },
    "[method]bucket.get": {
      kind: "async",
      reads: "environment",
      type: onKey(wit.option(wit.list(wit.u8))),
      call: (call: HostCall, { entries }: OpenBucket, key: string) => attempt(call, () => getValue(entries, key)),
    },
    "[method]bucket.set": {
      kind: "async",
      reads: "environment",
      type: wit.func({ ...self, key: wit.string, value: wit.list(wit.u8) }, wit.result(undefined, storeError)),
      call: (call: HostCall, { entries }: OpenBucket, key: string, value: Uint8Array) =>
        attempt(call, () => entries.set(key, value)),
    },
    "[method]bucket.delete": {
      kind: "async",
      reads: "environment",
      type: onKey(),
      call: (call: HostCall, { entries }: OpenBucket, key: string) => attempt(call, () => entries.delete(key)),
    },
    "[method]bucket.exists": {
      kind: "async",
      reads: "environment",
      type: onKey(wit.bool),
      call: (call: HostCall, { entries }: OpenBucket, key: string) => attempt(call, () => exists(entries, key)),
    },
    "[method]bucket.list-keys": {
      kind: "async",
      reads: "environment",
      type: wit.func({ ...self, cursor: wit.option(cursors.type) }, wit.result(keyResponse, storeError)),
      call: (call: HostCall, open: OpenBucket, cursor: unknown) => attempt(call, () => list(open, cursor)),
    },
  });
}

export function getValue(
  entries: OpenBucket["entries"],
  key: string,
): Uint8Array | undefined | Promise<Uint8Array | undefined> {
  const entry = entries.get(key);
  return entry instanceof Promise ? entry.then((found) => found?.value) : entry?.value;
}

function exists(entries: OpenBucket["entries"], key: string): boolean | Promise<boolean> {
  const entry = entries.get(key);
  return entry instanceof Promise ? entry.then((found) => found !== undefined) : entry !== undefined;
}
