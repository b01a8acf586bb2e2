// What every key-value store must do, whoever it keeps its entries with: each implementation's test calls this.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KvStore } from "edge-runtime-common";
import type { KeyValueBucket, KeyValueStore } from "../../src/key-value/key-value-store.ts";
import { MAX_KEY_BYTES, MAX_VALUE_BYTES } from "../../src/key-value/key-value-store.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function textAt(bucket: KeyValueBucket, key: string): Promise<string | undefined> {
  const entry = await bucket.get(key);
  return entry === undefined ? undefined : new TextDecoder().decode(entry.value);
}

/** All keys, page by page, and how many pages they came in. */
async function listAll(bucket: KeyValueBucket, limit: number): Promise<{ keys: string[]; pages: number }> {
  const keys: string[] = [];
  let pages = 0;
  let cursor: string | undefined;
  do {
    // oxlint-disable-next-line no-await-in-loop
    const page = await bucket.list(limit, cursor);
    assert.ok(page.keys.length <= limit);
    keys.push(...page.keys);
    pages += 1;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return { keys, pages };
}

/** `open` gives a store without entries; each test has one of its own. */
export function keyValueStoreContract(name: string, open: () => Promise<KeyValueStore> | KeyValueStore): void {
  const inBucket = (title: string, body: (bucket: KeyValueBucket, store: KeyValueStore) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const store = await open();
      try {
        await body(store.bucket("fn", "default"), store);
      } finally {
        await store.close();
      }
    });
  };
  const fails = (operation: () => unknown): Promise<void> => assert.rejects(async () => operation(), KvStore);

  describe(name, () => {
    inBucket("gives what was set last, and nothing once it is deleted", async (bucket) => {
      assert.equal(await bucket.get("k"), undefined);
      await bucket.set("k", bytes("one"));
      await bucket.set("k", bytes("two"));
      assert.equal(await textAt(bucket, "k"), "two");
      await bucket.delete("k");
      await bucket.delete("k");
      assert.equal(await bucket.get("k"), undefined);
    });

    inBucket("keeps namespaces and buckets apart, whatever their names", async (bucket, store) => {
      await bucket.set("k", bytes("mine"));
      for (const [namespace, other] of [
        ["fn", "other"],
        ["fn2", "default"],
        ["fn/default", ""],
        ["", "fn/default"],
        ["__proto__", "default"],
      ] as const) {
        const neighbour = store.bucket(namespace, other);
        assert.equal(await neighbour.get("k"), undefined);
        await neighbour.delete("k");
        assert.deepEqual((await neighbour.list(10)).keys, []);
      }
      assert.equal(await textAt(bucket, "k"), "mine");
    });

    inBucket("takes any text as key, and any bytes as value", async (bucket) => {
      const keys = ["__proto__", "constructor", "a b", "\u0000", "ключ", "😀", "x".repeat(MAX_KEY_BYTES)];
      for (const key of keys) await bucket.set(key, bytes(key));
      for (const key of keys) assert.equal(await textAt(bucket, key), key);
      await bucket.set("empty", new Uint8Array());
      assert.deepEqual((await bucket.get("empty"))?.value, new Uint8Array());
      await bucket.set("large", new Uint8Array(MAX_VALUE_BYTES).fill(255));
      assert.equal((await bucket.get("large"))?.value.length, MAX_VALUE_BYTES);
    });

    inBucket("refuses keys that are empty or too long, and values that are too long", async (bucket) => {
      await fails(() => bucket.set("", bytes("v")));
      await fails(() => bucket.get("ü".repeat(MAX_KEY_BYTES / 2 + 1)));
      await fails(() => bucket.set("k", new Uint8Array(MAX_VALUE_BYTES + 1)));
      assert.deepEqual((await bucket.list(10)).keys, []);
    });

    inBucket("lists every key once, in pages", async (bucket) => {
      const keys = Array.from({ length: 25 }, (_, index) => `key ${index}`);
      for (const key of keys) await bucket.set(key, bytes("v"));
      await bucket.set("key 3", bytes("again"));
      await bucket.delete("key 7");
      const listed = await listAll(bucket, 10);
      assert.deepEqual(listed.keys.toSorted(), keys.filter((key) => key !== "key 7").toSorted());
      assert.equal(listed.pages, 3);
      assert.equal((await listAll(bucket, 24)).pages, 1);
      await fails(() => bucket.list(10, "no cursor of ours"));
    });

    inBucket("counts in decimal text, from 0, within 64 bits", async (bucket) => {
      assert.equal(await bucket.increment("n", 5n), 5n);
      assert.equal(await bucket.increment("n", -7n), -2n);
      assert.equal(await textAt(bucket, "n"), "-2");
      await bucket.set("n", bytes("9223372036854775806"));
      assert.equal(await bucket.increment("n", 1n), 2n ** 63n - 1n);
      await fails(() => bucket.increment("n", 1n));
      assert.equal(await textAt(bucket, "n"), String(2n ** 63n - 1n));
      for (const text of ["", "x", "1.5", " 1", "0x10", "99999999999999999999"]) {
        await bucket.set("t", bytes(text));
        await fails(() => bucket.increment("t", 1n));
      }
    });

    inBucket("counts every increment of many at once", async (bucket) => {
      await Promise.all(Array.from({ length: 50 }, async () => bucket.increment("n", 1n)));
      assert.equal(await textAt(bucket, "n"), "50");
    });

    inBucket("swaps only what was not written since", async (bucket) => {
      assert.equal(await bucket.swap("k", bytes("x"), "1"), false);
      assert.equal(await bucket.swap("k", bytes("first"), undefined), true);
      assert.equal(await bucket.swap("k", bytes("x"), undefined), false);
      const version = (await bucket.get("k"))?.version;
      await bucket.set("k", bytes("first"));
      assert.equal(await bucket.swap("k", bytes("x"), version), false);
      const latest = (await bucket.get("k"))?.version;
      assert.equal(await bucket.swap("k", bytes("second"), latest), true);
      assert.equal(await bucket.swap("k", bytes("x"), latest), false);
      assert.equal(await textAt(bucket, "k"), "second");
    });

    inBucket("does not take an entry that was deleted and made anew for the same", async (bucket) => {
      await bucket.set("k", bytes("v"));
      const version = (await bucket.get("k"))?.version;
      await bucket.delete("k");
      await bucket.set("k", bytes("v"));
      assert.equal(await bucket.swap("k", bytes("x"), version), false);
    });

    inBucket("lets one of many swaps at once through", async (bucket) => {
      const done = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => bucket.swap("k", bytes(String(index)), undefined)),
      );
      assert.equal(done.filter(Boolean).length, 1);
    });
  });
}
