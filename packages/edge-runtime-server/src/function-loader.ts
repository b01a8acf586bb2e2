// From a configured function to one that is ready to serve: read, compile (or take from the cache), check that the
// entry point can be served, link, and prepare instances. All of it happens before the server listens, so that no
// request waits for it; whatever fails names the function and its file.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { FunctionConfig } from "edge-runtime-common";
import { ExportNotFound, FunctionLoadFailed, Io, ModuleNotFound, SignatureMismatch } from "edge-runtime-common";
import { CompiledModule, InstanceRunner } from "edge-runtime-core";
import type { HostImports, WasmEngine } from "edge-runtime-core";
import {
  createNodeNetwork,
  createUndiciClient,
  INCOMING_HANDLER_ENTRY,
  incomingHandlerType,
  OUTGOING_HTTP,
} from "edge-runtime-host";
import type { DisposableHttpClient, KeyValueStore } from "edge-runtime-host";
import { functionGrants } from "./function-grants.ts";
import type { ServedFunction } from "./function-runner.ts";
import { isHandlerType } from "./handler-type.ts";

export interface LoadOptions {
  readonly engine: WasmEngine;
  /** What guests may import. */
  readonly imports: HostImports;
  /** Folder that relative sources count from. */
  readonly baseDirectory: string;
  /** Where functions that were granted buckets keep their entries. */
  readonly keyValue: KeyValueStore;
}

/** Instances that wait for the first requests; the pool makes more as they are needed. */
const WARM_INSTANCES = 4;

/** What a core function may answer with: text can be made of it. */
const NUMBER_TYPES: ReadonlySet<string> = new Set(["i32", "i64", "f32", "f64"]);

/** Entry points that take streams. */
const INCOMING_HANDLER = /^wasi:http\/incoming-handler@0\.2\.[^#]*#handle$/;

/** Of requests that functions send, where they do not name another. */
const USER_AGENT = "edge-runtime";

const HOLD_INTERVAL_MS = 60_000;

/** In the order of the configuration. Rejects with FunctionLoadFailed. */
export async function loadFunctions(
  functions: readonly FunctionConfig[],
  options: LoadOptions,
): Promise<ServedFunction[]> {
  const loaded: ServedFunction[] = [];
  // V8 compiles on threads of its own, which do not hold the event loop open: without this the process could end here.
  const hold = setInterval(() => undefined, HOLD_INTERVAL_MS);
  try {
    // One after the other: compiling is all CPU, and the first error is the first function's.
    for (const config of functions) loaded.push(await loadFunction(config, options));
    return loaded;
  } catch (error) {
    for (const { runner } of loaded) runner.dispose();
    throw error;
  } finally {
    clearInterval(hold);
  }
}

async function loadFunction(config: FunctionConfig, options: LoadOptions): Promise<ServedFunction> {
  const file = resolve(options.baseDirectory, config.source);
  try {
    const bytes = await readSource(file);
    const { fuelMetering } = config.execution;
    const { proposals } = config;
    const module = await CompiledModule.fromAny(options.engine, bytes, { fuelMetering, proposals });
    const { contentHash } = module;
    const { engine, imports } = options;
    const { kind, entry } = findEntry(module, config.entry, imports);
    const client = httpClient(config);
    const grants = (await functionGrants(config, options.baseDirectory, options.keyValue)).with(OUTGOING_HTTP, client);
    const runner = await InstanceRunner.create(engine, module, { execution: config.execution, imports, grants });
    await runner.warmUp(WARM_INSTANCES);
    return {
      name: config.name,
      route: config.route,
      kind,
      entry,
      contentHash,
      permissions: config.permissions,
      grants,
      runner: {
        start: (name, args, run) => runner.start(name, args, run),
        dispose: () => {
          runner.dispose();
          void client?.dispose();
        },
      },
    };
  } catch (error) {
    throw new FunctionLoadFailed(config.name, file, error);
  }
}

/** What sends the function's requests; undefined where it may send none. */
function httpClient({ permissions }: FunctionConfig): DisposableHttpClient | undefined {
  const { http } = permissions;
  if (http.allow.length === 0 && http.allowPrivate.length === 0) return undefined;
  return createUndiciClient({ network: createNodeNetwork(), grant: http, userAgent: USER_AGENT });
}

/** What is called, and how: `wasi:http/incoming-handler` of any 0.2 version before `handle`, unless one is named. */
function findEntry(
  module: CompiledModule,
  named: string | undefined,
  imports: HostImports,
): Pick<ServedFunction, "kind" | "entry"> {
  const isHttp = named === undefined ? exports(module, INCOMING_HANDLER_ENTRY) : INCOMING_HANDLER.test(named);
  if (!isHttp) {
    const entry = named ?? (module.kind === "component" ? "handle" : "_start");
    checkEntry(module, entry);
    return { kind: module.kind, entry };
  }
  const entry = named ?? INCOMING_HANDLER_ENTRY;
  if (!exports(module, entry)) throw new ExportNotFound(entry, module.entryNames());
  if (!module.hasEntry(entry, incomingHandlerType, imports)) {
    throw new SignatureMismatch(entry, "it is not the handle of wasi:http/incoming-handler");
  }
  return { kind: "http", entry };
}

function exports(module: CompiledModule, entry: string): boolean {
  return module.entryType(entry)?.kind === "component";
}

async function readSource(file: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") throw new ModuleNotFound(file);
    throw new Io(error instanceof Error ? error.message : String(error), error);
  }
}

function checkEntry(module: CompiledModule, entry: string): void {
  const type = module.entryType(entry);
  if (type === undefined) throw new ExportNotFound(entry, module.entryNames());
  if (type.kind === "core" && type.params.length > 0) {
    throw new SignatureMismatch(entry, "a core function that is served takes no arguments");
  }
  if (type.kind === "core" && !type.results.every((result) => NUMBER_TYPES.has(result))) {
    throw new SignatureMismatch(
      entry,
      `a core function that is served returns numbers, not ${type.results.join(", ")}`,
    );
  }
  if (type.kind === "component" && !isHandlerType(type.type)) {
    throw new SignatureMismatch(entry, "it is not the handle of world http-handler (wit/world.wit)");
  }
}
