// What a function may use of the key-value store, and what the drafts of wasi:keyvalue have in common: buckets as guests
// hold them, and failures as the drafts' errors.

import { KvStore } from "edge-runtime-common";
import { wit } from "edge-runtime-core";
import type { Grant, HostCall, HostResource } from "edge-runtime-core";
import type { KeyValueBucket, KeyValueStore, MaybePromise } from "../../key-value/key-value-store.ts";
import { err, ok } from "../results.ts";
import type { Result } from "../results.ts";

export interface KeyValueGrant {
  readonly store: KeyValueStore;
  /** Whose entries: no two functions have the same. */
  readonly namespace: string;
  /** Identifiers that may be opened. */
  readonly buckets: readonly string[];
}

export const KEY_VALUE_GRANT: Grant<KeyValueGrant | undefined> = { name: "key-value", none: undefined };

/** What guests that name no bucket open. */
const DEFAULT_BUCKET = "default";

/** Each call, on top of what is charged for its arguments: bounds the handles that a run can make. */
const CALL_FUEL = 100;

/** What a guest holds. */
export interface OpenBucket {
  readonly entries: KeyValueBucket;
  /** Cursors that were given as numbers, by number. */
  readonly cursors: string[];
}

export type StoreError =
  | { readonly tag: "no-such-store" }
  | { readonly tag: "access-denied" }
  | { readonly tag: "other"; readonly val: string };

export const storeError = wit.variant({ "no-such-store": undefined, "access-denied": undefined, other: wit.string });

/** One resource for all interfaces of one version; versions do not share handles. */
export function bucketResource(): HostResource {
  return { kind: "resource", drop: () => undefined };
}

/** Spec: `no-such-store` where the host does not know it, `access-denied` where it may or may not exist. */
export function openBucket(call: HostCall, identifier: string): Result<OpenBucket, StoreError> {
  call.charge(CALL_FUEL);
  const grant = call.context.grants.get(KEY_VALUE_GRANT);
  const name = identifier === "" ? DEFAULT_BUCKET : identifier;
  if (grant === undefined || !grant.buckets.includes(name)) return err({ tag: "access-denied" });
  return ok({ entries: grant.store.bucket(grant.namespace, name), cursors: [] });
}

/** An operation's result, or its failure as the guest is told of it; anything but KvStore is a fault of the host. */
export function attempt<Ok>(call: HostCall, operation: () => MaybePromise<Ok>): MaybePromise<Result<Ok, StoreError>> {
  call.charge(CALL_FUEL);
  try {
    const done = operation();
    return done instanceof Promise ? done.then((val) => ok(val), failed) : ok(done);
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): Result<never, StoreError> {
  if (error instanceof KvStore) return err({ tag: "other", val: error.detail });
  throw error;
}
