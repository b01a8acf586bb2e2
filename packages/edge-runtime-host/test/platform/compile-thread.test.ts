import assert from "node:assert/strict";
import { test } from "node:test";
import { CompilationFailed, defaultConfig } from "edge-runtime-common";
import { CompiledModule, InstanceRunner, WasmEngine, WorkerContext } from "edge-runtime-core";
import { testPlatform } from "edge-runtime-testing";
import { CompileThread } from "edge-runtime-host";

const wat = `(module (memory 1) (func (export "f") (param i32) (result i32) local.get 0 i32.const 1 i32.add))`;

/** A valid module that takes time to rewrite: about 3 ms a function. */
function slowModule(functions: number): Uint8Array {
  const body = [0x00, ...Array.from({ length: 4000 }, () => [0x03, 0x40, 0x0b]).flat(), 0x0b];
  const leb = (value: number): number[] =>
    value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(Math.floor(value / 128))];
  const code = Buffer.concat([
    Buffer.from(leb(functions)),
    ...Array.from({ length: functions }, () => Buffer.from([...leb(body.length), ...body])),
  ]);
  const types = Buffer.concat([Buffer.from(leb(functions)), Buffer.alloc(functions)]);
  const section = (id: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([id, ...leb(content.length)]), content]);
  return Buffer.concat([
    Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
    section(1, Buffer.from([1, 0x60, 0, 0])),
    section(3, types),
    section(10, code),
  ]);
}

function reasonOf(error: unknown): string {
  assert.ok(error instanceof CompilationFailed, String(error));
  return error.reason;
}

function createEngine(compiler: CompileThread): WasmEngine {
  const { parseWat, rewrite, validateComponent } = compiler;
  const config = { ...defaultConfig().engine, cacheCompiledModules: false };
  return new WasmEngine(config, { platform: { ...testPlatform(), parseWat, rewrite, validateComponent } });
}

const generous = { timeoutMs: 60_000, memoryMb: 512 };

test("compile thread: modules, text and components come back as from the calling thread", async () => {
  await using compiler = new CompileThread(generous);
  const elsewhere = createEngine(compiler);
  const here = new WasmEngine(elsewhere.config, { platform: testPlatform() });
  for (const text of [wat, `(component (core module $m (func (export "f"))) (core instance $i (instantiate $m)))`]) {
    const [there, own] = await Promise.all([elsewhere, here].map((engine) => CompiledModule.fromWat(engine, text)));
    assert.deepEqual(there?.describe(), own?.describe());
  }
  const module = await CompiledModule.fromWat(elsewhere, wat);
  const { execution } = defaultConfig();
  const runner = await InstanceRunner.create(elsewhere, module, { execution, imports: new Map() });
  const context = new WorkerContext({ requestId: "test", startedAtMs: 0 });
  const result = await runner.run("f", [41], { context });
  assert.deepEqual(result.kind === "success" ? result.value : result.message, [42]);
  runner.dispose();
});

test("compile thread: what does not compile is the same typed error", async () => {
  await using compiler = new CompileThread(generous);
  const engine = createEngine(compiler);
  const invalid = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 10, 99]);
  const here = new WasmEngine(engine.config, { platform: testPlatform() });
  const reasons = await Promise.all(
    [engine, here].map((each) => CompiledModule.fromBytes(each, invalid).catch((error: unknown) => reasonOf(error))),
  );
  assert.equal(reasons[0], reasons[1]);
  await assert.rejects(CompiledModule.fromWat(engine, "(module (func (export"), /line 1, column/);
});

test("compile thread: components are refused in the official validator's words, or by the feature that they need", async () => {
  await using compiler = new CompileThread(generous);
  const engine = createEngine(compiler);
  const refusal = async (text: string): Promise<CompilationFailed> => {
    const error = await CompiledModule.fromWat(engine, text).then(
      () => assert.fail("accepted"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof CompilationFailed, String(error));
    return error;
  };
  const invalid = await refusal(`(component (export "f" (func 0)))`);
  assert.equal(invalid.reason, "unknown function 0: function index out of bounds (at offset 0xb)");
  assert.equal(invalid.feature, undefined);
  assert.equal((await refusal(`(component (type (stream u8)))`)).feature, "streams (WASI 0.3)");
});

test("compile thread: a module that takes too long is refused, and the next is served", async () => {
  const bytes = slowModule(400);
  await using compiler = new CompileThread({ timeoutMs: 200, memoryMb: 512 });
  const engine = createEngine(compiler);
  await assert.rejects(CompiledModule.fromBytes(engine, bytes), (error) => {
    assert.equal(reasonOf(error), "it took longer than 200 ms");
    return true;
  });
  await CompiledModule.fromBytes(engine, await testPlatform().parseWat(wat));
});

test("compile thread: the calling thread goes on meanwhile", async () => {
  await using compiler = new CompileThread(generous);
  let turns = 0;
  let going = true;
  const turn = (): void => {
    turns += 1;
    if (going) setImmediate(turn);
  };
  setImmediate(turn);
  await compiler.rewrite(slowModule(100), "fuel", true);
  going = false;
  assert.ok(turns > 20, `${turns} turns`);
});

test("compile thread: a module that needs too much heap is refused, the process lives, and the next is served", async () => {
  await using compiler = new CompileThread({ timeoutMs: 60_000, memoryMb: 64 });
  const exports = 900_000;
  const leb = (value: number): number[] =>
    value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(Math.floor(value / 128))];
  const entries = Array.from({ length: exports }, (_, index) => {
    const name = Buffer.from(index.toString(36));
    return Buffer.concat([Buffer.from([name.length]), name, Buffer.from([0, 0])]);
  });
  const content = Buffer.concat([Buffer.from(leb(exports)), ...entries]);
  const bytes = Buffer.concat([
    Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0]),
    Buffer.from([7, ...leb(content.length)]),
    content,
    Buffer.from([10, 4, 1, 2, 0, 0x0b]),
  ]);
  const error: unknown = await compiler.rewrite(bytes, "fuel", true).catch((reason: unknown) => reason);
  assert.equal(reasonOf(error), "it needed more than 64 MiB");
  const program = await compiler.rewrite(await compiler.parseWat(wat), "fuel", true);
  assert.equal(program.kind, "core");
});

test("compile thread: many at once are done one after the other, and closing ends what waits", async () => {
  const compiler = new CompileThread(generous);
  const parsed = await Promise.all(
    Array.from({ length: 20 }, (_, index) => compiler.parseWat(`(module (memory ${index}))`)),
  );
  assert.deepEqual(new Set(parsed.map((bytes) => bytes.length)).size, 1);
  const waiting = [compiler.rewrite(slowModule(200), "fuel", true), compiler.parseWat("(module)")];
  const outcomes = Promise.allSettled(waiting);
  await compiler[Symbol.asyncDispose]();
  for (const outcome of await outcomes) {
    assert.equal(outcome.status, "rejected");
    if (outcome.status === "rejected") assert.equal(reasonOf(outcome.reason), "the compiler was closed");
  }
});
