import assert from "node:assert/strict";
import { test } from "node:test";
import { CompilationFailed, InvalidConfig } from "edge-runtime-common";
import { fakePlatform, parseWat, sha256 } from "edge-runtime-testing";
import { CompiledModule } from "../../src/index.ts";
import { createEngine, createRunner, generous, run, valueOf } from "../support/runs.ts";

const engine = createEngine({ platform: fakePlatform({ wallClockMs: 1234 }) });
const wat = `(module (func (export "f") (result i32) i32.const 42))`;
const component = "(component)";

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof CompilationFailed, String(error));
    return error.reason;
  }
  assert.fail("it compiled");
}

test("compiled module: knows its kind, hash and time", async () => {
  const bytes = await parseWat(wat);
  const module = await CompiledModule.fromBytes(engine, bytes);
  assert.equal(module.kind, "core");
  assert.equal(module.contentHash, sha256(bytes));
  assert.equal(module.compiledAt.getTime(), 1234);
  assert.equal((await CompiledModule.fromWat(engine, wat)).contentHash, module.contentHash);
});

test("compiled module: each factory takes its kind and names the other", async () => {
  const core = await parseWat(wat);
  const other = await parseWat(component);
  assert.match(await reasonOf(CompiledModule.fromBytes(engine, other)), /CompiledModule\.fromComponentBytes/);
  assert.match(await reasonOf(CompiledModule.fromComponentBytes(engine, core)), /CompiledModule\.fromBytes/);
});

test("compiled module: fromAny tells text, binary and artifact apart", async () => {
  const module = await CompiledModule.fromWat(engine, wat);
  const sources = [
    new TextEncoder().encode(wat),
    new TextEncoder().encode(`\n\t ;; a comment\n${wat}`),
    await parseWat(wat),
    module.toArtifact(),
  ];
  for (const source of sources) {
    // oxlint-disable-next-line no-await-in-loop
    const any = await CompiledModule.fromAny(engine, source);
    assert.equal(any.contentHash, module.contentHash);
  }
});

const garbage: readonly (readonly [name: string, bytes: () => Uint8Array | Promise<Uint8Array>, reason: RegExp])[] = [
  ["nothing", () => new Uint8Array(), /too short/],
  ["text that is no module", () => new TextEncoder().encode("(modul)"), /modul/],
  ["prose", () => new TextEncoder().encode("hello, world"), /magic number/],
  ["a header alone with a wrong version", () => new Uint8Array([0, 0x61, 0x73, 0x6d, 9, 0, 0, 0]), /version 9/],
  ["a truncated module", async () => (await parseWat(wat)).slice(0, -3), /./],
  ["a module with bytes behind it", async () => new Uint8Array([...(await parseWat(wat)), 1]), /./],
  ["an invalid module", () => parseWat("(module (func (result i32)))"), /function #0/],
  ["text that is not UTF-8", () => new Uint8Array([0x28, 0xff, 0xfe]), /./],
];

for (const [name, bytes, reason] of garbage) {
  test(`compiled module: ${name} is a typed error`, async () => {
    assert.match(await reasonOf(CompiledModule.fromAny(engine, await bytes())), reason);
  });
}

test("compiled module: the parser's error is the reason, and its cause", async () => {
  const cause = new Error("2:9: unknown operator");
  const platform = { ...fakePlatform(), parseWat: () => Promise.reject(cause) };
  await assert.rejects(CompiledModule.fromWat(createEngine({ platform }), "(module)"), (error: unknown) => {
    assert.ok(error instanceof CompilationFailed);
    assert.equal(error.reason, "2:9: unknown operator");
    assert.equal(error.cause, cause);
    return true;
  });
});

test("compiled module: messages of validation do not name V8's API", async () => {
  const bytes = await parseWat("(module (func (result i32) i64.const 0))");
  const reason = await reasonOf(CompiledModule.fromBytes(engine, bytes));
  assert.match(reason, /^Compiling function #0 failed: type error/);
});

test("compiled module: a function that grows over V8's limit by metering is a typed error", async () => {
  const bytes = await parseWat(`(module (func (export "f") ${"loop end ".repeat(500_000)}))`);
  assert.match(
    await reasonOf(CompiledModule.fromBytes(engine, bytes)),
    /function 0 has \d+ bytes once it is metered, at most 7654321 are possible/,
  );
});

test("compiled module: describes what it needs and offers", async () => {
  const text = `(module (import "env" "log" (func (param i32))) (memory (export "memory") 1 5)
    (global (export "g") (mut i64) (i64.const 0)) (table (export "t") 2 funcref) (tag (export "e") (param i32))
    (func (export "f") (param i32 f64) (result i32) (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)) i32.const 1))`;
  const description = (await CompiledModule.fromWat(engine, text)).describe();
  assert.deepEqual(description.imports, [{ name: "env -> log", kind: "function", type: "func(i32)" }]);
  assert.deepEqual(description.exports, [
    { name: "memory", kind: "memory", type: "memory 1..5 pages" },
    { name: "g", kind: "global", type: "global mut i64" },
    { name: "t", kind: "table", type: "table 2 funcref" },
    { name: "e", kind: "tag", type: "tag" },
    { name: "f", kind: "function", type: "func(i32, f64) -> i32" },
  ]);
  assert.deepEqual(description.memories, [{ minPages: 1, maxPages: 5, is64: false, shared: false }]);
  assert.deepEqual(description.features, ["bulk-memory", "exceptions"]);
  assert.equal(description.restorable, true);
  assert.equal(description.coreModules, 1);
});

test("compiled module: one serves many runners and engines of the same installation", async () => {
  const module = await CompiledModule.fromWat(engine, wat);
  const runners = await Promise.all([createRunner(module, {}, engine), createRunner(module, {}, createEngine())]);
  for (const runner of runners) {
    // oxlint-disable-next-line no-await-in-loop
    assert.deepEqual(valueOf(await run(runner, "f")), [42]);
  }
});

test("runner: refuses a module that lacks the checks which its limits need", async () => {
  const off = { epochInterruption: false };
  const rows = [
    {
      compiled: { engine: off, fuelMetering: false },
      used: { engine: {}, fuelMetering: true },
      has: "none",
      wants: "fuel",
    },
    {
      compiled: { engine: {}, fuelMetering: false },
      used: { engine: {}, fuelMetering: true },
      has: "deadline",
      wants: "fuel",
    },
    {
      compiled: { engine: off, fuelMetering: false },
      used: { engine: {}, fuelMetering: false },
      has: "none",
      wants: "deadline",
    },
  ];
  for (const { compiled, used, has, wants } of rows) {
    const source = createEngine({ engine: compiled.engine });
    // oxlint-disable-next-line no-await-in-loop
    const module = await CompiledModule.fromWat(source, wat, { fuelMetering: compiled.fuelMetering });
    const target = createEngine({ engine: used.engine });
    const execution = { ...generous, fuelMetering: used.fuelMetering };
    // oxlint-disable-next-line no-await-in-loop
    await assert.rejects(createRunner(module, { execution }, target), (error: unknown) => {
      assert.ok(error instanceof InvalidConfig);
      assert.match(error.reason, new RegExp(`"${wants}" metering is needed.*compiled with "${has}"`));
      return true;
    });
  }
});
