// What a run has open is bounded, and closed when the run ends, whatever is under way.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { InputStream, OutputStream } from "../../../src/wasi/io/io-resources.ts";
import type { Descriptor } from "../../../src/wasi/filesystem/descriptor.ts";
import { MAX_SLOTS } from "../../../src/wasi/filesystem/run-files.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { FilesystemGuest, openArguments } from "./filesystem-guest.ts";
import { linuxOnly } from "./linux-only.ts";
import { openIn, untilNoneOpen } from "./open-descriptors.ts";

function createGuest(context: TestContext): { readonly guest: FilesystemGuest; readonly folder: string } {
  const folder = temporaryFolder(context);
  mkdirSync(join(folder, "a", "b", "c"), { recursive: true });
  writeFileSync(join(folder, "a", "b", "c", "file"), "x".repeat(200_000));
  const guest = new FilesystemGuest([{ host: folder, guest: "/", isWritable: true }]);
  return { guest, folder };
}

const PATH = "a/b/c/file";
const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(97);

describe("filesystem: the end of a run", linuxOnly, () => {
  test("filesystem: the end of a run closes descriptors, streams and directory streams", async (context) => {
    const { guest, folder } = createGuest(context);
    const root = await guest.root();
    const file = await guest.open(root, PATH, { write: true });
    const input = await guest.ok<InputStream>("read-via-stream", file, 0n);
    await guest.stream("input-stream.blocking-read", input, 10n);
    await guest.ok("write-via-stream", file, 0n);
    await guest.ok("append-via-stream", file);
    await guest.ok("read-directory", await guest.open(root, "a", { directory: true }));
    assert.ok(openIn(folder).length >= 5);
    guest.context.end();
    await untilNoneOpen(folder);
    assert.equal(await guest.code("stat", root), "bad-descriptor");
  });

  for (const turns of [0, 1, 2, 3, 5, 8, 13, 21]) {
    test(`filesystem: a run that ends ${turns} turns into its calls leaves nothing open`, async (context) => {
      const { guest, folder } = createGuest(context);
      const root = await guest.root();
      const file = await guest.open(root, PATH, { write: true });
      const input = await guest.ok<InputStream>("read-via-stream", file, 0n);
      const calls = [
        guest.answer("open-at", root, ...openArguments(PATH, {})),
        guest.answer("open-at", root, ...openArguments("a/b/../b/c", {})),
        guest.answer("open-at", root, ...openArguments("a/new", { create: true, write: true })),
        guest.answer("read-directory", root),
        guest.answer("append-via-stream", file),
        guest.answer("rename-at", root, "a/b/c/file", root, "a/b/renamed"),
        guest.stream("input-stream.blocking-read", input, 10n),
      ];
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      guest.context.end();
      // Late answers reach no guest; none of them is a fault of the host.
      await Promise.all(calls);
      await untilNoneOpen(folder);
    });
  }

  test("filesystem: bytes that a stream took are written though the run ended", async (context) => {
    const { guest, folder } = createGuest(context);
    const file = await guest.open(await guest.root(), "a/new", { create: true, write: true });
    const output = await guest.ok<OutputStream>("write-via-stream", file, 0n);
    await guest.stream("output-stream.check-write", output);
    assert.equal((await guest.stream("output-stream.write", output, bytes(60_000))).tag, "ok");
    guest.context.end();
    await untilNoneOpen(folder);
    assert.equal(readFileSync(join(folder, "a", "new")).length, 60_000);
  });

  test("filesystem: a descriptor that is dropped in a call is not closed under it", async (context) => {
    const { guest, folder } = createGuest(context);
    const root = await guest.root();
    const directory = await guest.open(root, "a", { directory: true });
    const opening = guest.answer("open-at", directory, ...openArguments("b/c/file", {}));
    directory.close();
    // Descriptors that are opened meanwhile would get its number.
    const others = await Promise.all(["a/b", "a/b/c", "a"].map((path) => guest.open(root, path, { directory: true })));
    const opened = await opening;
    assert.equal(opened.tag, "ok");
    const [contents] = await guest.ok<[Uint8Array, boolean]>("read", opened.val as Descriptor, 3n, 0n);
    assert.equal(new TextDecoder().decode(contents), "xxx");
    for (const other of [...others, root, opened.val as Descriptor]) other.close();
    await untilNoneOpen(folder);
  });

  test("filesystem: streams outlive the descriptor that they come from", async (context) => {
    const { guest, folder } = createGuest(context);
    const root = await guest.root();
    const file = await guest.open(root, PATH);
    const input = await guest.ok<InputStream>("read-via-stream", file, 199_998n);
    file.close();
    const read = await guest.stream("input-stream.blocking-read", input, 10n);
    assert.deepEqual(read, { tag: "ok", val: new TextEncoder().encode("xx") });
    input.source.close();
    root.close();
    await untilNoneOpen(folder);
  });

  test("filesystem: a run has a bounded number of descriptors and streams, and gets them back", async (context) => {
    const { guest, folder } = createGuest(context);
    const root = await guest.root();
    const opened: Descriptor[] = [];
    for (let count = 1; count < MAX_SLOTS; count += 1) opened.push(await guest.open(root, PATH));
    assert.equal(await guest.openCode(root, PATH), "quota");
    assert.equal(await guest.code("read-directory", root), "quota");
    assert.equal(await guest.code("read-via-stream", opened[0] as Descriptor, 0n), "quota");
    // What was refused was closed again.
    while (openIn(folder).length > MAX_SLOTS) await new Promise((resolve) => setTimeout(resolve, 1));
    opened.pop()?.close();
    await guest.open(root, PATH);
    guest.context.end();
    await untilNoneOpen(folder);
  });

  test("filesystem: a path can be only so deep below its base", async (context) => {
    const { guest, folder } = createGuest(context);
    const root = await guest.root();
    let deep = folder;
    for (let depth = 0; depth < 140; depth += 1) deep = join(deep, "d");
    mkdirSync(deep, { recursive: true });
    assert.equal(await guest.openCode(root, `${"d/".repeat(139)}d`), "name-too-long");
    await guest.open(root, `${"d/".repeat(100)}d`, { directory: true });
    guest.context.end();
    await untilNoneOpen(folder);
  });
});
