// A key-value store in the process's memory: for development, tests and caches. It is empty after a restart, and each
// process has its own. What a namespace takes is bounded: a guest that fills it gets an error, its neighbours nothing.

import { KvStore } from "edge-runtime-common";
import { MAX_KEY_BYTES, MAX_VALUE_BYTES } from "./key-value-store.ts";
import type { KeyPage, KeyValueBucket, KeyValueEntry, KeyValueStore, SetOptions } from "./key-value-store.ts";
import { addToText } from "./number-text.ts";

/** What an entry takes beside its key and value, roughly: the map's slot and the objects. */
const ENTRY_BYTES = 200;

export interface MemoryKeyValueOptions {
  /** Milliseconds that never go back: lifetimes are measured with it. */
  readonly now: () => number;
  /** Most bytes of keys, values and 200 an entry, of one namespace. Default 16,777,216. */
  readonly maxNamespaceBytes?: number;
}

interface StoredEntry extends KeyValueEntry {
  /** When it was made, counted: a bucket's entries stand in this order. */
  readonly serial: number;
  readonly bytes: number;
  /** Gone from then on; Infinity where it stays. */
  readonly expiresAtMs: number;
}

interface Namespace {
  readonly buckets: Map<string, Map<string, StoredEntry>>;
  bytes: number;
  /** Entries that do not stay. */
  expiring: number;
}

export function createMemoryKeyValueStore(options: MemoryKeyValueOptions): KeyValueStore {
  const { now, maxNamespaceBytes = 16_777_216 } = options;
  const namespaces = new Map<string, Namespace>();
  // Never reused, so that no version of a deleted entry comes back.
  let lastWrite = 0;
  const shared = { now, maxNamespaceBytes, nextWrite: () => (lastWrite += 1) };
  return {
    bucket: (namespace, name) => {
      const space = namespaces.get(namespace) ?? { buckets: new Map(), bytes: 0, expiring: 0 };
      namespaces.set(namespace, space);
      return new MemoryBucket(space, name, shared);
    },
    close: async () => namespaces.clear(),
  };
}

interface Shared {
  readonly now: () => number;
  readonly maxNamespaceBytes: number;
  /** A number for each write, always greater. */
  readonly nextWrite: () => number;
}

class MemoryBucket implements KeyValueBucket {
  readonly #space: Namespace;
  readonly #name: string;
  readonly #shared: Shared;

  constructor(space: Namespace, name: string, shared: Shared) {
    this.#space = space;
    this.#name = name;
    this.#shared = shared;
  }

  readonly get = (key: string): KeyValueEntry | undefined => {
    checkKey(key);
    return this.#entry(key);
  };

  readonly set = (key: string, value: Uint8Array, { ttlMs }: SetOptions = {}): void => {
    checkKey(key);
    this.#write(key, value, ttlMs === undefined ? Infinity : this.#shared.now() + ttlMs);
  };

  readonly delete = (key: string): void => {
    checkKey(key);
    const entry = this.#entry(key);
    if (entry !== undefined) this.#remove(this.#name, key, entry);
  };

  /** The cursor is the serial of the last entry that was given. One pass over the bucket, no sorting. */
  readonly list = (limit: number, cursor?: string): KeyPage => {
    const after = cursor === undefined ? 0 : parseCursor(cursor);
    const nowMs = this.#shared.now();
    const keys: string[] = [];
    let last = after;
    for (const [key, { serial, expiresAtMs }] of this.#space.buckets.get(this.#name) ?? []) {
      if (serial <= after || expiresAtMs <= nowMs) continue;
      if (keys.length === limit) return { keys, cursor: String(last) };
      keys.push(key);
      last = serial;
    }
    return { keys, cursor: undefined };
  };

  readonly increment = (key: string, delta: bigint): bigint => {
    checkKey(key);
    const entry = this.#entry(key);
    const { sum, text } = addToText(entry?.value, delta);
    this.#write(key, text, entry?.expiresAtMs ?? Infinity);
    return sum;
  };

  readonly swap = (key: string, value: Uint8Array, version: string | undefined): boolean => {
    checkKey(key);
    if (this.#entry(key)?.version !== version) return false;
    this.#write(key, value, Infinity);
    return true;
  };

  #entry(key: string): StoredEntry | undefined {
    const entry = this.#space.buckets.get(this.#name)?.get(key);
    if (entry === undefined || entry.expiresAtMs > this.#shared.now()) return entry;
    this.#remove(this.#name, key, entry);
    return undefined;
  }

  #write(key: string, value: Uint8Array, expiresAtMs: number): void {
    if (value.length > MAX_VALUE_BYTES) throw new KvStore(`the value is over ${MAX_VALUE_BYTES} bytes`);
    const bytes = ENTRY_BYTES + 2 * key.length + value.length;
    const known = this.#entry(key);
    const added = bytes - (known?.bytes ?? 0);
    if (!this.#hasRoom(added)) {
      this.#removeExpired();
      if (!this.#hasRoom(added)) throw new KvStore(`the quota of ${this.#shared.maxNamespaceBytes} bytes is used up`);
    }
    const entries = this.#space.buckets.get(this.#name) ?? new Map<string, StoredEntry>();
    this.#space.buckets.set(this.#name, entries);
    const write = this.#shared.nextWrite();
    entries.set(key, { value, version: String(write), serial: known?.serial ?? write, bytes, expiresAtMs });
    this.#space.bytes += added;
    this.#space.expiring += expiryCount(expiresAtMs) - expiryCount(known?.expiresAtMs);
  }

  #hasRoom(added: number): boolean {
    return added <= 0 || this.#space.bytes + added <= this.#shared.maxNamespaceBytes;
  }

  #remove(bucket: string, key: string, entry: StoredEntry): void {
    const entries = this.#space.buckets.get(bucket);
    entries?.delete(key);
    if (entries?.size === 0) this.#space.buckets.delete(bucket);
    this.#space.bytes -= entry.bytes;
    this.#space.expiring -= expiryCount(entry.expiresAtMs);
  }

  #removeExpired(): void {
    if (this.#space.expiring === 0) return;
    const nowMs = this.#shared.now();
    for (const [bucket, entries] of this.#space.buckets) {
      for (const [key, entry] of entries) if (entry.expiresAtMs <= nowMs) this.#remove(bucket, key, entry);
    }
  }
}

function checkKey(key: string): void {
  if (key === "") throw new KvStore("the key is empty");
  if (key.length > MAX_KEY_BYTES || Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new KvStore(`the key is over ${MAX_KEY_BYTES} bytes`);
  }
}

function parseCursor(cursor: string): number {
  if (!/^[0-9]{1,15}$/.test(cursor)) throw new KvStore("the cursor is not one that was given");
  return Number(cursor);
}

function expiryCount(expiresAtMs = Infinity): number {
  return expiresAtMs === Infinity ? 0 : 1;
}
