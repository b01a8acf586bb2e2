// Limits on what a run may hold: over all memories and tables, refused at growth, refused from the start.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryLimitExceeded } from "edge-runtime-common";
import { CompiledModule, InstanceRunner } from "../../src/index.ts";
import type { SetUp } from "../support/runs.ts";
import {
  createEngine,
  createRunner,
  errorOf,
  executionDefaults,
  generous,
  run,
  runOnce,
  valueOf,
} from "../support/runs.ts";

/** `f(pages)` aborts where growth is refused; `try(pages)` goes on. */
const growing = `(module (memory 1)
  (func (export "try") (param i32) (result i32) local.get 0 memory.grow)
  (func (export "f") (param i32) (result i32) (local i32)
    local.get 0 memory.grow local.tee 1 i32.const -1 i32.eq if unreachable end local.get 1)
  (func (export "divide") (param i32) (result i32) local.get 0 memory.grow drop i32.const 1 i32.const 0 i32.div_u)
  (func (export "abort") unreachable))`;

interface Row {
  readonly pooling: boolean;
  readonly instanceMb: number;
  readonly maxMb: number;
  readonly limitMb: number;
}

const rows: readonly Row[] = [
  { pooling: true, instanceMb: 64, maxMb: 128, limitMb: 64 },
  { pooling: true, instanceMb: 64, maxMb: 32, limitMb: 32 },
  { pooling: false, instanceMb: 64, maxMb: 128, limitMb: 128 },
  { pooling: false, instanceMb: 1, maxMb: 3, limitMb: 3 },
];

for (const { pooling, instanceMb, maxMb, limitMb } of rows) {
  const setUp: SetUp = {
    engine: { poolingAllocator: pooling, instanceMemoryMb: instanceMb },
    execution: { ...generous, maxMemoryMb: maxMb },
  };
  test(`memory limits: pooling ${pooling}, instances of ${instanceMb} MB, runs of ${maxMb} MB: ${limitMb} MB`, async () => {
    const runner = await createRunner(growing, setUp);
    const pages = limitMb * 16;
    const fits = await run(runner, "f", [pages - 1]);
    assert.deepEqual(valueOf(fits), [1]);
    assert.equal(fits.metrics.memoryUsedBytes, limitMb * 1_048_576);
    assert.deepEqual(valueOf(await run(runner, "try", [pages])), [-1]);
    const error = errorOf(await run(runner, "f", [pages]));
    assert.ok(error instanceof MemoryLimitExceeded);
    assert.equal(error.limitMb, limitMb);
    assert.equal(error.message, `Memory limit exceeded: ${limitMb}MB`);
  });

  test(`memory limits: a minimum over ${limitMb} MB is refused when the runner is made (pooling ${pooling})`, async () => {
    const wat = (pages: number): string => `(module (memory ${pages}) (func (export "f")))`;
    await assert.rejects(createRunner(wat(limitMb * 16 + 1), setUp), (error) => {
      assert.ok(error instanceof MemoryLimitExceeded);
      return error.limitMb === limitMb;
    });
    await createRunner(wat(limitMb * 16), setUp);
  });
}

test("memory limits: a refusal that the guest copes with is no error, nor one of the next run", async () => {
  const runner = await createRunner(growing);
  assert.deepEqual(valueOf(await run(runner, "try", [100_000])), [-1]);
  assert.equal(errorOf(await run(runner, "abort")).code, "ERR_EDGE_TRAP");
});

test("memory limits: only an abort after a refusal is reported as the limit", async () => {
  const runner = await createRunner(growing);
  const error = errorOf(await run(runner, "divide", [100_000]));
  assert.equal(error.fields["trapCode"], "integer_divide_by_zero");
});

test("memory limits: the module's own maximum answers -1 without being the limit", async () => {
  const wat = `(module (memory 1 2) (func (export "f") (result i32) i32.const 5 memory.grow i32.const -1 i32.eq if unreachable end i32.const 0))`;
  assert.equal(errorOf(await runOnce(wat, "f")).code, "ERR_EDGE_TRAP");
});

test("memory limits: memories and tables count together", async () => {
  const wat = `(module (memory $a 8) (memory $b 7) (table $t 4096 funcref)
    (func (export "memory") (result i32) i32.const 1 memory.grow $b)
    (func (export "table") (param i32) (result i32) ref.null func local.get 0 table.grow $t))`;
  const runner = await createRunner(wat, { execution: { ...generous, maxMemoryMb: 1 } });
  // 15 pages and half a page of elements are used.
  assert.deepEqual(valueOf(await run(runner, "memory")), [-1]);
  assert.deepEqual(valueOf(await run(runner, "table", [4096])), [4096]);
  assert.deepEqual(valueOf(await run(runner, "table", [4097])), [-1]);
});

test("memory limits: tables have a cap of elements of their own", async () => {
  const wat = `(module (table $t 10 externref) (table $u 10 externref)
    (func (export "f") (param i32) (result i32) ref.null extern local.get 0 table.grow $t))`;
  const runner = await createRunner(wat, { execution: generous });
  assert.deepEqual(valueOf(await run(runner, "f", [999_980])), [10]);
  assert.deepEqual(valueOf(await run(runner, "f", [999_981])), [-1]);
});

const capped: readonly (readonly [name: string, wat: string, reason: RegExp])[] = [
  ["17 memories", `(module ${"(memory 0) ".repeat(17)} (func (export "f")))`, /17 memories, at most 16/],
  ["17 tables", `(module ${"(table 0 funcref) ".repeat(17)} (func (export "f")))`, /17 tables, at most 16/],
  ["a table of 1,000,001", `(module (table 1000001 funcref) (func (export "f")))`, /1000001 table elements/],
];

for (const [name, wat, reason] of capped) {
  test(`memory limits: ${name} are refused before anything is allocated`, async () => {
    const result = await runOnce(wat, "f");
    assert.equal(errorOf(result).code, "ERR_EDGE_COMPILATION_FAILED");
    assert.match(errorOf(result).message, reason);
  });
}

test("memory limits: 64-bit growth is judged whole, not by its low bits", async () => {
  const wat = `(module (memory i64 1) (func (export "f") (param i64) (result i64) local.get 0 memory.grow))`;
  const runner = await createRunner(wat, { execution: generous });
  for (const delta of [1n << 32n, (1n << 32n) + 1n, -1n, 1n << 63n]) {
    // oxlint-disable-next-line no-await-in-loop
    assert.deepEqual(valueOf(await run(runner, "f", [BigInt.asIntN(64, delta)])), [-1n]);
  }
  assert.deepEqual(valueOf(await run(runner, "f", [1n])), [1n]);
});

test("memory limits: start functions are limited as runs are", async () => {
  const wat = `(module (memory 1) (func $s i32.const 5000 memory.grow i32.const -1 i32.eq if unreachable end) (start $s) (func (export "f")))`;
  assert.equal(errorOf(await runOnce(wat, "f")).message, "Memory limit exceeded: 64MB");
});

test("memory limits: what a run used is what it had when it ended", async () => {
  const runner = await createRunner(growing, { execution: generous });
  assert.equal((await run(runner, "try", [3])).metrics.memoryUsedBytes, 4 * 65_536);
  assert.equal((await run(runner, "try", [0])).metrics.memoryUsedBytes, 65_536);
});

test("memory limits: one module serves runners of different limits", async () => {
  const engine = createEngine();
  const module = await CompiledModule.fromWat(engine, growing);
  for (const maxMemoryMb of [1, 2]) {
    const execution = { ...executionDefaults, maxMemoryMb };
    // oxlint-disable-next-line no-await-in-loop
    const runner = await InstanceRunner.create(engine, module, { execution, imports: new Map() });
    // oxlint-disable-next-line no-await-in-loop
    assert.deepEqual(valueOf(await run(runner, "try", [16])), [maxMemoryMb === 1 ? -1 : 1]);
  }
});
