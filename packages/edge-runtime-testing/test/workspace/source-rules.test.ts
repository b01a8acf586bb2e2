// Rules of the house that no linter of ours knows.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readSources, withoutComments } from "./source-files.ts";

const sources = readSources("packages/*/src/**/*.ts").filter(({ path }) => !path.endsWith(".d.ts"));

describe("source rules", () => {
  test("source rules: no module has mutable state of its own", () => {
    for (const { path, text } of sources) assert.doesNotMatch(text, /^(?:export )?(?:let|var) /m, path);
  });

  test("source rules: every file but the shortest opens with a comment of what it is for", () => {
    for (const { path, text } of sources.filter(
      (file) => file.text.split("\n").length > 25 && !file.path.endsWith("/index.ts"),
    )) {
      assert.match(text, /^(?:\/\/ |\/\*\*)/, path);
    }
  });

  test("source rules: files have names of small letters and hyphens", () => {
    for (const { path } of sources) assert.match(path, /\/[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/);
  });

  test("source rules: no file is a drawer for what has no name", () => {
    for (const { path } of sources) assert.doesNotMatch(path, /\b(?:utils?|helpers?|misc|managers?|common)\.ts$/);
  });

  test("source rules: no work is left for later without an issue", () => {
    for (const { path, text } of sources) assert.doesNotMatch(text, /\b(?:TODO|FIXME|XXX)\b(?! #\d)/, path);
  });

  test("source rules: nothing compiles text to code", () => {
    for (const { path, text } of sources) {
      assert.doesNotMatch(withoutComments(text), /\bnew Function\b|(?<![.\w])eval\(/, path);
    }
  });
});
