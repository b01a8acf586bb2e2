// Runs one program twice: metered, and as V8 runs it without a change of ours. What it prints and how it ends must be
// the same. The metered run comes first: it ends whatever the program does.

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultConfig, GuestExited } from "edge-runtime-common";
import { CompiledModule, Grants, InstanceRunner, WasmEngine, WorkerContext } from "edge-runtime-core";
import type { ExecutionResult, HostImports } from "edge-runtime-core";
import { createNodePlatform, DIRECTORIES, ENVIRONMENT, STDIO } from "edge-runtime-host";
import type { ByteSink } from "edge-runtime-host";
import type { ProgramFile } from "./program-file.ts";
import { createStillWorld } from "./still-world.ts";
import { adaptBench, importsBench } from "./bench-adapter.ts";

/** What a run left: how it ended, and what it printed. */
export interface Ending {
  /** `returned VALUE`, `exited N`, or the error's message. */
  readonly how: string;
  readonly stdout: string;
  readonly stderr: string;
  /** A limit ended it: there is nothing to compare. */
  readonly isLimit: boolean;
}

export type Metering = "metered" | "plain";

/** Programs that must print something take up to 20 s; others may never end. */
const TIMEOUT_MS = { known: 120_000, unknown: 3000 };
const MOST_OUTPUT = 4_194_304;
const MOST_AT_ONCE = 65_536;
const LIMITS = new Set(["ERR_EDGE_EXECUTION_TIMEOUT", "ERR_EDGE_FUEL_EXHAUSTED", "ERR_EDGE_MEMORY_LIMIT_EXCEEDED"]);

interface Call {
  readonly module: CompiledModule;
  readonly metering: Metering;
  readonly entry: string;
  readonly timeoutMs: number;
}

function timeoutOf({ stdout }: ProgramFile): number {
  return stdout === undefined ? TIMEOUT_MS.unknown : TIMEOUT_MS.known;
}

/** Compiles and runs programs in both ways. */
export class Laboratory {
  readonly #platform = createNodePlatform();
  readonly #engines: Readonly<Record<Metering, WasmEngine>>;

  constructor() {
    const config = { ...defaultConfig().engine, poolingAllocator: false, cacheCompiledModules: false };
    const proposals = { gc: true, threads: true };
    this.#engines = {
      metered: new WasmEngine(config, { platform: this.#platform, proposals }),
      plain: new WasmEngine({ ...config, epochInterruption: false }, { platform: this.#platform, proposals }),
    };
  }

  /** What a program is linked with. */
  world(): HostImports {
    return createStillWorld(this.#platform);
  }

  /** Rejects with CompilationFailed and its like. */
  async compile(bytes: Uint8Array, metering: Metering): Promise<CompiledModule> {
    const source = importsBench(bytes) ? await adaptBench(bytes) : bytes;
    return CompiledModule.fromAny(this.#engines[metering], source, { fuelMetering: metering === "metered" });
  }

  /** Calls an export without arguments. What is beside the program is copied first: it may write there. */
  async run(program: ProgramFile, module: CompiledModule, metering: Metering, entry: string): Promise<Ending> {
    const copy = mkdtempSync(join(tmpdir(), "edge-real-"));
    try {
      cpSync(program.root, copy, { recursive: true, filter: (path) => !path.endsWith(".wasm") });
      return await this.#runIn({ module, metering, entry, timeoutMs: timeoutOf(program) }, copy);
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  }

  async #runIn({ module, metering, entry, timeoutMs }: Call, directory: string): Promise<Ending> {
    const execution = {
      ...defaultConfig().execution,
      fuelMetering: metering === "metered",
      maxFuel: 1e12,
      timeoutMs,
      maxMemoryMb: 1024,
    };
    const [stdout, stderr] = [keepOutput(), keepOutput()];
    const grants = Grants.none
      .with(ENVIRONMENT, { variables: [], arguments: ["program"] })
      .with(DIRECTORIES, [{ host: directory, guest: ".", isWritable: true }])
      .with(STDIO, { stdout: stdout.sink, stderr: stderr.sink });
    const runner = await InstanceRunner.create(this.#engines[metering], module, {
      execution,
      imports: this.world(),
      grants,
    });
    const hold = setInterval(() => undefined, timeoutMs);
    try {
      const context = new WorkerContext({ requestId: entry, startedAtMs: 0, grants });
      const result = await runner.run(entry, [], { context });
      const isLimit = result.kind === "trap" && LIMITS.has(result.code);
      return { how: describeEnd(result), stdout: stdout.text(), stderr: stderr.text(), isLimit };
    } finally {
      clearInterval(hold);
      runner.dispose();
    }
  }
}

function describeEnd(result: ExecutionResult): string {
  if (result.kind === "trap") {
    return result.error instanceof GuestExited ? `exited ${result.error.status}` : result.message;
  }
  return `returned ${JSON.stringify(result.value, (_key, value: unknown) => (typeof value === "bigint" ? `${value}n` : value))}`;
}

function keepOutput(): { readonly sink: ByteSink; readonly text: () => string } {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const sink: ByteSink = {
    room: () => MOST_AT_ONCE,
    write: (bytes) => {
      if (length < MOST_OUTPUT) chunks.push(bytes);
      length += bytes.length;
    },
    flush: () => undefined,
    close: () => undefined,
    isReady: () => true,
    onReady: () => () => undefined,
  };
  return { sink, text: () => Buffer.concat(chunks).toString() };
}
