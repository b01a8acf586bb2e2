import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createArtifactCache } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Bytes of an entry that are not the artifact. */
const HEADER = 36;

const artifact = (fill: number, length = 100) => new Uint8Array(length).fill(fill);

function setUsed(folder: string, key: string, secondsAgo: number): void {
  const time = Date.now() / 1000 - secondsAgo;
  utimesSync(join(folder, `${key}.artifact`), time, time);
}

describe("artifact cache", () => {
  test("artifact cache: gives back what was written, to another cache of the folder too", async (context) => {
    const folder = join(temporaryFolder(context), "a", "b");
    const cache = createArtifactCache(folder);
    assert.equal(await cache.read("k1"), undefined);
    await cache.write("k1", artifact(1));
    await cache.write("k2", artifact(2));
    await cache.write("k1", artifact(3));
    assert.deepEqual(await createArtifactCache(folder).read("k1"), artifact(3));
    assert.deepEqual(await cache.read("k2"), artifact(2));
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(folder).toSorted(), ["k1.artifact", "k2.artifact"]);
  });

  test("artifact cache: keeps an empty artifact apart from none", async (context) => {
    const cache = createArtifactCache(temporaryFolder(context));
    await cache.write("k", new Uint8Array());
    assert.deepEqual(await cache.read("k"), new Uint8Array());
  });

  test("artifact cache: what was removed is a miss, and removing it again is nothing", async (context) => {
    const cache = createArtifactCache(temporaryFolder(context));
    await cache.write("k", artifact(1));
    await cache.remove("k");
    await cache.remove("k");
    assert.equal(await cache.read("k"), undefined);
  });

  const damages: readonly (readonly [string, (content: Buffer) => Uint8Array])[] = [
    ["cut short", (content) => content.subarray(0, content.length - 1)],
    ["cut within its header", (content) => content.subarray(0, 20)],
    ["empty", () => new Uint8Array()],
    ["longer", (content) => Buffer.concat([content, content])],
    ["changed in its last bit", (content) => content.with(-1, (content.at(-1) ?? 0) ^ 1)],
    ["changed in its checksum", (content) => content.with(4, (content.at(4) ?? 0) ^ 1)],
    ["of another format", (content) => content.with(3, 0x32)],
  ];
  for (const [name, damage] of damages) {
    test(`artifact cache: an entry that is ${name} is a miss, removed, and written anew`, async (context) => {
      const folder = temporaryFolder(context);
      const cache = createArtifactCache(folder);
      await cache.write("k", artifact(1));
      const file = join(folder, "k.artifact");
      writeFileSync(file, damage(readFileSync(file)));
      assert.equal(await cache.read("k"), undefined);
      assert.deepEqual(readdirSync(folder), []);
      await cache.write("k", artifact(1));
      assert.deepEqual(await cache.read("k"), artifact(1));
    });
  }

  test("artifact cache: evicts what was not used for longest until the rest fits", async (context) => {
    const folder = temporaryFolder(context);
    const cache = createArtifactCache(folder, { maxBytes: 3 * (100 + HEADER) });
    for (const [index, key] of ["a", "b", "c"].entries()) {
      await cache.write(key, artifact(index));
      setUsed(folder, key, 300 - 100 * index);
    }
    // Reading is using: `a` is now the latest.
    assert.deepEqual(await cache.read("a"), artifact(0));
    await cache.write("d", artifact(9));
    assert.deepEqual(readdirSync(folder).toSorted(), ["a.artifact", "c.artifact", "d.artifact"]);
    await cache.write("e", artifact(9, 200));
    assert.equal(await cache.read("c"), undefined);
    assert.deepEqual(await cache.read("e"), artifact(9, 200));
  });

  test("artifact cache: does not keep what is over the whole bound", async (context) => {
    const folder = temporaryFolder(context);
    const cache = createArtifactCache(folder, { maxBytes: 100 + HEADER });
    await cache.write("fits", artifact(1, 100));
    await cache.write("big", artifact(2, 101));
    assert.equal(await cache.read("big"), undefined);
    assert.deepEqual(await cache.read("fits"), artifact(1, 100));
    await createArtifactCache(folder, { maxBytes: 0 }).write("none", artifact(3));
    assert.equal(await cache.read("none"), undefined);
  });

  test("artifact cache: does not read a file that is larger than the bound", async (context) => {
    const folder = temporaryFolder(context);
    await createArtifactCache(folder).write("k", artifact(1, 1000));
    assert.equal(await createArtifactCache(folder, { maxBytes: 500 }).read("k"), undefined);
  });

  const badKeys = ["", ".", "..", "../k", "a/b", "a\\b", ".k", "k\0", "k\n", "é", "k".repeat(201)];
  for (const key of badKeys) {
    test(`artifact cache: ${JSON.stringify(key.slice(0, 8))} (${key.length} characters) is no key`, async (context) => {
      const folder = temporaryFolder(context);
      const cache = createArtifactCache(join(folder, "cache"));
      await cache.write(key, artifact(1));
      assert.equal(await cache.read(key), undefined);
      await cache.remove(key);
      assert.deepEqual(readdirSync(folder), []);
    });
  }

  test("artifact cache: leaves files of others alone and removes abandoned ones of its own", async (context) => {
    const folder = temporaryFolder(context);
    writeFileSync(join(folder, "notes.txt"), "n".repeat(1000));
    writeFileSync(join(folder, ".old.artifact.0a0b.tmp"), "half");
    writeFileSync(join(folder, ".new.artifact.0c0d.tmp"), "half");
    utimesSync(join(folder, ".old.artifact.0a0b.tmp"), 1, 1);
    await createArtifactCache(folder, { maxBytes: 200 }).write("k", artifact(1));
    assert.deepEqual(readdirSync(folder).toSorted(), [".new.artifact.0c0d.tmp", "k.artifact", "notes.txt"]);
  });

  test("artifact cache: follows no link and reads no folder", async (context) => {
    const folder = temporaryFolder(context);
    const cache = createArtifactCache(folder);
    await cache.write("target", artifact(1));
    symlinkSync(join(folder, "target.artifact"), join(folder, "link.artifact"));
    mkdirSync(join(folder, "folder.artifact"));
    assert.equal(await cache.read("link"), undefined);
    assert.equal(await cache.read("folder"), undefined);
  });

  test("artifact cache: a folder that cannot be made fails silently", async (context) => {
    const folder = temporaryFolder(context);
    writeFileSync(join(folder, "file"), "");
    const cache = createArtifactCache(join(folder, "file", "cache"));
    await cache.write("k", artifact(1));
    assert.equal(await cache.read("k"), undefined);
    await cache.remove("k");
  });

  test("artifact cache: many writers at once leave whole entries within the bound", async (context) => {
    const folder = temporaryFolder(context);
    const maxBytes = 5 * (100 + HEADER);
    const caches = [createArtifactCache(folder, { maxBytes }), createArtifactCache(folder, { maxBytes })];
    const writes = Array.from(
      { length: 40 },
      (_, n) => caches[n % 2]?.write(`k${n % 8}`, artifact(n % 8)) ?? Promise.reject(new Error("no cache")),
    );
    await Promise.all(writes);
    const kept = readdirSync(folder);
    assert.ok(kept.length > 0 && kept.length <= 5);
    for (const name of kept) {
      const n = Number(name[1]);
      assert.deepEqual(await caches[0]?.read(`k${n}`), artifact(n));
    }
  });
});
