// Entry points and arguments: what the caller gets wrong rejects, and values cross as they are.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ExportNotFound, SignatureMismatch } from "edge-runtime-common";
import type { InstanceRunner } from "../../src/index.ts";
import { createRunner, run, valueOf } from "../support/runs.ts";

const wat = `(module (memory (export "memory") 1) (global (export "global") i32 (i32.const 1)) (tag (export "tag"))
  (func (export "none")) (func (export "i32") (param i32) (result i32) local.get 0)
  (func (export "i64") (param i64) (result i64) local.get 0) (func (export "f32") (param f32) (result f32) local.get 0)
  (func (export "f64") (param f64) (result f64) local.get 0)
  (func (export "extern") (param externref) (result externref) local.get 0)
  (func (export "func") (param funcref) (result funcref) local.get 0)
  (func (export "many") (param i32 i64) (result i64 i32 f64) local.get 1 local.get 0 f64.const 1.5)
  (func (export "v128") (param v128)) (func (export "gives v128") (result v128) v128.const i64x2 1 2)
  (func (export "exn") (param exnref)) (func (export "__proto__") (result i32) i32.const 8)
  (func (export "constructor") (result i32) i32.const 9) (func (export "") (result i32) i32.const 10))`;

let shared: Promise<InstanceRunner> | undefined;

function runner(): Promise<InstanceRunner> {
  shared ??= createRunner(wat);
  return shared;
}

const host = { some: "object" };

const values: readonly (readonly [entry: string, args: readonly unknown[], results: readonly unknown[]])[] = [
  ["none", [], []],
  ["i32", [-1], [-1]],
  ["i32", [0xffff_ffff], [-1]],
  ["i64", [-(2n ** 63n)], [-(2n ** 63n)]],
  ["i64", [2n ** 64n - 1n], [-1n]],
  ["f32", [0.1], [Math.fround(0.1)]],
  ["f64", [-0], [-0]],
  ["f64", [Number.NaN], [Number.NaN]],
  ["extern", [host], [host]],
  ["extern", [null], [null]],
  ["extern", [undefined], [undefined]],
  ["func", [null], [null]],
  ["many", [1, 2n], [2n, 1, 1.5]],
  ["__proto__", [], [8]],
  ["constructor", [], [9]],
  ["", [], [10]],
];

for (const [entry, args, results] of values) {
  test(`entries: ${entry}(${args.map(String).join()}) gives ${results.map(String).join()}`, async () => {
    assert.deepEqual(valueOf(await run(await runner(), entry, args)), results);
  });
}

for (const entry of ["missing", "memory", "global", "tag", "toString", "hasOwnProperty", "$edgerestore", "$edgesave"]) {
  test(`entries: ${entry} is no exported function`, async () => {
    await assert.rejects(run(await runner(), entry), (error: unknown) => {
      assert.ok(error instanceof ExportNotFound);
      assert.equal(error.exportName, entry);
      assert.ok(error.available.includes("none") && error.available.every((name) => !name.startsWith("$edge")));
      return true;
    });
  });
}

const mismatches: readonly (readonly [entry: string, args: readonly unknown[], reason: string])[] = [
  ["none", [1], "it takes 0 arguments, 1 were given"],
  ["i32", [], "it takes 1 arguments, 0 were given"],
  ["many", [1], "it takes 2 arguments, 1 were given"],
  ["i32", [1n], "argument 0 is a bigint; i32 takes a number"],
  ["i32", ["1"], "argument 0 is a string; i32 takes a number"],
  ["i32", [undefined], "argument 0 is a undefined; i32 takes a number"],
  ["i32", [{ valueOf: () => 1 }], "argument 0 is a object; i32 takes a number"],
  ["i64", [1], "argument 0 is a number; i64 takes a bigint"],
  ["f64", [null], "argument 0 is a object; f64 takes a number"],
  ["many", [1, 2], "argument 1 is a number; i64 takes a bigint"],
  ["v128", [1], "values of type v128 cannot be passed"],
  ["gives v128", [], "values of type v128 cannot be passed"],
  ["exn", [null], "values of type (ref null exn) cannot be passed"],
];

for (const [entry, args, reason] of mismatches) {
  test(`entries: ${entry} refuses (${args.map((arg) => typeof arg).join()})`, async () => {
    const target = await runner();
    await assert.rejects(run(target, entry, args), (error: unknown) => {
      assert.ok(error instanceof SignatureMismatch);
      assert.equal(error.reason, reason);
      return true;
    });
    assert.equal(target.stats().running, 0);
  });
}

test("entries: a module without functions says so", async () => {
  await assert.rejects(run(await createRunner("(module)"), "f"), /the module exports no functions/);
});
