// docs/limits.md: every row names a test that exists, and the numbers are the ones in force.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { memoryPlaces, sliceFuel, storeCaps, v8MemoryPlaces } from "../src/engine/limits.ts";
import { bulkChunkElements, maxFunctionLocals, maxMergedPaths, maxUnchecked } from "../src/instrument/cost-table.ts";
import { checkFor } from "../src/instrument/slow-check.ts";

const root = new URL("../../../", import.meta.url);
const page = readFileSync(new URL("docs/limits.md", root), "utf8");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (Limit|Way|Promise|-+) /.test(line))
  .map((line) => line.slice(2, -2).split(/ +\| +/));

test("limits page: has its rows", () => assert.ok(rows.length > 45));

for (const row of rows) {
  test(`limits page: "${row[0]}" is proven`, () => {
    const [, file, title] = /^`([^`]+)` "([^"]+)"$/.exec(row.at(-1)?.trim() ?? "") ?? [];
    assert.ok(file !== undefined && title !== undefined, "the last cell is a file and a test's name");
    const path = new URL(`packages/${file}`, root);
    assert.ok(existsSync(path), file);
    // Names may be templates: what is quoted stands in the source as it is.
    assert.ok(readFileSync(path, "utf8").includes(title), `${file} has no test named ${title}`);
  });
}

test("limits page: its numbers are those of the sources", () => {
  const numbers = [
    checkFor.time,
    sliceFuel,
    bulkChunkElements,
    maxUnchecked,
    maxFunctionLocals,
    maxMergedPaths,
    memoryPlaces,
    v8MemoryPlaces,
    storeCaps.tableElements,
  ];
  for (const number of numbers) assert.ok(page.includes(number.toLocaleString("en")), String(number));
});
