// Modules of WASI preview 1 through the official adapter: what they become, how they run, and how they are refused.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CompilationFailed, defaultConfig, GuestExited } from "edge-runtime-common";
import { CompiledModule, Grants, InstanceRunner, WasmEngine, WorkerContext } from "edge-runtime-core";
import type { ExecutionResult, Platform } from "edge-runtime-core";
import { CompileThread, createHostImports, createNodePlatform, ENVIRONMENT } from "../../src/index.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const COMMAND = `(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (call $exit (i32.add (i32.mul (i32.load (i32.const 0)) (i32.const 10)) (i32.load (i32.const 4))))))`;

const REACTOR = `(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (global $base (mut i32) (i32.const 0))
  (func (export "_initialize") (global.set $base (i32.const 40)))
  (func (export "add_base") (param i32) (result i32) (i32.add (global.get $base) (local.get 0)))
  (func (export "wide") (param i64 f64) (result f64) (f64.add (f64.convert_i64_s (local.get 0)) (local.get 1)))
  (func (export "nothing"))
  (func (export "seconds") (result i64)
    (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 8)))
    (i64.div_u (i64.load (i32.const 8)) (i64.const 1000000000)))
  (func (export "pair") (result i32 i32) (i32.const 1) (i32.const 2))
  (func (export "wasi:cli/run@0.2.12")))`;

function createEngine(ports: Partial<Platform> = {}): WasmEngine {
  const config = { ...defaultConfig().engine, cacheCompiledModules: false };
  return new WasmEngine(config, { platform: { ...createNodePlatform(), ...ports } });
}

async function compile(text: string, engine = createEngine()): Promise<CompiledModule> {
  return CompiledModule.fromWat(engine, text);
}

interface Call {
  readonly module: CompiledModule;
  readonly entry: string;
  readonly args?: readonly unknown[];
  readonly grants?: Grants;
}

async function call({ module, entry, args = [], grants = Grants.none }: Call): Promise<ExecutionResult> {
  const engine = createEngine();
  const imports = createHostImports({ platform: engine.platform });
  const execution = { ...defaultConfig().execution, timeoutMs: 60_000 };
  const runner = await InstanceRunner.create(engine, module, { execution, imports, grants });
  const result = await runner.run(entry, args, {
    context: new WorkerContext({ requestId: "r", startedAtMs: 0, grants }),
  });
  runner.dispose();
  return result;
}

async function valueOf(module: CompiledModule, entry: string, ...args: readonly unknown[]): Promise<unknown> {
  const result = await call({ module, entry, args });
  return result.kind === "success" ? result.value : result.message;
}

describe("preview 1", () => {
  test("preview 1: a command is a component that exports wasi:cli/run, and knows its arguments", async () => {
    const module = await compile(COMMAND);
    assert.equal(module.kind, "component");
    assert.deepEqual(module.entryNames(), ["wasi:cli/run@0.2.12#run"]);
    const grants = Grants.none.with(ENVIRONMENT, { variables: [], arguments: ["me", "two"] });
    const result = await call({ module, entry: "wasi:cli/run@0.2.12#run", grants });
    assert.ok(result.kind === "trap" && result.error instanceof GuestExited, JSON.stringify(result));
    // Two arguments of 3 and 4 bytes with their ends: a status that success or failure alone could not tell.
    assert.equal(result.error.status, 27);
  });

  test("preview 1: functions of a reactor can be called, after its _initialize", async () => {
    const module = await compile(REACTOR);
    assert.deepEqual(module.entryNames(), ["add_base", "wide", "nothing", "seconds"]);
    assert.equal(await valueOf(module, "add_base", -50), -10);
    assert.equal(await valueOf(module, "wide", -2n, 0.5), -1.5);
    assert.equal(await valueOf(module, "nothing"), undefined);
    const seconds = await valueOf(module, "seconds");
    assert.ok(typeof seconds === "bigint" && seconds > 1_700_000_000n, String(seconds));
  });

  test("preview 1: an artifact of one is taken back", async () => {
    const engine = createEngine();
    const module = await compile(REACTOR, engine);
    const again = await CompiledModule.fromPrecompiled(engine, module.toArtifact());
    assert.equal(again.contentHash, module.contentHash);
    assert.equal(await valueOf(again, "add_base", 2), 42);
  });

  test("preview 1: its hash is that of the module, as it was given", async () => {
    const engine = createEngine();
    const bytes = await engine.platform.parseWat(REACTOR);
    const module = await CompiledModule.fromAny(engine, bytes);
    assert.equal(module.contentHash, engine.platform.sha256(bytes));
    assert.equal(module.describe().sizeBytes, bytes.length);
  });

  test("preview 1: the compile thread adapts too, for those who want it", async () => {
    await using compiler = new CompileThread({ timeoutMs: 60_000, memoryMb: 512 });
    const { parseWat, rewrite } = compiler;
    assert.equal(await valueOf(await compile(REACTOR, createEngine({ parseWat, rewrite })), "add_base", 1), 41);
    const { adaptPreview1: _, ...own } = createNodePlatform();
    const platform = { ...own, parseWat, rewrite };
    const engine = new WasmEngine({ ...defaultConfig().engine, cacheCompiledModules: false }, { platform });
    assert.equal((await compile(REACTOR, engine)).kind, "core");
  });

  test("preview 1: modules that import from elsewhere as well stay core modules", async () => {
    const text = COMMAND.replace("(memory", '(import "env" "log" (func (param i32 i32 i32))) (memory');
    assert.equal((await compile(text)).kind, "core");
  });

  const refused: Readonly<Record<string, readonly [text: string, reason: string]>> = {
    "a function that preview 1 does not have": [
      '(module (import "wasi_snapshot_preview1" "sock_open" (func)) (memory (export "memory") 1))',
      "adapter module did not export `sock_open`",
    ],
    "a function of another type": [
      '(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i64))) (memory (export "memory") 1))',
      "type mismatch for function `proc_exit`: expected `[I64] -> []` but found `[I32] -> []`",
    ],
    "code that is not valid": [
      '(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))) (func (result i32)))',
      "Compiling function",
    ],
  };
  for (const [what, [text, reason]] of Object.entries(refused)) {
    test(`preview 1: ${what} is refused, saying so`, async () => {
      await assert.rejects(compile(text), (error) => {
        assert.ok(error instanceof CompilationFailed);
        assert.ok(error.reason.includes(reason), error.reason);
        return true;
      });
    });
  }
});

test("preview 1: the package holds the adapters when it is packed", (context) => {
  const cwd = fileURLToPath(new URL("../../", import.meta.url));
  const cache = temporaryFolder(context);
  const args = ["pack", "--dry-run", "--json", "--cache", cache];
  const packed = execFileSync("npm", args, {
    cwd,
    shell: process.platform === "win32",
    stdio: ["ignore", "pipe", "ignore"],
  });
  for (const file of ["command.wasm", "reactor.wasm"]) {
    assert.ok(packed.includes(`"vendor/wasi_snapshot_preview1.${file}"`), String(packed));
  }
  assert.ok(packed.includes('"vendor/LICENSE"'));
});
