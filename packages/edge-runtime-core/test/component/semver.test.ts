import assert from "node:assert/strict";
import { test } from "node:test";
import { matchName, parseVersion } from "../../src/component/semver.ts";

const matches: readonly (readonly [wanted: string, offered: readonly string[], match: string | undefined])[] = [
  ["wasi:io/poll@0.2.3", ["wasi:io/poll@0.2.6"], "wasi:io/poll@0.2.6"],
  ["wasi:io/poll@0.2.3", ["wasi:io/poll@0.2.0"], "wasi:io/poll@0.2.0"],
  ["wasi:io/poll@0.2", ["wasi:io/poll@0.2.12"], "wasi:io/poll@0.2.12"],
  ["wasi:io/poll@0.2.3", ["wasi:io/poll@0.2.6", "wasi:io/poll@0.2.3"], "wasi:io/poll@0.2.3"],
  ["wasi:io/poll@0.2.3", ["wasi:io/poll@0.2.9", "wasi:io/poll@0.2.10"], "wasi:io/poll@0.2.10"],
  ["wasi:io/poll@0.2.3", ["wasi:io/poll@0.3.0", "wasi:io/polls@0.2.3", "wasi:io/poll"], undefined],
  ["a:b/c@1.2.3", ["a:b/c@1.0.0"], "a:b/c@1.0.0"],
  ["a:b/c@1.2.3", ["a:b/c@2.2.3"], undefined],
  ["a:b/c@0.0.1", ["a:b/c@0.0.2"], undefined],
  ["a:b/c@0.0.1", ["a:b/c@0.0.1"], "a:b/c@0.0.1"],
  ["a:b/c@0.3.0-rc.1", ["a:b/c@0.3.0"], undefined],
  ["a:b/c@0.3.0", ["a:b/c@0.3.0-rc.1"], undefined],
  ["a:b/c@0.3.0-rc.1", ["a:b/c@0.3.0-rc.1"], "a:b/c@0.3.0-rc.1"],
  ["a:b/c", ["a:b/c@1.0.0"], undefined],
  ["log", ["log"], "log"],
];

for (const [wanted, offered, match] of matches) {
  test(`semver: ${wanted} among ${offered.join(", ")} finds ${match ?? "nothing"}`, () => {
    assert.equal(matchName(wanted, new Map(offered.map((name) => [name, true]))), match);
  });
}

const refused = ["", "1.2", "1.2.3.4", "01.2.3", "1.2.x", "1.2.3-", "1.2.3-01", "1.2.3+", "1.2.3+a+b", "0", "v1.0.0"];

for (const text of refused) {
  test(`semver: ${JSON.stringify(text)} is no version`, () => assert.equal(parseVersion(text), undefined));
}
