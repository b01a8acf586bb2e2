import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { InputStream, OutputStream } from "../../../src/wasi/io/io-resources.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { FilesystemGuest } from "./filesystem-guest.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("filesystem: a granted directory can be listed, read and written", async (context) => {
  const folder = temporaryFolder(context);
  mkdirSync(join(folder, "sub"));
  writeFileSync(join(folder, "sub", "file"), "hello");
  const guest = new FilesystemGuest([{ host: folder, guest: "/data", isWritable: true }]);
  const root = await guest.root();
  assert.deepEqual(await guest.names(root), ["sub"]);
  assert.equal(await guest.text(root, "sub/file"), "hello");
  const file = await guest.open(root, "sub/new", { create: true, write: true });
  assert.equal(await guest.ok("write", file, bytes("abc"), 1n), 3n);
  assert.equal(readFileSync(join(folder, "sub", "new"), "latin1"), "\0abc");
  const input = await guest.ok<InputStream>("read-via-stream", file, 1n);
  assert.deepEqual(await guest.stream("input-stream.blocking-read", input, 2n), { tag: "ok", val: bytes("ab") });
  const output = await guest.ok<OutputStream>("write-via-stream", file, 3n);
  assert.equal((await guest.stream("output-stream.blocking-write-and-flush", output, bytes("XYZ"))).tag, "ok");
  assert.equal(readFileSync(join(folder, "sub", "new"), "latin1"), "\0abXYZ");
  // What was read ahead before the write is not served.
  assert.deepEqual(await guest.stream("input-stream.blocking-read", input, 9n), { tag: "ok", val: bytes("XYZ") });
  assert.deepEqual(await guest.stream("input-stream.blocking-read", input, 9n), { tag: "err", val: { tag: "closed" } });
  guest.context.end();
});
