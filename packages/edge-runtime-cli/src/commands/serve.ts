// `edge-runtime serve`: composes platform, cache, engine and server from a configuration, says what it serves, and
// stops cleanly on the first SIGTERM or SIGINT.

import { existsSync } from "node:fs";
import type { Config } from "edge-runtime-common";
import { WasmEngine } from "edge-runtime-core";
import {
  compileEagerly,
  CompileThread,
  createArtifactCache,
  createLogger,
  createNodePlatform,
  flushLogger,
} from "edge-runtime-host";
import type { CompilePorts, Logger } from "edge-runtime-host";
import { createServer } from "edge-runtime-server";
import type { EdgeServer } from "edge-runtime-server";
import { configForFile, loadConfig } from "../config-file.ts";
import type { LoadedConfig } from "../config-file.ts";
import type { ExitCode } from "../exit-code.ts";
import { keepLongStacks } from "../guest-stack-text.ts";
import type { ServeOptions } from "../program.ts";
import type { Terminal } from "../terminal.ts";
import { UsageError } from "../usage-error.ts";

const DEFAULT_CONFIG = "edge.toml";
const STDERR = 2;
const STOP_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** Serves until a signal. Throws UsageError, InvalidConfig, FunctionLoadFailed, Io (the address cannot be had). */
export async function serve(options: ServeOptions, terminal: Terminal): Promise<ExitCode> {
  const { config, folder } = await chooseConfig(options);
  const logger = createLogger({ level: options.logLevel ?? "info", destination: STDERR });
  compileEagerly();
  keepLongStacks();
  await using compiler = new CompileThread({
    timeoutMs: config.engine.compileTimeoutMs,
    memoryMb: config.engine.compileMemoryMb,
  });
  const engine = createEngine(config, { logger, compiler });
  const server = createServer({ config, engine, logger, baseDirectory: folder });
  const stopped = listenForStop(server);
  try {
    const { host, port } = await server.listen();
    terminal.out(announce(config, formatOrigin(host, port)));
    logger.info({ host, port, functions: config.functions.length }, "listening");
    warnOfUnstoppable(config, logger);
    const signal = await stopped.signal;
    await server.close();
    logger.info({ signal }, "stopped");
    return 0;
  } catch (error) {
    // A signal during the start ends the start, as it was told to.
    if (stopped.isStopping()) return 0;
    throw error;
  } finally {
    stopped.dispose();
    await flushLogger(logger);
  }
}

async function chooseConfig({ file, config, host, port }: ServeOptions): Promise<LoadedConfig> {
  if (file === undefined) return loadConfig(config ?? findConfig(), { host, port });
  if (config !== undefined) throw new UsageError("name a file or a configuration, not both");
  return configForFile(file, { host, port });
}

function findConfig(): string {
  if (existsSync(DEFAULT_CONFIG)) return DEFAULT_CONFIG;
  throw new UsageError(`no ${DEFAULT_CONFIG} in this folder; name a configuration with --config FILE`);
}

function createEngine(config: Config, ports: { logger: Logger; compiler: CompilePorts }): WasmEngine {
  const { artifactKeyFile, cacheDir } = config.engine;
  const { logger, compiler } = ports;
  const { parseWat, rewrite, validateComponent } = compiler;
  return new WasmEngine(config.engine, {
    platform: { ...createNodePlatform({ artifactKeyFile }), parseWat, rewrite, validateComponent },
    onResetFault: (fault) => logger.error(fault, "a reset left something of the run before; the instance is discarded"),
    ...(cacheDir !== undefined && { cache: createArtifactCache(cacheDir) }),
  });
}

/** With neither fuel nor epochs a loop has no checks at all. */
function warnOfUnstoppable({ engine, functions }: Config, logger: Logger): void {
  if (engine.epochInterruption) return;
  for (const fn of functions.filter(({ execution }) => !execution.fuelMetering)) {
    logger.warn({ function: fn.name }, "nothing can stop this function: fuel_metering and epoch_interruption are off");
  }
}

interface StopListener {
  readonly signal: Promise<NodeJS.Signals>;
  readonly isStopping: () => boolean;
  readonly dispose: () => void;
}

/** Takes the first signal; later ones change nothing, since the stop is bounded by `shutdown_grace_ms` anyway. */
function listenForStop(server: EdgeServer): StopListener {
  let received: NodeJS.Signals | undefined;
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  const onSignal = (signal: NodeJS.Signals): void => {
    received ??= signal;
    resolve(signal);
    void server.close();
  };
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  return {
    signal: promise,
    isStopping: () => received !== undefined,
    dispose: () => {
      for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
    },
  };
}

/** What is served, and a line for each function that can be pasted into a shell. */
function announce({ functions, engine }: Config, origin: string): string {
  const count = `${functions.length} function${functions.length === 1 ? "" : "s"}`;
  const lines = functions.flatMap((fn) => {
    const { maxFuel, fuelMetering, timeoutMs, maxMemoryMb } = fn.execution;
    const fuel = fuelMetering ? `${maxFuel.toLocaleString("en")} fuel` : "no fuel limit";
    const memoryMb = engine.poolingAllocator ? Math.min(engine.instanceMemoryMb, maxMemoryMb) : maxMemoryMb;
    return ["", `  ${fn.name}  (${fuel}, ${timeoutMs} ms, ${memoryMb} MiB)`, `    curl ${origin}${fn.route}`];
  });
  const hint = functions.length === 0 ? ["", "  every path answers 404: add [[functions]] to the configuration"] : [];
  return `${[`edge-runtime serves ${count} on ${origin}`, ...lines, ...hint, ""].join("\n")}\n`;
}

/** The address as a client on this machine reaches it. */
function formatOrigin(host: string, port: number): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}
