// Imports of core modules: found by module and name, refused with the path of what is missing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ImportNotFound } from "edge-runtime-common";
import type { HostFunction, HostImports, HostItem } from "../../src/index.ts";
import { hostInstance } from "../../src/index.ts";
import { createRunner, run, valueOf } from "../support/runs.ts";

const one: HostFunction = { kind: "sync", call: () => 1 };
const imports: HostImports = new Map<string, HostItem>([
  ["env", hostInstance({ one, nested: hostInstance({ one }), handle: { kind: "resource", drop: () => {} } })],
  ["alone", one],
]);

const missing: readonly (readonly [wat: string, path: string, reason: RegExp])[] = [
  ['(import "env" "two" (func))', "env -> two", /no such function/],
  ['(import "other" "one" (func))', "other -> one", /no host module of that name/],
  ['(import "" "" (func))', " -> ", /no host module of that name/],
  ['(import "env" "nested" (func))', "env -> nested", /no such function/],
  ['(import "env" "handle" (func))', "env -> handle", /no such function/],
  ['(import "alone" "one" (func))', "alone -> one", /no such function/],
  ['(import "env" "one" (memory 1))', "env -> one", /functions only, not memory 1 pages/],
  ['(import "env" "one" (table 1 funcref))', "env -> one", /functions only, not table 1 funcref/],
  ['(import "env" "one" (global (mut i32)))', "env -> one", /functions only, not global mut i32/],
  ['(import "env" "one" (tag))', "env -> one", /functions only, not tag func\(\)/],
  ['(import "env" "__proto__" (func))', "env -> __proto__", /no such function/],
  ['(import "__proto__" "one" (func))', "__proto__ -> one", /no host module of that name/],
  ['(import "$edge" "check" (func (result i32)))', "$edge -> check", /no host module of that name/],
  ['(import "$edge" "counter" (global (mut i32)))', "$edge -> counter", /functions only/],
];

for (const [item, path, reason] of missing) {
  test(`imports: ${item} is not found`, async () => {
    await assert.rejects(createRunner(`(module ${item})`, { imports }), (error: unknown) => {
      assert.ok(error instanceof ImportNotFound);
      assert.equal(error.path, path);
      assert.match(error.reason, reason);
      return true;
    });
  });
}

test("imports: names that objects have of their own are names like any other", async () => {
  const seen: string[] = [];
  const named = (name: string): HostFunction => ({ kind: "sync", call: () => void seen.push(name) });
  const hostile: HostImports = new Map([
    ["__proto__", { kind: "instance", items: new Map([["__proto__", named("proto")]]) }],
    ["constructor", { kind: "instance", items: new Map([["toString", named("toString")]]) }],
    ["$edge", { kind: "instance", items: new Map([["check", named("check")]]) }],
  ]);
  const wat = `(module (import "__proto__" "__proto__" (func $a)) (import "constructor" "toString" (func $b))
    (import "$edge" "check" (func $c)) (func (export "f") call $a call $b call $c))`;
  valueOf(await run(await createRunner(wat, { imports: hostile }), "f"));
  assert.deepEqual(seen, ["proto", "toString", "check"]);
});

test("imports: the same function may be imported twice, with different types", async () => {
  const wat = `(module (import "env" "one" (func $a (result i32))) (import "env" "one" (func $b (result f64)))
    (func (export "f") (result i32 f64) call $a call $b))`;
  assert.deepEqual(valueOf(await run(await createRunner(wat, { imports }), "f")), [1, 1]);
});

test("imports: an imported function can be exported, and be the start function", async () => {
  let calls = 0;
  const count: HostFunction = { kind: "sync", call: () => ++calls };
  const wat = `(module (import "env" "count" (func $c)) (import "env" "later" (func $l (result i32)))
    (start $c) (export "later" (func $l)))`;
  const later: HostFunction = { kind: "async", call: () => Promise.resolve(6) };
  const runner = await createRunner(wat, { imports: new Map([["env", hostInstance({ count, later })]]) });
  assert.deepEqual(valueOf(await run(runner, "later")), [6]);
  assert.equal(calls, 1);
});

test("imports: what a host function sees is the caller's memory, re-read after growth", async () => {
  const sizes: (number | undefined)[] = [];
  const look: HostFunction = { kind: "sync", call: (host) => void sizes.push(host.memory()?.length) };
  const hosts: HostImports = new Map([["env", hostInstance({ look })]]);
  const wat = `(module (import "env" "look" (func $look)) (memory $other 3) (memory (export "memory") 1)
    (func (export "f") call $look i32.const 1 memory.grow 1 drop call $look))`;
  valueOf(await run(await createRunner(wat, { imports: hosts }), "f"));
  assert.deepEqual(sizes, [65_536, 131_072]);
  const without = `(module (import "env" "look" (func $look)) (func (export "f") call $look))`;
  valueOf(await run(await createRunner(without, { imports: hosts }), "f"));
  assert.equal(sizes[2], undefined);
});
