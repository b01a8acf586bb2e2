// The cache of compiled modules across starts of the server. That a start compiled nothing shows in the folder: an entry
// that is used gets a new time, one that is made gets a new content too, since it says when it was compiled.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { sumTo, textHandler } from "./guests.ts";
import { createWorkspace } from "./serving-process.ts";

const FUNCTIONS = { text: { text: textHandler("text") }, sum: { text: sumTo(1000) } };
const LONG_AGO = new Date("2020-01-01T00:00:00Z");

const workspace = createWorkspace();
after(() => workspace.close());

interface Entry {
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 of the content: another one for each time that an entry is made. */
  readonly made: string;
  readonly wasUsed: boolean;
}

function readEntries(folder: string): Entry[] {
  return readdirSync(folder)
    .toSorted()
    .map((name) => {
      const content = readFileSync(join(folder, name));
      const made = createHash("sha256").update(content).digest("hex");
      return { name, bytes: content.length, made, wasUsed: statSync(join(folder, name)).mtime > LONG_AGO };
    });
}

/** Makes all entries old, so that later use shows. */
function age(folder: string): Entry[] {
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), LONG_AGO, LONG_AGO);
  return readEntries(folder);
}

/** One start, requests to both functions, and a stop. */
async function startOnce(engine: Readonly<Record<string, unknown>>): Promise<void> {
  const serving = await workspace.serve({ engine, functions: FUNCTIONS });
  const answers = await Promise.all(
    Object.keys(FUNCTIONS).map(async (name) => (await fetch(`${serving.origin}/${name}`)).text()),
  );
  assert.deepEqual(answers, ["text", "500500\n"]);
  assert.equal((await serving.stop()).code, 0);
}

/** A cache that one start has filled. */
async function filledCache(name: string): Promise<{ readonly folder: string; readonly entries: Entry[] }> {
  const folder = workspace.path(name);
  await startOnce({ cache_dir: folder });
  const entries = age(folder);
  assert.equal(entries.length, 2);
  return { folder, entries };
}

test("cache: a second start compiles nothing: it uses the entries of the first and makes none", async () => {
  const { folder, entries } = await filledCache("second-start");
  await startOnce({ cache_dir: folder });
  assert.deepEqual(
    readEntries(folder),
    entries.map((entry) => ({ ...entry, wasUsed: true })),
  );
});

test("cache: servers that start together share it", async () => {
  const folder = workspace.path("together");
  await Promise.all([1, 2, 3].map(() => startOnce({ cache_dir: folder })));
  const entries = age(folder);
  assert.equal(entries.length, 2);
  await startOnce({ cache_dir: folder });
  assert.deepEqual(
    readEntries(folder),
    entries.map((entry) => ({ ...entry, wasUsed: true })),
  );
});

test("cache: modules of the other metering have entries of their own", async () => {
  const { folder, entries } = await filledCache("metering");
  const serving = await workspace.serve({
    engine: { cache_dir: folder },
    execution: { fuel_metering: false },
    functions: FUNCTIONS,
  });
  await serving.stop();
  const later = readEntries(folder);
  assert.equal(later.length, 4);
  for (const entry of entries)
    assert.ok(
      later.some(({ made, wasUsed }) => made === entry.made && !wasUsed),
      entry.name,
    );
});

test("cache: with cache_compiled_modules off the folder is neither read nor written", async () => {
  const untouched = workspace.path("untouched");
  await startOnce({ cache_compiled_modules: false, cache_dir: untouched });
  assert.equal(existsSync(untouched), false);
  const { folder, entries } = await filledCache("switched-off");
  await startOnce({ cache_compiled_modules: false, cache_dir: folder });
  assert.deepEqual(readEntries(folder), entries);
});

const DAMAGES: Readonly<Record<string, (file: string, other: string) => void>> = {
  "cut short": (file) => truncateSync(file, 100),
  empty: (file) => truncateSync(file, 0),
  "changed in one bit": (file) => {
    const bytes = readFileSync(file);
    const middle = bytes.length >> 1;
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
    writeFileSync(file, bytes);
  },
  garbage: (file) => writeFileSync(file, "not an artifact at all ".repeat(100)),
  "another module's": (file, other) => copyFileSync(other, file),
};

for (const [name, damage] of Object.entries(DAMAGES)) {
  test(`cache: an entry that is ${name} is made anew`, async () => {
    const { folder, entries } = await filledCache(`damage-${name.replaceAll(/\W/g, "-")}`);
    const [first, second] = entries;
    assert.ok(first !== undefined && second !== undefined);
    damage(join(folder, first.name), join(folder, second.name));
    const [damaged] = age(folder);
    await startOnce({ cache_dir: folder });
    const [rebuilt, used] = readEntries(folder);
    assert.equal(rebuilt?.bytes, first.bytes);
    assert.notEqual(rebuilt?.made, first.made);
    assert.notEqual(rebuilt?.made, damaged?.made);
    assert.deepEqual(used, { ...second, wasUsed: true });
    age(folder);
    await startOnce({ cache_dir: folder });
    assert.deepEqual(readEntries(folder)[0], rebuilt, "and good from then on");
  });
}

test("cache: entries of another installation are made anew, and each key's own are used", async () => {
  const keys = ["ours.key", "theirs.key"].map((name, index) => workspace.write(name, String(index).repeat(64)));
  const [ours, theirs] = keys;
  const folder = workspace.path("foreign");
  await startOnce({ cache_dir: folder, artifact_key_file: theirs });
  const foreign = age(folder);
  await startOnce({ cache_dir: folder, artifact_key_file: ours });
  const own = age(folder);
  assert.deepEqual(
    own.map(({ name }) => name),
    foreign.map(({ name }) => name),
  );
  for (const [index, { made }] of own.entries()) assert.notEqual(made, foreign[index]?.made);
  await startOnce({ cache_dir: folder, artifact_key_file: ours });
  assert.deepEqual(
    readEntries(folder),
    own.map((entry) => ({ ...entry, wasUsed: true })),
  );
});

test("cache: it is bounded: what was not used for longest goes, what is in use stays", async () => {
  const { folder } = await filledCache("bounded");
  // Sparse files: a gibibyte that takes no room.
  const MIB = 1_048_576;
  for (const [index, name] of ["oldest", "older", "old"].entries()) {
    const file = join(folder, `${name}.artifact`);
    writeFileSync(file, "");
    truncateSync(file, 500 * MIB);
    const time = new Date(LONG_AGO.getTime() + (index + 1) * 1000);
    utimesSync(file, time, time);
  }
  const names = (): string[] =>
    readdirSync(folder)
      .filter((name) => name.startsWith("old"))
      .toSorted();
  await startOnce({ cache_dir: folder });
  assert.equal(names().length, 3, "nothing was written, nothing had to go");
  const serving = await workspace.serve({
    engine: { cache_dir: folder },
    functions: { one: { text: textHandler("new") } },
  });
  await serving.stop();
  assert.deepEqual(names(), ["old.artifact", "older.artifact"]);
  assert.equal(readdirSync(folder).length, 5);
});

test("cache: a folder that cannot be had costs the cache, not the start", async () => {
  const blocked = workspace.write("a-file", "in the way");
  await startOnce({ cache_dir: join(blocked, "cache") });
});
