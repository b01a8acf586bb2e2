import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KvStore } from "edge-runtime-common";
import { Grants } from "edge-runtime-core";
import { fakePlatform } from "edge-runtime-testing";
import { CONFIG_GRANT, createHostImports, createMemoryKeyValueStore, KEY_VALUE_GRANT } from "../../src/index.ts";
import type { KeyValueBucket, KeyValueStore } from "../../src/index.ts";
import { CUT_MARK } from "../../src/logging/log-message.ts";
import { callHost, fakeHostCall } from "../fake-host-call.ts";
import type { FakeHostCall } from "../fake-host-call.ts";

const imports = createHostImports({ platform: fakePlatform({ wallClockMs: 77 }) });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const VERSIONS = ["0.2.0-draft", "0.2.0-draft2"] as const;

interface Answer {
  readonly tag: "ok" | "err";
  readonly val: unknown;
}

/** A function that was granted the bucket `default`, and another call of the same. */
function granted(store: KeyValueStore = createMemoryKeyValueStore({ now: () => 0 })): FakeHostCall {
  const grant = { store, namespace: "fn", buckets: ["default"] };
  return fakeHostCall({ grants: Grants.none.with(KEY_VALUE_GRANT, grant) });
}

async function keyValue(call: FakeHostCall, path: string, ...args: readonly unknown[]): Promise<Answer> {
  return (await callHost(imports, `wasi:keyvalue/${path}`, call, ...args)) as Answer;
}

async function openDefault(call: FakeHostCall, version: string): Promise<unknown> {
  const opened = await keyValue(call, `store@${version}#open`, "default");
  assert.equal(opened.tag, "ok");
  return opened.val;
}

describe("wasi:keyvalue", () => {
  for (const version of VERSIONS) {
    test(`wasi:keyvalue ${version}: opens only what was granted; an empty name is default`, async () => {
      const denied = { tag: "err", val: { tag: "access-denied" } };
      assert.deepEqual(await keyValue(fakeHostCall(), `store@${version}#open`, "default"), denied);
      assert.deepEqual(await keyValue(granted(), `store@${version}#open`, "other"), denied);
      assert.equal((await keyValue(granted(), `store@${version}#open`, "")).tag, "ok");
    });

    test(`wasi:keyvalue ${version}: get, set, exists, delete`, async () => {
      const call = granted();
      const bucket = await openDefault(call, version);
      const on = (name: string, ...args: readonly unknown[]): Promise<Answer> =>
        keyValue(call, `store@${version}#[method]bucket.${name}`, bucket, ...args);
      assert.deepEqual(await on("get", "k"), { tag: "ok", val: undefined });
      assert.deepEqual(await on("set", "k", bytes("v")), { tag: "ok", val: undefined });
      assert.deepEqual(await on("get", "k"), { tag: "ok", val: bytes("v") });
      assert.deepEqual(await on("exists", "k"), { tag: "ok", val: true });
      assert.deepEqual(await on("delete", "k"), { tag: "ok", val: undefined });
      assert.deepEqual(await on("exists", "k"), { tag: "ok", val: false });
      assert.equal((await on("get", "")).tag, "err");
      assert.ok(call.fuelCharged() >= 800);
    });

    test(`wasi:keyvalue ${version}: list-keys continues by its cursor; a made up one is an error`, async () => {
      const call = granted();
      const bucket = await openDefault(call, version);
      const method = `store@${version}#[method]bucket.list-keys`;
      const pairs = Array.from({ length: 1000 }, (_, index) => [`k${index}`, bytes("")]);
      await keyValue(call, `batch@${version}#set-many`, bucket, pairs);
      await keyValue(call, `batch@${version}#set-many`, bucket, [["last", bytes("")]]);
      const first = (await keyValue(call, method, bucket, undefined)).val as { keys: string[]; cursor: unknown };
      assert.equal(first.keys.length, 1000);
      assert.equal(typeof first.cursor, version === "0.2.0-draft" ? "bigint" : "string");
      const next = await keyValue(call, method, bucket, first.cursor);
      assert.deepEqual(next, { tag: "ok", val: { keys: ["last"], cursor: undefined } });
      for (const wrong of version === "0.2.0-draft" ? [0n, 2n, 2n ** 64n - 1n] : ["", "x"]) {
        assert.equal((await keyValue(call, method, bucket, wrong)).tag, "err");
      }
    });

    test(`wasi:keyvalue ${version}: batches are bounded by keys and by bytes`, async () => {
      const call = granted();
      const bucket = await openDefault(call, version);
      const keys = Array.from({ length: 9 }, (_, index) => `k${index}`);
      const value = new Uint8Array(1_000_000);
      const set = await keyValue(
        call,
        `batch@${version}#set-many`,
        bucket,
        keys.map((key) => [key, value]),
      );
      assert.equal(set.tag, "ok");
      const some = await keyValue(call, `batch@${version}#get-many`, bucket, ["k0", "none"]);
      assert.deepEqual(some, { tag: "ok", val: [["k0", value], undefined] });
      assert.equal((await keyValue(call, `batch@${version}#get-many`, bucket, keys)).tag, "err");
      const many = Array.from({ length: 1001 }, () => "k0");
      for (const name of ["get-many", "delete-many"]) {
        assert.equal((await keyValue(call, `batch@${version}#${name}`, bucket, many)).tag, "err");
      }
      assert.equal((await keyValue(call, `batch@${version}#delete-many`, bucket, keys)).tag, "ok");
      assert.deepEqual(await keyValue(call, `store@${version}#[method]bucket.exists`, bucket, "k0"), {
        tag: "ok",
        val: false,
      });
    });
  }

  test("wasi:keyvalue: increment, with a sign in draft2 and without in the first draft", async () => {
    const call = granted();
    const [first, second] = [await openDefault(call, VERSIONS[0]), await openDefault(call, VERSIONS[1])];
    assert.deepEqual(await keyValue(call, "atomics@0.2.0-draft#increment", first, "n", 3n), { tag: "ok", val: 3n });
    assert.deepEqual(await keyValue(call, "atomics@0.2.0-draft2#increment", second, "n", -5n), { tag: "ok", val: -2n });
    assert.equal((await keyValue(call, "atomics@0.2.0-draft#increment", first, "n", 1n)).tag, "err");
    assert.equal((await keyValue(call, "atomics@0.2.0-draft#increment", first, "n", 2n ** 64n - 1n)).tag, "err");
  });

  test("wasi:keyvalue: a swap whose value changed meanwhile gives a handle of the latest", async () => {
    const call = granted();
    const bucket = await openDefault(call, "0.2.0-draft2");
    const atomics = "atomics@0.2.0-draft2";
    const started = await keyValue(call, `${atomics}#[static]cas.new`, bucket, "k");
    await keyValue(call, "store@0.2.0-draft2#[method]bucket.set", bucket, "k", bytes("other"));
    const failed = await keyValue(call, `${atomics}#swap`, started.val, bytes("mine"));
    const { tag, val: renewed } = failed.val as { tag: string; val: unknown };
    assert.deepEqual([failed.tag, tag], ["err", "cas-failed"]);
    const current = await keyValue(call, `${atomics}#[method]cas.current`, renewed);
    assert.deepEqual(current, { tag: "ok", val: bytes("other") });
    assert.deepEqual(await keyValue(call, `${atomics}#swap`, renewed, bytes("mine")), { tag: "ok", val: undefined });
    const got = await keyValue(call, "store@0.2.0-draft2#[method]bucket.get", bucket, "k");
    assert.deepEqual(got.val, bytes("mine"));
  });

  test("wasi:keyvalue: what a store fails with later is an error of the guest; another fault is the host's", async () => {
    const failing = (error: Error): KeyValueStore => {
      const fail = async (): Promise<never> => {
        throw error;
      };
      const bucket: KeyValueBucket = { get: fail, set: fail, delete: fail, list: fail, increment: fail, swap: fail };
      return { bucket: () => bucket, close: async () => undefined };
    };
    const call = granted(failing(new KvStore("it is away")));
    const bucket = await openDefault(call, "0.2.0-draft2");
    const told = { tag: "err", val: { tag: "other", val: "it is away" } };
    assert.deepEqual(await keyValue(call, "store@0.2.0-draft2#[method]bucket.get", bucket, "k"), told);
    assert.deepEqual(await keyValue(call, "batch@0.2.0-draft2#get-many", bucket, ["k"]), told);
    const faulty = granted(failing(new Error("a bug")));
    const other = await openDefault(faulty, "0.2.0-draft2");
    await assert.rejects(keyValue(faulty, "store@0.2.0-draft2#[method]bucket.get", other, "k"), /a bug/);
  });
});

describe("wasi:config", () => {
  for (const name of [
    "store@0.2.0-rc.1",
    "store@0.2.0-draft",
    "store@0.2.0-draft-2024-09-27",
    "runtime@0.2.0-draft",
  ] as const) {
    test(`wasi:config ${name}: tells what was granted, nothing without`, () => {
      const config = new Map([["greeting", "hello"]]);
      const call = fakeHostCall({ grants: Grants.none.with(CONFIG_GRANT, config) });
      const path = `wasi:config/${name}`;
      assert.deepEqual(callHost(imports, `${path}#get`, call, "greeting"), { tag: "ok", val: "hello" });
      assert.deepEqual(callHost(imports, `${path}#get`, call, "__proto__"), { tag: "ok", val: undefined });
      assert.deepEqual(callHost(imports, `${path}#get-all`, call), { tag: "ok", val: [["greeting", "hello"]] });
      assert.deepEqual(callHost(imports, `${path}#get-all`, fakeHostCall()), { tag: "ok", val: [] });
    });
  }
});

describe("wasi:logging", () => {
  for (const name of ["wasi:logging/logging@0.1.0-draft", "wasi:logging/logging"]) {
    test(`${name}: levels become the log's four, a context stands before the message`, () => {
      const call = fakeHostCall();
      const levels = ["trace", "debug", "info", "warn", "error", "critical"];
      for (const level of levels) callHost(imports, `${name}#log`, call, level, "", "m");
      callHost(imports, `${name}#log`, call, "info", "db", "slow");
      assert.deepEqual(
        call.context.logs.map((entry) => `${entry.level} ${entry.message} ${entry.timestampMs}`),
        ["debug m 77", "debug m 77", "info m 77", "warn m 77", "error m 77", "error m 77", "info db: slow 77"],
      );
    });

    test(`${name}: without the grant entries are dropped and counted; long ones are cut`, () => {
      const denied = fakeHostCall({ permissions: { loggingEnabled: false } });
      callHost(imports, `${name}#log`, denied, "info", "", "secret");
      assert.deepEqual([denied.context.logs.length, denied.context.droppedLogs], [0, 1]);
      const call = fakeHostCall();
      callHost(imports, `${name}#log`, call, "info", "c".repeat(9000), "m".repeat(100_000));
      assert.equal(call.context.logs[0]?.message, "c".repeat(8192) + CUT_MARK);
    });
  }
});
