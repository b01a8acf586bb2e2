// Values by key, in buckets of a namespace: the port behind every key-value interface that guests see. Whoever stores
// (memory, a file, a server) implements this and passes the contract suite (test/key-value/key-value-store.contract.ts).
// Answers may be promises or come at once: a guest is suspended only where it has to wait.

export type MaybePromise<T> = T | Promise<T>;

/** Most bytes of a key in UTF-8; the empty key is none. */
export const MAX_KEY_BYTES = 1024;
/** Most bytes of a value. */
export const MAX_VALUE_BYTES = 1_048_576;
/** Most keys of a page of `list`. */
export const MAX_PAGE_KEYS = 1000;

export interface KeyValueEntry {
  /** Not to be changed by anybody from now on. */
  readonly value: Uint8Array;
  /** Of this value under this key: another after each write, never one that was there before. */
  readonly version: string;
}

export interface KeyPage {
  /** Up to what was asked for, in no order that means anything. */
  readonly keys: readonly string[];
  /** Continues after them; undefined at the end. Keys written meanwhile may or may not come. */
  readonly cursor: string | undefined;
}

export interface SetOptions {
  /** Milliseconds from now after which the entry is gone, more than 0. Default: it stays. */
  readonly ttlMs?: number;
}

/** Each operation takes effect as a whole, and later ones see it. All of them may fail with KvStore. */
export interface KeyValueBucket {
  readonly get: (key: string) => MaybePromise<KeyValueEntry | undefined>;
  /** The store owns `value` from now on. */
  readonly set: (key: string, value: Uint8Array, options?: SetOptions) => MaybePromise<void>;
  /** Nothing happens where there is none. */
  readonly delete: (key: string) => MaybePromise<void>;
  readonly list: (limit: number, cursor?: string) => MaybePromise<KeyPage>;
  /**
   * Adds to the number that stands under the key as decimal text, 0 where there is none, and gives the sum; a lifetime
   * stays as it was. Fails where the text is no integer, or the sum is not within 64 bits with a sign.
   */
  readonly increment: (key: string, delta: bigint) => MaybePromise<bigint>;
  /** `set`, if the entry's version is still that one; undefined: if there is no entry. False: nothing was changed. */
  readonly swap: (key: string, value: Uint8Array, version: string | undefined) => MaybePromise<boolean>;
}

export interface KeyValueStore {
  /** Namespaces cannot reach each other's entries, whatever the names are. A bucket without entries is not stored. */
  readonly bucket: (namespace: string, name: string) => KeyValueBucket;
  /** Releases what the store holds of its host; stored entries stay where they are kept. */
  readonly close: () => Promise<void>;
}
