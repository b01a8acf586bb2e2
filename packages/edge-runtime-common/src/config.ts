// The configuration as the rest of the runtime sees it: plain, frozen, validated once, with every default filled in.
// Files use snake_case keys (config-schema.ts holds their table); this is the only place that translates. Common is
// platform-free, so reading the file and resolving paths against its folder are the caller's work.

import { parseConfigSyntax } from "./config-syntax.ts";
import { configSchema } from "./config-schema.ts";
import type { ConfigFile, FunctionTable } from "./config-schema.ts";
import { describeProblems } from "./config-problem.ts";
import { InvalidConfig } from "./errors.ts";
import type { HostPattern } from "./host-pattern.ts";
import { findConflicts } from "./config-conflict.ts";

/** `[engine]`: how instances are made, kept and interrupted. */
export interface EngineConfig {
  /** Keep instances and restore them between runs; off: each run gets a new one. Default true. */
  readonly poolingAllocator: boolean;
  /** Most instances of a process at one time, 1 to 10,000. Default 1000. */
  readonly maxInstances: number;
  /** Most memory of one pooled instance in MiB, 1 to 4096. Default 64. */
  readonly instanceMemoryMb: number;
  /** Keep compiled modules for the next use of the same bytes. Default true. */
  readonly cacheCompiledModules: boolean;
  /** Folder for compiled modules between starts, as written in the file. Default none: kept in memory only. */
  readonly cacheDir: string | undefined;
  /** Let the deadline and `incrementEpoch` stop running guests. Default true. */
  readonly epochInterruption: boolean;
  /**
   * Share of resets after which the whole state is compared with the snapshot, 0 to 1; what differs is reported and the
   * instance discarded. Costs a second copy of the state and a comparison of all of it. Default 0.
   */
  readonly verifyResets: number;
  /** Most time that validating and rewriting one module may take, in milliseconds, 1 to 3,600,000. Default 10,000. */
  readonly compileTimeoutMs: number;
  /** Most heap of the thread that does it in MiB, 64 to 4096; the module's bytes are not counted. Default 512. */
  readonly compileMemoryMb: number;
  /** File that holds the key which authenticates artifacts. Default none: a key of the user, made on first use. */
  readonly artifactKeyFile: string | undefined;
}

/** `[execution]`: limits of one run. */
export interface ExecutionConfig {
  /** Fuel units that a run may consume, 1 to 2^53 - 1. Default 10,000,000. */
  readonly maxFuel: number;
  /** Wall-clock milliseconds from acquiring an instance to the end, 1 to 3,600,000. Default 100. */
  readonly timeoutMs: number;
  /** Most memory of all core instances of a run together in MiB, 1 to 4096. Default 128. */
  readonly maxMemoryMb: number;
  /** Count fuel. Off: only the deadline ends a loop. Default true. */
  readonly fuelMetering: boolean;
}

/** `[server]`: the HTTP listener. */
export interface ServerConfig {
  /** Address without brackets, or a host name. Default 127.0.0.1. */
  readonly host: string;
  /** 0 to 65,535; 0 lets the system choose. Default 8080. */
  readonly port: number;
  /** Most bytes of a request body, 0 to 1 GiB. Default 1 MiB. */
  readonly maxBodyBytes: number;
  /** Most bytes of a request's line and headers together, 1 KiB to 1 MiB. Default 16 KiB. */
  readonly maxHeaderBytes: number;
  /** Time for a client to send all headers, in milliseconds, 1 to 3,600,000, at most requestTimeoutMs. Default 10,000. */
  readonly headersTimeoutMs: number;
  /** Time for a client to send the whole request, in milliseconds, 1 to 3,600,000. Default 30,000. */
  readonly requestTimeoutMs: number;
  /** How long an idle connection is kept, in milliseconds, 0 to 3,600,000. Default 5000. */
  readonly keepAliveTimeoutMs: number;
  /** How long a stopping server waits for running requests, in milliseconds, 0 to 600,000. Default 5000. */
  readonly shutdownGraceMs: number;
}

/** Grants of a function; nothing is granted by default. */
export interface FunctionPermissions {
  readonly loggingEnabled: boolean;
  /** Variables that `wasi:cli/environment` tells, by name. Default none. */
  readonly environment: ReadonlyMap<string, string>;
  /** Microseconds, 1 to 1,000,000: how finely `wasi:clocks` shows the time. Default 1000. */
  readonly clockResolutionUs: number;
  /** What `wasi:filesystem` shows, at most 64, each with a path of its own. Default none. */
  readonly directories: readonly DirectoryPermission[];
  readonly http: HttpPermissions;
  /** Buckets of the key-value store that it may open; entries are its own. Default none. */
  readonly keyValueBuckets: readonly string[];
  readonly network: NetworkPermissions;
}

/** Where `wasi:http` may send requests. A pattern without a scheme is for both, one without a port for the scheme's. */
export interface HttpPermissions {
  /** Hosts that may be reached at public addresses. */
  readonly allow: readonly HostPattern[];
  /** The same at any address: loopback, private networks, and metadata services where they are named in full. */
  readonly allowPrivate: readonly HostPattern[];
}

export interface DirectoryPermission {
  /** On the host, as written: relative ones count from the configuration file's folder. */
  readonly host: string;
  /** What the guest calls it. */
  readonly guest: string;
  /** The guest may create, change and delete. Default false: it can only read. */
  readonly isWritable: boolean;
}

/** What `wasi:sockets` may do. */
export interface NetworkPermissions {
  /** Hosts and ports that may be looked up and reached at public addresses. */
  readonly allow: readonly HostPattern[];
  /** The same at any address: loopback, private networks, and metadata services where they are named in full. */
  readonly allowPrivate: readonly HostPattern[];
  /** Local addresses and ports that may be bound, listened on and received from. */
  readonly listen: readonly HostPattern[];
}

/** Proposals that a function's module may use, which are off by default. */
export interface FunctionProposals {
  /** Garbage collection: structs, arrays, casts. Default false. */
  readonly gc: boolean;
  /** Shared memories and atomic operators. Default false. */
  readonly threads: boolean;
}

/** One `[[functions]]` table. */
export interface FunctionConfig {
  /** Unique; letters, digits, `.`, `_` and `-`, at most 64. */
  readonly name: string;
  /** Path prefix: `/` or `/a/b`, without a slash at the end (one in the file is removed); unique. */
  readonly route: string;
  /** Path of the .wasm, .wat or compiled file, as written: relative ones count from the configuration file's folder. */
  readonly source: string;
  /** Export to call; undefined: `handle` of a component, `_start` of a core module. */
  readonly entry: string | undefined;
  readonly permissions: FunctionPermissions;
  readonly proposals: FunctionProposals;
  /** What `wasi:config` tells it, at most 256 values. Default nothing. */
  readonly settings: Readonly<Record<string, string>>;
  /** `[execution]` with the function's own values over it. */
  readonly execution: ExecutionConfig;
}

export interface Config {
  readonly engine: EngineConfig;
  readonly execution: ExecutionConfig;
  readonly server: ServerConfig;
  readonly functions: readonly FunctionConfig[];
}

export type ConfigFormat = "toml" | "json";

/** The configuration of an empty file. */
export function defaultConfig(): Config {
  return parseConfigData({});
}

/**
 * Reads the text of a configuration file.
 * Throws InvalidConfig: of bad syntax with line and column, else of every problem found, each with its key's path and
 * what was expected, e.g. `execution.max_fuel: expected an integer from 1 to 9007199254740991, got "many"`.
 */
export function parseConfig(text: string, format: ConfigFormat): Config {
  return parseConfigData(parseConfigSyntax(text, format));
}

/** The same for data with the keys of a file (snake_case) that are values already. Throws InvalidConfig. */
export function parseConfigData(data: unknown): Config {
  const parsed = configSchema.safeParse(data, { reportInput: true });
  if (!parsed.success) throw new InvalidConfig(describeProblems(parsed.error.issues, configSchema));
  const conflicts = findConflicts(parsed.data);
  if (conflicts.length > 0) throw new InvalidConfig(conflicts.join("; "));
  return toConfig(parsed.data);
}

/** The format that a file's name says. Throws InvalidConfig unless it ends in `.toml` or `.json`. */
export function configFormatOf(fileName: string): ConfigFormat {
  if (fileName.endsWith(".toml")) return "toml";
  if (fileName.endsWith(".json")) return "json";
  throw new InvalidConfig(`${fileName}: expected a file name that ends in .toml or .json`);
}

function toConfig(file: ConfigFile): Config {
  const execution = toExecution(file.execution);
  return Object.freeze({
    engine: toEngine(file.engine),
    execution,
    server: toServer(file.server),
    functions: Object.freeze(file.functions.map((table) => toFunction(table, execution))),
  });
}

function toEngine(table: ConfigFile["engine"]): EngineConfig {
  return Object.freeze({
    poolingAllocator: table.pooling_allocator,
    maxInstances: table.max_instances,
    instanceMemoryMb: table.instance_memory_mb,
    cacheCompiledModules: table.cache_compiled_modules,
    cacheDir: table.cache_dir,
    epochInterruption: table.epoch_interruption,
    verifyResets: table.verify_resets,
    compileTimeoutMs: table.compile_timeout_ms,
    compileMemoryMb: table.compile_memory_mb,
    artifactKeyFile: table.artifact_key_file,
  });
}

function toExecution(table: ConfigFile["execution"]): ExecutionConfig {
  return Object.freeze({
    maxFuel: table.max_fuel,
    timeoutMs: table.timeout_ms,
    maxMemoryMb: table.max_memory_mb,
    fuelMetering: table.fuel_metering,
  });
}

function toServer(table: ConfigFile["server"]): ServerConfig {
  return Object.freeze({
    host: table.listen.host,
    port: table.listen.port,
    maxBodyBytes: table.max_body_bytes,
    maxHeaderBytes: table.max_header_bytes,
    headersTimeoutMs: table.headers_timeout_ms,
    requestTimeoutMs: table.request_timeout_ms,
    keepAliveTimeoutMs: table.keep_alive_timeout_ms,
    shutdownGraceMs: table.shutdown_grace_ms,
  });
}

function toFunction(table: FunctionTable, base: ExecutionConfig): FunctionConfig {
  return Object.freeze({
    name: table.name,
    route: table.route,
    source: table.source,
    entry: table.entry,
    permissions: toPermissions(table.permissions),
    proposals: Object.freeze({ gc: table.proposals.includes("gc"), threads: table.proposals.includes("threads") }),
    settings: Object.freeze(table.config),
    execution: Object.freeze({
      maxFuel: table.max_fuel ?? base.maxFuel,
      timeoutMs: table.timeout_ms ?? base.timeoutMs,
      maxMemoryMb: table.max_memory_mb ?? base.maxMemoryMb,
      fuelMetering: table.fuel_metering ?? base.fuelMetering,
    }),
  });
}

function toPermissions(permissions: FunctionTable["permissions"]): FunctionPermissions {
  const { logging, environment, clock_resolution_us: clockResolutionUs, http, network, directories } = permissions;
  return Object.freeze({
    loggingEnabled: logging,
    keyValueBuckets: Object.freeze(permissions.key_value),
    environment: new Map(Object.entries(environment)),
    clockResolutionUs,
    directories: Object.freeze(directories.map(({ host, guest, write }) => ({ host, guest, isWritable: write }))),
    http: Object.freeze({ allow: http.allow, allowPrivate: http.allow_private }),
    network: Object.freeze({ allow: network.allow, allowPrivate: network.allow_private, listen: network.listen }),
  });
}
