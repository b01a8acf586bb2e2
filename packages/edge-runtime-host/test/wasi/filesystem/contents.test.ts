// Contents, sizes, times and streams of open files, against a real disk.

import assert from "node:assert/strict";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { InputStream, OutputStream } from "../../../src/wasi/io/io-resources.ts";
import type { Descriptor } from "../../../src/wasi/filesystem/descriptor.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { FilesystemGuest } from "./filesystem-guest.ts";
import { linuxOnly } from "./linux-only.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const MAX_U64 = (1n << 64n) - 1n;

async function setUp(context: TestContext, contents = "") {
  const folder = temporaryFolder(context);
  const path = join(folder, "file");
  writeFileSync(path, contents);
  const guest = new FilesystemGuest([{ host: folder, guest: "/", isWritable: true }]);
  context.after(() => guest.context.end());
  const root = await guest.root();
  const file = await guest.open(root, "file", { write: true });
  return { guest, root, file, path };
}

async function readAll(guest: FilesystemGuest, input: InputStream): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const answer = await guest.stream("input-stream.blocking-read", input, 1_000_000n);
    if (answer.tag === "err") {
      assert.deepEqual(answer.val, { tag: "closed" });
      return Buffer.concat(chunks);
    }
    chunks.push(answer.val as Uint8Array);
  }
}

const flush = (guest: FilesystemGuest, output: OutputStream) => guest.stream("output-stream.blocking-flush", output);

/** The code that filesystem-error-code finds in a failed stream operation. */
function codeOf(guest: FilesystemGuest, answer: { readonly val: unknown }): unknown {
  const failure = answer.val as { readonly tag: string; readonly val: unknown };
  assert.equal(failure.tag, "last-operation-failed");
  return guest.other("wasi:filesystem/types@0.2.12#filesystem-error-code", failure.val);
}

describe("filesystem contents", linuxOnly, () => {
  test("filesystem: read gives what is there, and says where the end is", async (context) => {
    const { guest, file } = await setUp(context, "hello");
    const read = (length: bigint, offset: bigint) => guest.ok("read", file, length, offset);
    assert.deepEqual(await read(3n, 1n), [bytes("ell"), false]);
    assert.deepEqual(await read(MAX_U64, 3n), [bytes("lo"), false]);
    assert.deepEqual(await read(1n, 5n), [bytes(""), true]);
    assert.deepEqual(await read(1n, 1n << 62n), [bytes(""), true]);
    assert.deepEqual(await read(0n, 0n), [bytes(""), false]);
    assert.equal(await guest.code("read", file, 1n, MAX_U64), "invalid");
  });

  test("filesystem: writes land where they are told, and impossible offsets and sizes are refused", async (context) => {
    const { guest, file, path } = await setUp(context, "hello");
    assert.equal(await guest.ok("write", file, bytes("J"), 0n), 1n);
    assert.equal(await guest.ok("write", file, bytes("!"), 6n), 1n);
    assert.equal(readFileSync(path, "latin1"), "Jello\0!");
    await guest.ok("set-size", file, 3n);
    assert.equal(readFileSync(path, "latin1"), "Jel");
    await guest.ok("set-size", file, 5n);
    assert.equal(readFileSync(path, "latin1"), "Jel\0\0");
    for (const offset of [(1n << 53n) - 1n, 1n << 53n, (1n << 63n) - 1n]) {
      assert.equal(await guest.code("write", file, bytes("x"), offset), "file-too-large", String(offset));
    }
    for (const method of ["set-size", "write-via-stream"]) {
      assert.equal(await guest.code(method, file, 1n << 53n), "file-too-large");
      assert.equal(await guest.code(method, file, MAX_U64), "invalid");
    }
    assert.equal(await guest.code("write", file, bytes("x"), MAX_U64), "invalid");
    assert.equal(readFileSync(path, "latin1"), "Jel\0\0");
  });

  test("filesystem: a stream reads all from its offset, then is closed", async (context) => {
    const text = "0123456789".repeat(30_000);
    const { guest, file } = await setUp(context, text);
    const input = await guest.ok<InputStream>("read-via-stream", file, 5n);
    assert.equal((await readAll(guest, input)).toString(), text.slice(5));
    const beyond = await guest.ok<InputStream>("read-via-stream", file, 1n << 40n);
    assert.equal((await readAll(guest, beyond)).length, 0);
    assert.equal(await guest.code("read-via-stream", file, MAX_U64), "invalid");
  });

  test("filesystem: several streams of one file do not interfere", async (context) => {
    const { guest, file, path } = await setUp(context, "abcdef");
    const first = await guest.ok<InputStream>("read-via-stream", file, 0n);
    const second = await guest.ok<InputStream>("read-via-stream", file, 3n);
    const read = (input: InputStream) => guest.stream("input-stream.blocking-read", input, 2n);
    assert.deepEqual((await read(first)).val, bytes("ab"));
    assert.deepEqual((await read(second)).val, bytes("de"));
    assert.deepEqual((await read(first)).val, bytes("cd"));
    const output = await guest.ok<OutputStream>("write-via-stream", file, 4n);
    const end = await guest.ok<OutputStream>("append-via-stream", file);
    await guest.stream("output-stream.blocking-write-and-flush", end, bytes("[1]"));
    await guest.stream("output-stream.blocking-write-and-flush", output, bytes("XY"));
    appendFileSync(path, "host");
    await guest.stream("output-stream.blocking-write-and-flush", end, bytes("[2]"));
    assert.equal(readFileSync(path, "utf8"), "abcdXY[1]host[2]");
    // Read ahead before the writes, and read again since.
    assert.deepEqual((await read(second)).val, bytes("Y["));
  });

  test("filesystem: a stream takes a bounded amount, and no more until it is written", async (context) => {
    const { guest, file, path } = await setUp(context);
    const output = await guest.ok<OutputStream>("write-via-stream", file, 0n);
    const check = () => guest.stream("output-stream.check-write", output);
    const first = await check();
    assert.deepEqual(first, { tag: "ok", val: 65_536n });
    await guest.stream("output-stream.write", output, new Uint8Array(65_536).fill(97));
    assert.deepEqual(await check(), { tag: "ok", val: 0n });
    assert.equal((await flush(guest, output)).tag, "ok");
    assert.deepEqual(await check(), { tag: "ok", val: 65_536n });
    assert.equal(readFileSync(path, "utf8"), "a".repeat(65_536));
  });

  test("filesystem: a stream that cannot write fails with the code, once", async (context) => {
    const { guest, root } = await setUp(context);
    const file = await guest.open(root, "file", { write: true });
    const output = await guest.ok<OutputStream>("write-via-stream", file, (1n << 53n) - 2n);
    const failed = await guest.stream("output-stream.blocking-write-and-flush", output, bytes("abc"));
    assert.equal(codeOf(guest, failed), "file-too-large");
    assert.deepEqual((await flush(guest, output)).val, { tag: "closed" });
    const other = guest.other("wasi:filesystem/types@0.2.12#filesystem-error-code", { message: "of another service" });
    assert.equal(other, undefined);
  });

  test("filesystem: stat tells type, size, links and times", async (context) => {
    const { guest, root, file, path } = await setUp(context, "hello");
    const real = statSync(path, { bigint: true });
    const stat = await guest.ok<Record<string, unknown>>("stat", file);
    assert.deepEqual(stat, {
      type: "regular-file",
      linkCount: 1n,
      size: 5n,
      dataAccessTimestamp: datetime(real.atimeNs),
      dataModificationTimestamp: datetime(real.mtimeNs),
      statusChangeTimestamp: datetime(real.ctimeNs),
    });
    assert.deepEqual(await guest.ok("stat-at", root, { symlinkFollow: false }, "file"), stat);
    assert.equal((await guest.ok<{ type: string }>("stat", root)).type, "directory");
  });

  test("filesystem: times are set, to now or left alone", async (context) => {
    const { guest, root, file, path } = await setUp(context);
    const [keep, now] = [{ tag: "no-change" }, { tag: "now" }];
    const at = (seconds: bigint, nanoseconds: number) => ({ tag: "timestamp", val: { seconds, nanoseconds } });
    const times = (): [bigint, bigint] => {
      const { atimeNs, mtimeNs } = statSync(path, { bigint: true });
      return [atimeNs, mtimeNs];
    };
    await guest.ok("set-times", file, at(5n, 250_000_000), at(7n, 500_000_000));
    assert.deepEqual(times(), [5_250_000_000n, 7_500_000_000n]);
    await guest.ok("set-times-at", root, { symlinkFollow: true }, "file", keep, at(9n, 0));
    assert.deepEqual(times(), [5_250_000_000n, 9_000_000_000n]);
    await guest.ok("set-times", file, now, keep);
    const [access, modification] = times();
    assert.ok(access > 1_000_000_000_000_000_000n);
    assert.equal(modification, 9_000_000_000n);
    // However the file was opened.
    await guest.ok("set-times", await guest.open(root, "file"), keep, at(3n, 0));
    assert.equal(times()[1], 3_000_000_000n);
    await guest.ok("set-times", root, at(1n, 0), at(2n, 0));
    const stat = await guest.ok<{ dataModificationTimestamp: unknown }>("stat", root);
    assert.deepEqual(stat.dataModificationTimestamp, { seconds: 2n, nanoseconds: 0 });
    assert.equal(await guest.code("set-times", file, at(1n, 1_000_000_000), keep), "invalid");
    assert.equal(await guest.code("set-times", file, at(MAX_U64, 0), keep), "overflow");
  });

  test("filesystem: a hash of metadata stays with the file and changes with its contents", async (context) => {
    const { guest, root, file } = await setUp(context, "one");
    const hash = (self: Descriptor) => guest.ok<{ lower: bigint; upper: bigint }>("metadata-hash", self);
    const before = await hash(file);
    assert.deepEqual(await guest.ok("metadata-hash-at", root, { symlinkFollow: true }, "file"), before);
    assert.notEqual((await hash(root)).lower, before.lower);
    await guest.ok("write", file, bytes("longer"), 0n);
    const after = await hash(file);
    assert.equal(after.lower, before.lower);
    assert.notEqual(after.upper, before.upper);
  });

  test("filesystem: advice and synchronization succeed on what they are for", async (context) => {
    const { guest, root, file } = await setUp(context, "x");
    for (const method of ["sync", "sync-data"]) {
      for (const self of [file, root, await guest.open(root, "file")]) await guest.ok(method, self);
    }
    await guest.ok("advise", file, 0n, 100n, "sequential");
    assert.equal(await guest.code("advise", file, MAX_U64, 0n, "normal"), "invalid");
  });
});

function datetime(nanoseconds: bigint): { readonly seconds: bigint; readonly nanoseconds: number } {
  return { seconds: nanoseconds / 1_000_000_000n, nanoseconds: Number(nanoseconds % 1_000_000_000n) };
}
