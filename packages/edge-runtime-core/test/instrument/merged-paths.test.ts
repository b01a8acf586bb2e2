// V8's optimizing compiler ends the process where more than 65,535 paths meet in one place: such functions are refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CompilationFailed } from "edge-runtime-common";
import { parseWat } from "edge-runtime-testing";
import { maxMergedPaths } from "../../src/instrument/cost-table.ts";
import { rewriteModule } from "../../src/instrument/rewrite-module.ts";

type Body = (times: number) => string;

const meetings: readonly (readonly [name: string, body: Body])[] = [
  ["branches to a block", (times) => `block ${"local.get 0 br_if 0 ".repeat(times)} end`],
  [
    "branches with a value",
    (times) => `block (result i32) ${"i32.const 1 local.get 0 br_if 0 drop ".repeat(times)} i32.const 2 end drop`,
  ],
  ["branches to a loop", (times) => `loop ${"local.get 0 br_if 0 ".repeat(times)} end`],
  ["branch tables", (times) => `block ${"block local.get 0 br_table 0 1 end ".repeat(times)} end`],
  ["calls under try", (times) => `try ${"call $callee ".repeat(times)} catch_all end`],
  ["calls under try_table", (times) => `block try_table (catch_all 0) ${"call $callee ".repeat(times)} end end`],
  ["calls under a try further out", (times) => `try block ${"call $callee ".repeat(times)} end catch_all end`],
  ["bulk operations under try", (times) => `try ${"i32.const 0 memory.grow drop ".repeat(times)} catch_all end`],
];

async function moduleOf(code: string): Promise<Uint8Array> {
  return parseWat(`(module (memory 1) (func $callee) (func (param i32) ${code}))`);
}

for (const metering of ["fuel", "deadline", "none"] as const) {
  for (const [name, body] of meetings) {
    test(`merged paths: too many ${name} are refused under metering ${metering}`, async () => {
      const bytes = await moduleOf(body(maxMergedPaths + 1));
      assert.throws(() => rewriteModule(bytes, { metering, counter: "own" }), CompilationFailed);
    });
  }
}

const harmless: readonly (readonly [name: string, code: string])[] = [
  ["a branch table of many entries", `block local.get 0 br_table ${"0 ".repeat(maxMergedPaths + 1)} end`],
  ["calls outside try", "call $callee ".repeat(maxMergedPaths + 1)],
  ["calls behind a try", `try catch_all end ${"call $callee ".repeat(maxMergedPaths + 1)}`],
  ["branches to many labels", "block local.get 0 br_if 0 end ".repeat(maxMergedPaths + 1)],
  ["returns", "local.get 0 br_if 0 ".repeat(maxMergedPaths + 1)],
];

for (const [name, code] of harmless) {
  test(`merged paths: ${name} pass`, async () => {
    const { bytes } = rewriteModule(await moduleOf(code), { metering: "fuel", counter: "own" });
    assert.ok(WebAssembly.validate(new Uint8Array(bytes)));
  });
}
