// Modules that declare or hold absurdly much: refused by a typed error before anything is allocated, or they run and end.

import assert from "node:assert/strict";
import { test } from "node:test";
import { RuntimeError } from "edge-runtime-common";
import { fakePlatform } from "edge-runtime-testing";
import { CompiledModule } from "../../src/index.ts";
import type { Bytes } from "../support/module-builder.ts";
import { leb, moduleBytes, section } from "../support/module-builder.ts";
import { createEngine, createRunner, errorOf, generous, run, runOnce, valueOf } from "../support/runs.ts";

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return "none";
  } catch (error) {
    assert.ok(error instanceof RuntimeError, String(error));
    return error.code;
  }
}

const empty = `(func (export "f"))`;

const declared: readonly (readonly [name: string, wat: string, code: string])[] = [
  ["4 GiB of memory", `(module (memory 65536) ${empty})`, "ERR_EDGE_MEMORY_LIMIT_EXCEEDED"],
  ["16 times 60 MiB", `(module ${"(memory 960) ".repeat(16)} ${empty})`, "ERR_EDGE_MEMORY_LIMIT_EXCEEDED"],
  ["a 64-bit memory of 4 GiB", `(module (memory i64 65536) ${empty})`, "ERR_EDGE_MEMORY_LIMIT_EXCEEDED"],
  ["a 64-bit memory of 2^48 pages", `(module (memory i64 0x1000000000000) ${empty})`, "ERR_EDGE_MEMORY_LIMIT_EXCEEDED"],
  ["a 64-bit maximum of 2^48 pages", `(module (memory i64 1 0x1000000000000) ${empty})`, "ERR_EDGE_COMPILATION_FAILED"],
  ["a table of 2^32 - 1 elements", `(module (table 0xffffffff funcref) ${empty})`, "ERR_EDGE_COMPILATION_FAILED"],
  [
    "a 64-bit table of 2^40 elements",
    `(module (table i64 0x10000000000 funcref) ${empty})`,
    "ERR_EDGE_COMPILATION_FAILED",
  ],
];

for (const [name, wat, code] of declared) {
  test(`hostile sizes: ${name} from the start are refused before V8 allocates them`, async () => {
    const found = await codeOf(createRunner(wat));
    // V8 has limits of its own on what it even reads.
    assert.ok([code, "ERR_EDGE_COMPILATION_FAILED"].includes(found), found);
  });
}

test("hostile sizes: maxima are promises only, however absurd", async () => {
  const wat = `(module (memory i64 1 262144) (table $t 1 0xffffffff funcref)
    (func (export "f") (result i64) i64.const 0x100000000 memory.grow)
    (func (export "g") (result i64) i64.const -1 memory.grow)
    (func (export "t") (result i32) ref.null func i32.const -1 table.grow $t))`;
  const runner = await createRunner(wat);
  for (const entry of ["f", "g"]) assert.deepEqual(valueOf(await run(runner, entry)), [-1n]);
  assert.deepEqual(valueOf(await run(runner, "t")), [-1]);
});

test("hostile sizes: a shared memory of its maximum is refused like any other", async () => {
  const engine = createEngine();
  const wat = `(module (memory 65536 65536 shared) ${empty})`;
  const module = CompiledModule.fromWat(engine, wat, { proposals: { threads: true } });
  const code = await codeOf(module.then((compiled) => createRunner(compiled, {}, engine)));
  assert.equal(code, "ERR_EDGE_MEMORY_LIMIT_EXCEEDED");
});

const noop: Bytes = [0x60, 0, 0];
const toI32: Bytes = [0x60, 1, 0x7f, 1, 0x7f];

function oneFunction(body: {
  readonly locals?: readonly (readonly [number, number])[];
  readonly code: Bytes;
}): Uint8Array {
  return moduleBytes({ types: [toI32], functions: [0], exports: [["f", 0, 0]], bodies: [body] });
}

test("hostile sizes: a million locals are refused by a typed error", async () => {
  for (const locals of [[[1_000_000, 0x7e]], [[0xffffffff, 0x7f]], Array.from({ length: 60_000 }, () => [17, 0x7f])]) {
    const bytes = oneFunction({ locals: locals as [number, number][], code: [0x20, 0, 0x0b] });
    assert.equal(await codeOf(createRunner(bytes)), "ERR_EDGE_COMPILATION_FAILED");
  }
});

test("hostile sizes: a br_table of 50,000 ways runs, metered, to each of them", async () => {
  // Blocks inside one another; way `n` returns n of them left, counted up by one behind each.
  const blocks = 60;
  const ways = 50_000;
  const labels = Array.from({ length: ways }, (_, index) => leb(index % blocks)).flat();
  const code = [
    Array.from({ length: blocks }, () => [0x02, 0x40]).flat(),
    [0x20, 0, 0x0e, ...leb(ways), ...labels, ...leb(blocks - 1)],
    Array.from({ length: blocks }, () => [0x0b, 0x20, 1, 0x41, 1, 0x6a, 0x21, 1]).flat(),
    [0x20, 1, 0x0b],
  ].flat();
  const runner = await createRunner(oneFunction({ locals: [[1, 0x7f]], code }), { execution: generous });
  for (const way of [0, 1, 59, 60, 31_337, ways - 1, ways, -1]) {
    const taken = way >= 0 && way < ways ? way % blocks : blocks - 1;
    const result = await run(runner, "f", [way]);
    assert.deepEqual(valueOf(result), [blocks - taken]);
    assert.equal(result.metrics.fuelConsumed, 1 + 2 + 4 * (blocks - taken) + 1);
  }
});

test("hostile sizes: more ways than V8 takes are a typed error", async () => {
  const ways = 100_000;
  const code = [0x20, 0, 0x0e, ...leb(ways), ...Array.from({ length: ways + 1 }, () => 0), 0x20, 0, 0x0b];
  assert.equal(await codeOf(createRunner(oneFunction({ code }))), "ERR_EDGE_COMPILATION_FAILED");
});

for (const [name, opening] of [
  ["block", [0x02, 0x40]],
  ["loop", [0x03, 0x40]],
  ["if", [0x41, 1, 0x04, 0x40]],
  ["try_table", [0x1f, 0x40, 0]],
] as const) {
  test(`hostile sizes: 100,000 of ${name} inside one another compile and run, or are a typed error`, async () => {
    const depth = 100_000;
    const opened = Array.from({ length: depth }, () => opening).flat();
    const code = [...opened, ...Array.from({ length: depth }, () => 0x0b), 0x20, 0, 0x0b];
    const attempt = createRunner(oneFunction({ code }), { execution: generous });
    const refused = await codeOf(attempt);
    if (refused !== "none") {
      assert.equal(refused, "ERR_EDGE_COMPILATION_FAILED");
      return;
    }
    assert.deepEqual(valueOf(await run(await attempt, "f", [7])), [7]);
  });
}

test("hostile sizes: huge data segments are held to the memory that they go to", async () => {
  const data = new Uint8Array(12 << 20).fill(0x61);
  const segment = (at: number): number[] => [1, 0, 0x41, ...leb(at), 0x0b, ...leb(data.length)];
  /** The module but for the segment's bytes. */
  const build = (pages: number): Uint8Array => {
    const head = moduleBytes({
      types: [noop],
      functions: [0],
      middle: [section(5, [1, 0, ...leb(pages)])],
      exports: [["f", 0, 0]],
      bodies: [{ code: [0x0b] }],
    });
    const content = segment(0);
    const size = leb(content.length + data.length);
    return new Uint8Array([...head, 11, ...size, ...content]);
  };
  for (const [pages, code] of [
    [1, "ERR_EDGE_TRAP"],
    [192, "none"],
    [1024 + 1, "ERR_EDGE_MEMORY_LIMIT_EXCEEDED"],
  ] as const) {
    const head = build(pages);
    const bytes = new Uint8Array(head.length + data.length);
    bytes.set(head);
    bytes.set(data, head.length);
    const found = await codeOf(
      createRunner(bytes, { execution: generous }).then(async (runner) => {
        const result = await run(runner, "f");
        if (result.kind === "trap") throw result.error;
      }),
    );
    assert.equal(found, code, `${pages} pages`);
  }
});

test("hostile sizes: a gigabyte is filled and copied in many steps, each of which can be the last", async () => {
  for (const body of [
    "i32.const 0 i32.const 1 i32.const 0x40000000 memory.fill",
    "i32.const 1 i32.const 0 i32.const 0x3fffffff memory.copy",
  ]) {
    for (const fuelMetering of [true, false]) {
      // No operator of this guest is a loop head: only the steps can meet the deadline.
      const platform = fakePlatform({ msPerReading: 1 });
      const execution = { maxFuel: 1e15, timeoutMs: 30, fuelMetering, maxMemoryMb: 1024 };
      const wat = `(module (memory 16384) (func (export "f") ${body}))`;
      const setUp = { platform, execution, engine: { poolingAllocator: false } };
      const result = await runOnce(wat, "f", [], setUp);
      assert.equal(errorOf(result).code, "ERR_EDGE_EXECUTION_TIMEOUT", body);
    }
  }
});
