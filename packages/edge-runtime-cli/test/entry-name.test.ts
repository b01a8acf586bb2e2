import assert from "node:assert/strict";
import { test } from "node:test";
import { findEntry, isMainEntry, suggestEntries } from "../src/entry-name.ts";

const ENTRIES = ["greet", "wasi:cli/run@0.2.0#run", "a:b/one#get", "a:b/two#get", "a:b/two@1.0.0#put"];

for (const [name, entry] of [
  ["greet", "greet"],
  ["run", "wasi:cli/run@0.2.0#run"],
  ["wasi:cli/run@0.2.0#run", "wasi:cli/run@0.2.0#run"],
  ["wasi:cli/run#run", "wasi:cli/run@0.2.0#run"],
  ["wasi:cli/run.run", "wasi:cli/run@0.2.0#run"],
  ["wasi:cli/run/run@0.2.0", "wasi:cli/run@0.2.0#run"],
  ["a:b/one.get", "a:b/one#get"],
  ["put", "a:b/two@1.0.0#put"],
] as const) {
  test(`entry-name: ${name} means ${entry}`, () => {
    assert.equal(findEntry(ENTRIES, name), entry);
  });
}

test("entry-name: a function of several interfaces must be named in full", () => {
  assert.throws(() => findEntry(ENTRIES, "get"), {
    code: "ERR_EDGE_CLI_USAGE",
    message: "get: several interfaces export it; name one of a:b/one#get, a:b/two#get",
  });
});

test("entry-name: an unknown name is answered with what there is", () => {
  assert.throws(() => findEntry(ENTRIES, "nope"), /Export not found: nope \(the module exports greet, /);
});

test("entry-name: run is the main entry, of the component or of wasi:cli", () => {
  assert.deepEqual(["run", "wasi:cli/run@0.2.12#run", "wasi:cli/run@0.2.0#stop", "a#run"].map(isMainEntry), [
    true,
    true,
    false,
    false,
  ]);
});

test("entry-name: a long list of suggestions is cut", () => {
  assert.equal(suggestEntries([]), "it exports no function at all");
  const names = Array.from({ length: 25 }, (_value, index) => `f${index}`);
  assert.match(suggestEntries(names), /^name a function with --invoke: f0, .*f19 and 5 more$/);
});
