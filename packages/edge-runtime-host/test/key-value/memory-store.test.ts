import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KvStore } from "edge-runtime-common";
import { createMemoryKeyValueStore } from "../../src/index.ts";
import { keyValueStoreContract } from "./key-value-store.contract.ts";

keyValueStoreContract("memory store", () => createMemoryKeyValueStore({ now: () => 0 }));

const value = (length: number): Uint8Array => new Uint8Array(length);

describe("memory store quotas", () => {
  test("memory store: a namespace that is full takes nothing more; its neighbours do", async () => {
    const store = createMemoryKeyValueStore({ now: () => 0, maxNamespaceBytes: 3000 });
    const bucket = store.bucket("a", "one");
    await bucket.set("x", value(1000));
    await store.bucket("a", "two").set("y", value(1000));
    await assert.rejects(async () => bucket.set("z", value(1000)), KvStore);
    await assert.rejects(async () => bucket.swap("z", value(1000), undefined), KvStore);
    assert.equal(await bucket.get("z"), undefined);
    await store.bucket("b", "one").set("z", value(1000));
    await bucket.delete("x");
    await bucket.set("z", value(1000));
  });

  test("memory store: what is written over, deleted or shrunk is no longer counted", async () => {
    const store = createMemoryKeyValueStore({ now: () => 0, maxNamespaceBytes: 2000 });
    const bucket = store.bucket("a", "one");
    for (let round = 0; round < 100; round += 1) {
      await bucket.set("x", value(1500));
      await bucket.set("x", value(round));
      await bucket.delete("x");
    }
    await bucket.set("x", value(1700));
  });

  test("memory store: many small entries count for what they take of the host", async () => {
    const bucket = createMemoryKeyValueStore({ now: () => 0, maxNamespaceBytes: 20_000 }).bucket("a", "one");
    await assert.rejects(async () => {
      // oxlint-disable-next-line no-await-in-loop
      for (let index = 0; index < 200; index += 1) await bucket.set(String(index), value(0));
    }, KvStore);
  });
});

describe("memory store lifetimes", () => {
  test("memory store: an entry is gone after its time, for each operation, and gives its room back", async () => {
    let nowMs = 0;
    const store = createMemoryKeyValueStore({ now: () => nowMs, maxNamespaceBytes: 2000 });
    const bucket = store.bucket("a", "one");
    await bucket.set("k", value(1000), { ttlMs: 10 });
    await bucket.set("stays", value(1));
    nowMs = 9;
    assert.deepEqual(await bucket.list(10), { keys: ["k", "stays"], cursor: undefined });
    await assert.rejects(async () => bucket.set("other", value(1500)), KvStore);
    nowMs = 10;
    assert.deepEqual(await bucket.list(10), { keys: ["stays"], cursor: undefined });
    await bucket.set("other", value(1500));
    assert.equal(await bucket.get("k"), undefined);
  });

  test("memory store: increment keeps a lifetime, set and swap end it", async () => {
    let nowMs = 0;
    const bucket = createMemoryKeyValueStore({ now: () => nowMs }).bucket("a", "one");
    await bucket.set("n", new TextEncoder().encode("1"), { ttlMs: 10 });
    await bucket.increment("n", 1n);
    await bucket.set("s", value(1), { ttlMs: 10 });
    await bucket.set("s", value(1));
    nowMs = 11;
    assert.equal(await bucket.increment("n", 1n), 1n);
    assert.equal(await bucket.swap("s", value(2), undefined), false);
  });
});
