// Tables with 64-bit indices: V8 counts their elements in bigints.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createRunner, run, valueOf } from "../support/runs.ts";

const text = `(module
  (table $t i64 3 funcref)
  (func $a)
  (elem declare func $a)
  (func (export "isNull") (result i32) i64.const 0 table.get $t ref.is_null i64.const 0 ref.func $a table.set $t)
  (func (export "grow") (param i64) (result i64) ref.null func local.get 0 table.grow $t))`;

test("64-bit tables: runs are isolated and instances given back", async () => {
  const runner = await createRunner(text);
  for (let count = 0; count < 3; count++) assert.deepEqual(valueOf(await run(runner, "isNull")), [1]);
  assert.equal(runner.stats().running, 0);
});

test("64-bit tables: growth is counted and limited", async () => {
  const runner = await createRunner(text);
  const grown = await run(runner, "grow", [2n]);
  assert.deepEqual(valueOf(grown), [3n]);
  assert.equal(grown.metrics.memoryUsedBytes, 5 * 8);
  for (const delta of [1_000_000n, 1n << 40n, -1n]) {
    assert.deepEqual(valueOf(await run(runner, "grow", [delta])), [-1n]);
  }
});
