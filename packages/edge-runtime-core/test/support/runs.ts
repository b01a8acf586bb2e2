// Engines, runners and runs for tests, with the defaults of the configuration and real time unless told otherwise.

import assert from "node:assert/strict";
import type { EngineConfig, ExecutionConfig, RuntimeError } from "edge-runtime-common";
import { testPlatform } from "edge-runtime-testing";
import type {
  ArtifactCache,
  ExecutionResult,
  HostImports,
  Platform,
  PoolStats,
  Proposals,
  ResetFault,
  RunOptions,
} from "../../src/index.ts";
import { CompiledModule, InstanceRunner, WasmEngine, WorkerContext } from "../../src/index.ts";

export const engineDefaults: EngineConfig = {
  poolingAllocator: true,
  maxInstances: 1000,
  instanceMemoryMb: 64,
  cacheCompiledModules: true,
  cacheDir: undefined,
  epochInterruption: true,
  // Every reset of every test is compared with the snapshot.
  verifyResets: 1,
  compileTimeoutMs: 10_000,
  compileMemoryMb: 512,
  artifactKeyFile: undefined,
};

export const executionDefaults: ExecutionConfig = {
  maxFuel: 10_000_000,
  timeoutMs: 100,
  maxMemoryMb: 128,
  fuelMetering: true,
};

/** Limits that no test meets by accident, for those that are about something else. */
export const generous: Partial<ExecutionConfig> = { maxFuel: 1e12, timeoutMs: 60_000 };

export interface SetUp {
  readonly engine?: Partial<EngineConfig>;
  readonly execution?: Partial<ExecutionConfig>;
  readonly imports?: HostImports;
  readonly platform?: Platform;
  readonly cache?: ArtifactCache;
  /** Proposals that modules may use; default: all. */
  readonly proposals?: Proposals;
}

/** A reset that left something fails the test that is under way, wherever it happened. */
function onResetFault({ differences }: ResetFault): void {
  queueMicrotask(() => assert.fail(`a reset left ${differences.join(", ")}`));
}

export function createEngine({ engine, platform, cache, proposals }: SetUp = {}): WasmEngine {
  const options = {
    platform: platform ?? testPlatform(),
    onResetFault,
    proposals: proposals ?? { gc: true, threads: true },
    ...(cache === undefined ? {} : { cache }),
  };
  return new WasmEngine({ ...engineDefaults, ...engine }, options);
}

export function newContext(): WorkerContext {
  return new WorkerContext({ requestId: "test", startedAtMs: 0, permissions: { loggingEnabled: true } });
}

/** A runner of `module`: text, bytes of a core module, or compiled already. */
export async function createRunner(
  module: string | Uint8Array | CompiledModule,
  setUp: SetUp = {},
  engine = createEngine(setUp),
): Promise<InstanceRunner> {
  const execution = { ...executionDefaults, ...setUp.execution };
  const { fuelMetering } = execution;
  const compiled = await compile(engine, module, fuelMetering);
  return InstanceRunner.create(engine, compiled, { execution, imports: setUp.imports ?? new Map() });
}

function compile(
  engine: WasmEngine,
  module: string | Uint8Array | CompiledModule,
  fuelMetering: boolean,
): Promise<CompiledModule> | CompiledModule {
  if (module instanceof CompiledModule) return module;
  if (typeof module === "string") return CompiledModule.fromWat(engine, module, { fuelMetering });
  return CompiledModule.fromBytes(engine, module, { fuelMetering });
}

export function run(
  runner: InstanceRunner,
  entry: string,
  args: readonly unknown[] = [],
  options: Partial<RunOptions> = {},
): Promise<ExecutionResult> {
  return runner.run(entry, args, { context: newContext(), ...options });
}

/** Runs one entry point of a module in an engine of its own. */
export async function runOnce(
  module: string | Uint8Array,
  entry: string,
  args: readonly unknown[] = [],
  setUp: SetUp = {},
): Promise<ExecutionResult> {
  const runner = await createRunner(module, setUp);
  try {
    return await run(runner, entry, args);
  } finally {
    runner.dispose();
  }
}

/** What a successful run gave. */
export function valueOf(result: ExecutionResult): unknown {
  assert.equal(result.kind, "success", result.kind === "trap" ? result.message : "");
  return result.kind === "success" ? result.value : undefined;
}

/** What ended a run that did not succeed. */
export function errorOf(result: ExecutionResult): RuntimeError {
  assert.equal(result.kind, "trap");
  if (result.kind !== "trap") throw new Error("unreachable");
  return result.error;
}

/** The counts of a pool's stats. */
export function countsOf({ live, idle, running, discarded }: PoolStats): Record<string, number> {
  return { live, idle, running, discarded };
}

/** Lets what is deferred happen: resets, instances prepared ahead. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) {
    // Each turn may defer the next.
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
