// The fuzzer of values: a short run from a fixed seed, that it finds what it should, and its command line. Longer runs:
// npm run fuzz -- --kind values.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { print } from "@bytecodealliance/jco-transpile/wasm-tools";
import type { ValType } from "edge-runtime-core";
import { ValueSummary } from "../scripts/fuzz/values/campaign.ts";
import { compareValues, normalise } from "../scripts/fuzz/values/compare-values.ts";
import { echoComponent, inMemory } from "../scripts/fuzz/values/echo-component.ts";
import { makeValueCase } from "../scripts/fuzz/values/value-case.ts";
import type { ValueCase } from "../scripts/fuzz/values/value-case.ts";
import { echoInterface } from "../scripts/fuzz/values/wit-interface.ts";

const seed = 20_261_124;
const shortRun = 36;

test("fuzz values: a short run finds nothing and passes all encodings, and is the same again", async (t) => {
  const summary = new ValueSummary();
  for (let number = 0; number < shortRun; number++) {
    const made = makeValueCase(seed, number);
    const way = made.inner === undefined ? made.outer : `${made.outer} to ${made.inner}`;
    // Cases share the time of one process.
    // oxlint-disable-next-line no-await-in-loop
    summary.add({ number, way, types: made.types.length, ...(await compareValues(made)) });
  }
  t.diagnostic(summary.print());
  assert.deepEqual(summary.failures, []);
  const encodings = ["utf8", "utf16", "latin1+utf16"];
  const pairs = encodings.flatMap((outer) => encodings.map((inner) => `${outer} to ${inner}`));
  assert.deepEqual([...summary.ways.keys()].toSorted(), [...encodings, ...pairs].toSorted());
  assert.deepEqual(makeValueCase(seed, 7), makeValueCase(seed, 7));
  assert.notDeepEqual(makeValueCase(seed, 7).types, makeValueCase(seed, 8).types);
});

const string: ValType = { kind: "string" };
const one: ValueCase = {
  number: 0,
  types: [string],
  values: [["text"]],
  outer: "utf8",
  inner: undefined,
  waits: false,
};

test("fuzz values: a value that comes back otherwise, or not at all, is found, here and through jco", async () => {
  const values = [["\ud800", []]];
  const { findings, compared } = await compareValues({ ...one, values });
  assert.equal(compared, 2);
  const wanted = [
    /^here, .*, result: /,
    /^here, .*, the host's argument: /,
    /^jco, .*, result: /,
    /^jco, .*, the host's argument: /,
    /^here, .*expected string, got array/,
    /^jco, /,
  ];
  assert.equal(findings.length, wanted.length, findings.join("\n"));
  for (const [index, pattern] of wanted.entries()) assert.match(findings[index] ?? "", pattern);
});

test("fuzz values: interfaces name what must have a name, and quote words of the language", () => {
  const type: ValType = {
    kind: "record",
    fields: [
      { name: "HTTP-status", type: { kind: "result", ok: undefined, err: { kind: "enum", names: ["a", "record"] } } },
      { name: "list", type: { kind: "list", element: { kind: "variant", cases: [{ name: "b", type: string }] } } },
    ],
  };
  assert.equal(
    echoInterface("echo", [type, { kind: "option", type: { kind: "flags", names: ["x1"] } }]),
    `interface echo {
enum n0 { %a, %record }
variant n1 { %b(string) }
record n2 { %HTTP-status: result<_, n0>, %list: list<n1> }
flags n3 { %x1 }
f0: func(v: n2) -> n2;
f1: func(v: option<n3>) -> option<n3>;
}`,
  );
});

test("fuzz values: components have the encodings and siblings that were asked for", async () => {
  const text = async (inner: ValueCase["inner"]): Promise<string> =>
    print(await echoComponent({ types: [inMemory(string)], outer: "utf16", inner }));
  const encodings = (printed: string): string[] =>
    [...new Set(printed.match(/string-encoding=[a-z0-9+]+/g))].toSorted();
  assert.deepEqual(encodings(await text(undefined)), ["string-encoding=utf16"]);
  const siblings = await text("latin1+utf16");
  assert.deepEqual(encodings(siblings), ["string-encoding=latin1+utf16", "string-encoding=utf16"]);
  assert.doesNotMatch(siblings, /^  \(import/m);
});

test("fuzz values: what differs between jco's values and ours without meaning is put aside, nothing else", () => {
  assert.deepEqual(normalise({ a: undefined, b: [Uint8Array.of(1), { c: 2n }] }), { b: [[1], { c: 2n }] });
  assert.notDeepEqual(normalise({ a: null }), normalise({ a: undefined }));
});

function fuzz(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  return spawnSync(process.execPath, ["scripts/fuzz.ts", ...args], { cwd, encoding: "utf8" });
}

test("fuzz values: the command runs cases in processes of its own and prints what it saw", () => {
  const { status, stdout, stderr } = fuzz(
    "--kind",
    "values",
    "--seed",
    "3",
    "--from",
    "5",
    "--modules",
    "4",
    "--jobs",
    "2",
  );
  assert.equal(stderr, "");
  assert.match(stdout, /^seed 3\n4 cases, \d+ types; \d+ values passed here and through jco$/m);
  assert.match(stdout, /^0 failures$/m);
  assert.equal(status, 0);
});

test("fuzz values: another kind is a usage error", () => {
  const { status, stderr } = fuzz("--kind", "other");
  assert.equal(status, 2);
  assert.match(stderr, /^--kind: other is neither modules nor values/);
});
