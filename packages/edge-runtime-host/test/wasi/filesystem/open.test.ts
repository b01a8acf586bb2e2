// `open-at`: flags, what is opened, and what the descriptor may do.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Descriptor } from "../../../src/wasi/filesystem/descriptor.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import type { OpenRequest } from "./filesystem-guest.ts";
import { FilesystemGuest } from "./filesystem-guest.ts";
import { linuxOnly } from "./linux-only.ts";
import { untilNoneOpen } from "./open-descriptors.ts";

async function setUp(context: TestContext) {
  const folder = temporaryFolder(context);
  mkdirSync(join(folder, "dir"));
  writeFileSync(join(folder, "file"), "contents");
  symlinkSync("file", join(folder, "to-file"));
  symlinkSync("dir/made", join(folder, "dangling"));
  const guest = new FilesystemGuest([{ host: folder, guest: "/", isWritable: true }]);
  context.after(() => guest.context.end());
  return { guest, root: await guest.root(), folder };
}

const REFUSED: readonly (readonly [code: string, path: string, request: OpenRequest])[] = [
  ["no-entry", "missing", {}],
  ["not-directory", "file", { directory: true }],
  ["not-directory", "file/", {}],
  ["not-directory", "file/", { create: true }],
  ["is-directory", "new/", { create: true }],
  ["is-directory", "dir", { write: true }],
  ["is-directory", "dir", { create: true }],
  ["is-directory", "dir", { truncate: true }],
  ["is-directory", ".", { write: true }],
  ["exist", "file", { create: true, exclusive: true }],
  ["exist", "dir", { create: true, exclusive: true }],
  ["exist", ".", { create: true, exclusive: true }],
  ["exist", "dangling", { create: true, exclusive: true }],
  ["loop", "to-file", { follow: false }],
  ["loop", "dangling", { follow: false, create: true }],
  ["invalid", "dir", { directory: true, create: true }],
  ["invalid", "dir", { directory: true, exclusive: true }],
  ["invalid", "dir", { directory: true, truncate: true }],
];

describe("filesystem open-at", linuxOnly, () => {
  test("filesystem: open-at refuses with the codes of open(2)", async (context) => {
    const { guest, root, folder } = await setUp(context);
    for (const [code, path, request] of REFUSED) {
      assert.equal(await guest.openCode(root, path, request), code, `${path} ${JSON.stringify(request)}`);
    }
    const file = await guest.open(root, "file");
    assert.equal(await guest.openCode(file, "x"), "not-directory");
    assert.equal(await guest.code("read-directory", file), "not-directory");
    assert.deepEqual(await guest.names(root), ["dangling", "dir", "file", "to-file"]);
    guest.context.end();
    await untilNoneOpen(folder);
  });

  test("filesystem: open-at creates files, through a dangling link too, and truncates", async (context) => {
    const { guest, root, folder } = await setUp(context);
    await guest.open(root, "new", { create: true, exclusive: true, write: true });
    assert.equal(readFileSync(join(folder, "new"), "utf8"), "");
    await guest.open(root, "dangling", { create: true, write: true });
    assert.equal(readFileSync(join(folder, "dir", "made"), "utf8"), "");
    await guest.open(root, "file", { create: true, write: true });
    assert.equal(readFileSync(join(folder, "file"), "utf8"), "contents");
    await guest.open(root, "to-file", { truncate: true, write: true });
    assert.equal(readFileSync(join(folder, "file"), "utf8"), "");
  });

  test("filesystem: a descriptor tells its type and flags, and does no more than they say", async (context) => {
    const { guest, root } = await setUp(context);
    const no = { fileIntegritySync: false, dataIntegritySync: false, requestedWriteSync: false };
    const cases: readonly (readonly [Descriptor, string, unknown])[] = [
      [root, "directory", { read: true, write: false, mutateDirectory: true, ...no }],
      [await guest.open(root, "file"), "regular-file", { read: true, write: false, mutateDirectory: false, ...no }],
      [
        await guest.open(root, "file", { read: false, write: true }),
        "regular-file",
        { read: false, write: true, mutateDirectory: false, ...no },
      ],
      [
        await guest.open(root, "dir/../dir/", { directory: true, mutateDirectory: true }),
        "directory",
        { read: true, write: false, mutateDirectory: true, ...no },
      ],
    ];
    for (const [self, type, flags] of cases) {
      assert.equal(await guest.ok("get-type", self), type);
      assert.deepEqual(await guest.ok("get-flags", self), flags);
    }
    const [, [reader], [writer]] = cases as unknown as [never, [Descriptor], [Descriptor]];
    for (const method of ["read-via-stream", "read"]) {
      const args = method === "read" ? [1n, 0n] : [0n];
      assert.equal(await guest.code(method, writer, ...args), "bad-descriptor");
      assert.equal(await guest.code(method, root, ...args), "is-directory");
    }
    const bytes = new Uint8Array(1);
    for (const [method, ...args] of [
      ["write-via-stream", 0n],
      ["append-via-stream"],
      ["write", bytes, 0n],
      ["set-size", 0n],
    ] as const) {
      assert.equal(await guest.code(method, reader, ...args), "bad-descriptor", method);
      assert.equal(await guest.code(method, root, ...args), "is-directory", method);
    }
    assert.equal(await guest.code("advise", root, 0n, 0n, "normal"), "bad-descriptor");
  });

  test("filesystem: descriptors of one file are the same object, however they were opened", async (context) => {
    const { guest, root } = await setUp(context);
    const [first, second, other] = [
      await guest.open(root, "file"),
      await guest.open(root, "to-file"),
      await guest.open(root, "dir"),
    ];
    const same = (left: Descriptor, right: Descriptor): unknown =>
      guest.other("wasi:filesystem/types@0.2.12#[method]descriptor.is-same-object", left, right);
    assert.deepEqual([same(first, second), same(first, other), same(root, root)], [true, false, true]);
  });
});
