import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readInputFile } from "../src/input-file.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "edge-input-"));
});
after(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test("input-file: gives the whole content", async () => {
  assert.equal(Buffer.from(await readInputFile(file("a", "(module)"))).toString(), "(module)");
});

test("input-file: names an absent file and the way out", async () => {
  await assert.rejects(readInputFile(join(folder, "no.wasm")), /no\.wasm: no such file; check the path/);
  await assert.rejects(readInputFile(join(file("b", "x"), "c.wasm")), /no such file/);
});

test("input-file: refuses a folder, an empty file, a device and a file over the limit", async () => {
  await assert.rejects(readInputFile(folder), /is a folder; give a file inside it/);
  await assert.rejects(readInputFile(file("empty", "")), /empty: is empty; build it again/);
  const huge = file("huge", "x");
  truncateSync(huge, 2 * 1_048_576 + 1);
  await assert.rejects(
    readInputFile(huge, { maxBytes: 2 * 1_048_576 }),
    /huge: has 3 MiB, more than the 2 MiB that are read/,
  );
  if (process.platform !== "win32") {
    await assert.rejects(readInputFile("/dev/zero"), /is not a regular file/);
  }
});
