import assert from "node:assert/strict";
import { test } from "node:test";
import { isLabel, parseExternName, uniquenessKey } from "../../src/component/names.ts";

const labels = ["a", "a-b-c", "a1-2-3", "A", "A-B-C", "is-XML", "a11-w0rds", "m1x3d-4CR0NYMS"];
const notLabels = ["", "-", "a-", "-a", "a--b", "1-2-3", "aB", "a_b", "a.b", "a b", "ä", "a\n"];

for (const text of labels) test(`names: ${JSON.stringify(text)} is a label`, () => assert.ok(isLabel(text)));
for (const text of notLabels) test(`names: ${JSON.stringify(text)} is no label`, () => assert.ok(!isLabel(text)));

const kinds: readonly (readonly [text: string, kind: string | undefined])[] = [
  ["get-JSON", "label"],
  ["[constructor]shape", "constructor"],
  ["[method]shape.area", "method"],
  ["[static]shape.of-size", "static"],
  ["wasi:io/poll", "interface"],
  ["wasi:io/poll@0.2.6", "interface"],
  ["wasi:io/poll@0.2", "interface"],
  ["a:b/c@1.0.0-rc.1+build.5", "interface"],
  ["a:b:c/d", undefined],
  ["a:b/c/d", undefined],
  ["unlocked-dep=<a:b@{>=1.2.3}>", "dependency"],
  ["[method]shape", undefined],
  ["[method]shape.area.more", undefined],
  ["[constructor]shape.area", undefined],
  ["[async]x", undefined],
  ["wasi:io", undefined],
  ["wasi/io", undefined],
  ["Wasi:io/poll", undefined],
  ["wasi:io/poll@", undefined],
  ["wasi:io/poll@1.2", undefined],
  ["wasi:io/poll@01.2.3", undefined],
  ["__proto__", undefined],
  ["a".repeat(1001), undefined],
];

for (const [text, kind] of kinds) {
  test(`names: ${JSON.stringify(text.slice(0, 40))} is ${kind ?? "refused"}`, () => {
    assert.equal(parseExternName(text)?.kind, kind);
  });
}

const conflicts: readonly (readonly [left: string, right: string, conflict: boolean])[] = [
  ["foo-bar", "foo-BAR", true],
  ["foo", "[constructor]foo", false],
  ["[constructor]foo", "[constructor]FOO", true],
  ["[method]foo.bar", "[static]foo.bar", true],
  ["[method]foo.foo", "foo", true],
  ["foo", "foo:bar/baz", false],
];

for (const [left, right, conflict] of conflicts) {
  test(`names: ${left} and ${right} ${conflict ? "conflict" : "may stand together"}`, () => {
    const [first, second] = [left, right].map((text) => {
      const name = parseExternName(text);
      assert.ok(name !== undefined);
      return uniquenessKey(name);
    });
    assert.equal(first === second, conflict);
  });
}
