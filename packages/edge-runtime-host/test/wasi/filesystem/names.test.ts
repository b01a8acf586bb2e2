// What changes names: results on the disk, and the codes of what fails.

import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Descriptor } from "../../../src/wasi/filesystem/descriptor.ts";
import type { DirectoryEntries } from "../../../src/wasi/filesystem/directory-entries.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { FilesystemGuest } from "./filesystem-guest.ts";
import { linuxOnly } from "./linux-only.ts";
import { untilNoneOpen } from "./open-descriptors.ts";

interface Setup {
  readonly guest: FilesystemGuest;
  readonly root: Descriptor;
  readonly folder: string;
}

/** `dir/inner`, `empty`, `file`, `to-file` -> file, `to-dir` -> dir, `dangling` -> missing. */
async function setUp(context: TestContext, isWritable = true): Promise<Setup> {
  const folder = temporaryFolder(context);
  mkdirSync(join(folder, "dir"));
  mkdirSync(join(folder, "empty"));
  for (const name of ["file", "dir/inner"]) writeFileSync(join(folder, name), name);
  symlinkSync("file", join(folder, "to-file"));
  symlinkSync("dir", join(folder, "to-dir"));
  symlinkSync("missing", join(folder, "dangling"));
  const guest = new FilesystemGuest([{ host: folder, guest: "/", isWritable }]);
  context.after(() => guest.context.end());
  return { guest, root: await guest.root(), folder };
}

const follow = { symlinkFollow: true };
const nofollow = { symlinkFollow: false };
const now = { tag: "now" };

/** A call without its first argument, the root; `$` stands for the root as another argument. */
type Row = readonly [code: string, method: string, ...args: readonly unknown[]];

const FAILURES: readonly Row[] = [
  ["exist", "create-directory-at", "dir"],
  ["exist", "create-directory-at", "dir/"],
  ["exist", "create-directory-at", "file"],
  ["exist", "create-directory-at", "dangling"],
  ["exist", "create-directory-at", "."],
  ["exist", "create-directory-at", "dir/.."],
  ["no-entry", "create-directory-at", "missing/new"],
  ["not-directory", "create-directory-at", "file/new"],
  ["not-empty", "remove-directory-at", "dir"],
  ["not-directory", "remove-directory-at", "file"],
  ["not-directory", "remove-directory-at", "to-dir"],
  ["not-directory", "remove-directory-at", "to-dir/"],
  ["no-entry", "remove-directory-at", "missing"],
  ["invalid", "remove-directory-at", "."],
  ["is-directory", "unlink-file-at", "dir"],
  ["is-directory", "unlink-file-at", "dir/"],
  ["is-directory", "unlink-file-at", "."],
  ["not-directory", "unlink-file-at", "file/"],
  ["not-directory", "unlink-file-at", "to-dir/"],
  ["no-entry", "unlink-file-at", "missing"],
  ["no-entry", "rename-at", "missing", "$", "new"],
  ["not-directory", "rename-at", "file/", "$", "new"],
  ["not-directory", "rename-at", "file", "$", "new/"],
  ["is-directory", "rename-at", "file", "$", "dir"],
  ["not-directory", "rename-at", "dir", "$", "file"],
  ["not-empty", "rename-at", "empty", "$", "dir"],
  ["invalid", "rename-at", "dir", "$", "dir/below"],
  ["busy", "rename-at", ".", "$", "new"],
  ["exist", "link-at", nofollow, "file", "$", "dir"],
  ["not-permitted", "link-at", nofollow, "dir", "$", "new"],
  ["not-permitted", "link-at", nofollow, ".", "$", "new"],
  ["not-directory", "link-at", nofollow, "file/", "$", "new"],
  ["no-entry", "link-at", nofollow, "file", "$", "new/"],
  ["no-entry", "link-at", follow, "dangling", "$", "new"],
  ["exist", "symlink-at", "x", "file"],
  ["exist", "symlink-at", "x", "dir/"],
  ["not-directory", "symlink-at", "x", "file/"],
  ["no-entry", "symlink-at", "x", "new/"],
  ["no-entry", "symlink-at", "", "new"],
  ["invalid", "symlink-at", "a\0b", "new"],
  ["not-permitted", "symlink-at", "/x", "new"],
  ["invalid", "readlink-at", "file"],
  ["invalid", "readlink-at", "dir"],
  ["invalid", "readlink-at", "to-dir/"],
  ["invalid", "readlink-at", "."],
  ["no-entry", "readlink-at", "missing"],
  ["no-entry", "stat-at", follow, "dangling"],
  ["not-directory", "stat-at", follow, "file/"],
  ["not-directory", "stat-at", nofollow, "to-file/"],
  ["not-directory", "stat-at", follow, "file/."],
  ["no-entry", "set-times-at", follow, "dangling", now, now],
  ["not-directory", "set-times-at", follow, "file/", now, now],
  ["no-entry", "metadata-hash-at", follow, "dangling"],
];

describe("filesystem names", linuxOnly, () => {
  test("filesystem: calls that fail say why, and change nothing", async (context) => {
    const { guest, root, folder } = await setUp(context);
    const before = await guest.names(root);
    for (const [code, method, ...args] of FAILURES) {
      const given = args.map((arg) => (arg === "$" ? root : arg));
      assert.equal(await guest.code(method, root, ...given), code, `${method} ${JSON.stringify(args)}`);
    }
    assert.deepEqual(await guest.names(root), before);
    guest.context.end();
    await untilNoneOpen(folder);
  });

  test("filesystem: directories, files and links are made, renamed and removed", async (context) => {
    const { guest, root, folder } = await setUp(context);
    await guest.ok("create-directory-at", root, "new/");
    const dir = await guest.open(root, "new", { directory: true });
    await guest.ok("rename-at", root, "file", dir, "moved");
    assert.equal(readFileSync(join(folder, "new", "moved"), "utf8"), "file");
    await guest.ok("link-at", dir, nofollow, "moved", root, "hard");
    assert.equal(lstatSync(join(folder, "hard")).ino, lstatSync(join(folder, "new", "moved")).ino);
    await guest.ok("symlink-at", root, "../hard", "new/soft");
    assert.equal(readlinkSync(join(folder, "new", "soft")), "../hard");
    assert.equal(await guest.ok<string>("readlink-at", dir, "soft"), "../hard");
    await guest.ok("link-at", root, nofollow, "to-file", root, "link-of-link");
    assert.ok(lstatSync(join(folder, "link-of-link")).isSymbolicLink());
    for (const name of ["new/soft", "new/moved", "hard", "dangling"]) await guest.ok("unlink-file-at", root, name);
    await guest.ok("rename-at", root, "new/", root, "renamed/");
    await guest.ok("rename-at", root, "empty", root, "renamed");
    await guest.ok("remove-directory-at", root, "renamed/");
    assert.deepEqual(await guest.names(root), ["dir", "link-of-link", "to-dir", "to-file"]);
  });

  test("filesystem: a read-only directory refuses every change with read-only", async (context) => {
    const { guest, root, folder } = await setUp(context, false);
    const changes: readonly (readonly [string, ...unknown[]])[] = [
      ["create-directory-at", "new"],
      ["remove-directory-at", "empty"],
      ["unlink-file-at", "file"],
      ["rename-at", "file", root, "new"],
      ["link-at", nofollow, "file", root, "new"],
      ["symlink-at", "x", "new"],
      ["set-times-at", follow, "file", now, now],
      ["set-times", now, now],
    ];
    for (const [method, ...args] of changes) assert.equal(await guest.code(method, root, ...args), "read-only", method);
    for (const request of [{ write: true }, { create: true }, { truncate: true }, { mutateDirectory: true }]) {
      assert.equal(await guest.openCode(root, "file", request), "read-only");
    }
    // Also by way of a directory that was opened below it.
    const dir = await guest.open(root, "dir", { directory: true });
    assert.equal(await guest.code("unlink-file-at", dir, "inner"), "read-only");
    assert.equal(await guest.openCode(dir, "inner", { write: true }), "read-only");
    const file = await guest.open(root, "file");
    assert.equal(await guest.code("set-size", file, 0n), "bad-descriptor");
    assert.equal(await guest.code("set-times", file, now, now), "read-only");
    assert.ok(existsSync(join(folder, "file")));
  });

  test("filesystem: entries have types, and a name that is not Unicode is an error of its own", async (context) => {
    const { guest, root, folder } = await setUp(context);
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/dir/`), Buffer.of(0xff, 0xfe)]), "");
    const types = new Map<unknown, unknown>();
    const entries = await guest.ok<DirectoryEntries>("read-directory", root);
    for (;;) {
      const { val } = await guest.entry(entries);
      if (val === undefined) break;
      const { name, type } = val as { readonly name: string; readonly type: string };
      types.set(name, type);
    }
    assert.deepEqual(Object.fromEntries(types), {
      dir: "directory",
      empty: "directory",
      file: "regular-file",
      "to-file": "symbolic-link",
      "to-dir": "symbolic-link",
      dangling: "symbolic-link",
    });
    const odd = await guest.ok<DirectoryEntries>("read-directory", await guest.open(root, "dir"));
    const answers = [await guest.entry(odd), await guest.entry(odd), await guest.entry(odd)];
    assert.deepEqual(answers.map(({ tag, val }) => (tag === "err" ? String(val) : typeof val)).toSorted(), [
      "illegal-byte-sequence",
      "object",
      "undefined",
    ]);
  });

  test("filesystem: what a link says must be Unicode to be read or followed", async (context) => {
    const { guest, root, folder } = await setUp(context);
    symlinkSync(Buffer.of(0x66, 0xff), join(folder, "odd"));
    assert.equal(await guest.code("readlink-at", root, "odd"), "illegal-byte-sequence");
    assert.equal(await guest.openCode(root, "odd"), "illegal-byte-sequence");
  });

  test("filesystem: a directory of many entries is read a few at a time", async (context) => {
    const { guest, root, folder } = await setUp(context);
    const names = Array.from({ length: 300 }, (_, index) => `entry-${index}`);
    for (const name of names) writeFileSync(join(folder, "empty", name), "");
    const directory = await guest.open(root, "empty");
    assert.deepEqual(await guest.names(directory), names.toSorted());
    assert.equal((await guest.names(directory)).length, 300);
  });
});
