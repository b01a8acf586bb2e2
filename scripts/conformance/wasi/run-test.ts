// Runs one test as `edge-runtime run` would: its own copy of its folder, its arguments, its output kept.

import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { defaultConfig, GuestExited, RuntimeError } from "edge-runtime-common";
import type { ExecutionConfig } from "edge-runtime-common";
import { CompiledModule, Grants, InstanceRunner, WasmEngine, WorkerContext } from "edge-runtime-core";
import type { ExecutionResult, Platform } from "edge-runtime-core";
import {
  createHostImports,
  createNodePlatform,
  createWritableSink,
  DIRECTORIES,
  ENVIRONMENT,
  STDIO,
} from "edge-runtime-host";
import type { TestCase } from "./test-case.ts";

/** `refused`: the component needs what is not there, and the runtime says so before it runs. */
export type Outcome = { readonly kind: "passed" } | { readonly kind: "failed" | "refused"; readonly reason: string };

const execution: ExecutionConfig = { maxFuel: 1e11, fuelMetering: true, timeoutMs: 60_000, maxMemoryMb: 512 };
const MOST_OUTPUT = 65_536;

interface Output {
  readonly stream: Writable;
  readonly text: () => string;
}

function keepOutput(): Output {
  let text = "";
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (text.length < MOST_OUTPUT) text += chunk.toString("latin1");
      done();
    },
  });
  return { stream, text: () => Buffer.from(text, "latin1").toString() };
}

/** Undefined where the run neither returned nor exited. */
function statusOf(result: ExecutionResult): number | undefined {
  if (result.kind === "trap") return result.error instanceof GuestExited ? result.error.status : undefined;
  const value = result.value as { readonly tag?: unknown } | undefined;
  return value?.tag === "err" ? 1 : 0;
}

function judge(test: TestCase, result: ExecutionResult, stdout: string, stderr: string): Outcome {
  const status = statusOf(result);
  const said = stderr.trim().split("\n").slice(0, 4).join(" ");
  const ended = result.kind === "trap" && status === undefined ? result.message : `status ${status}`;
  if (status !== test.exitCode) return { kind: "failed", reason: `${ended}, expected ${test.exitCode} ${said}` };
  for (const [name, expected, actual] of [
    ["stdout", test.stdout, stdout],
    ["stderr", test.stderr, stderr],
  ] as const) {
    if (expected === undefined || expected === actual) continue;
    return { kind: "failed", reason: `${name} ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}` };
  }
  return { kind: "passed" };
}

async function runIn(test: TestCase, platform: Platform, directory: string | undefined): Promise<Outcome> {
  const config = { ...defaultConfig().engine, poolingAllocator: false, cacheCompiledModules: false };
  const engine = new WasmEngine(config, { platform });
  const module = await CompiledModule.fromAny(engine, new Uint8Array(readFileSync(test.file)));
  const entry = module.entryNames().find((name) => name.startsWith("wasi:cli/run@0.2."));
  if (entry === undefined) return { kind: "refused", reason: "it exports no wasi:cli/run of 0.2" };
  const [stdout, stderr] = [keepOutput(), keepOutput()];
  const granted = directory === undefined ? [] : [{ host: directory, guest: "/", isWritable: true }];
  const grants = Grants.none
    .with(ENVIRONMENT, { variables: test.env, arguments: test.args })
    .with(DIRECTORIES, granted)
    .with(STDIO, { stdout: createWritableSink(stdout.stream), stderr: createWritableSink(stderr.stream) });
  const imports = createHostImports({ platform });
  const runner = await InstanceRunner.create(engine, module, { execution, imports, grants });
  const context = new WorkerContext({ requestId: test.name, startedAtMs: platform.wallClock(), grants });
  try {
    return judge(test, await runner.run(entry, [], { context }), stdout.text(), stderr.text());
  } finally {
    runner.dispose();
  }
}

/** Never rejects but for a fault of the runtime. */
export async function runTest(test: TestCase): Promise<Outcome> {
  const copy = test.root === undefined ? undefined : mkdtempSync(join(tmpdir(), "edge-wasi-"));
  try {
    if (copy !== undefined && test.root !== undefined) cpSync(test.root, copy, { recursive: true });
    return await runIn(test, createNodePlatform(), copy);
  } catch (error) {
    if (error instanceof RuntimeError) return { kind: "refused", reason: error.message };
    throw error;
  } finally {
    if (copy !== undefined) rmSync(copy, { recursive: true, force: true });
  }
}
