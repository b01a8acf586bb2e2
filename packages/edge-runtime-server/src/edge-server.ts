// The whole server: functions loaded, then listening; and the reverse. Composition only.

import { createHostImports, createMemoryKeyValueStore } from "edge-runtime-host";
import type { KeyValueStore, Logger } from "edge-runtime-host";
import { ExecutionCancelled } from "edge-runtime-common";
import type { Config } from "edge-runtime-common";
import type { HostImports, WasmEngine } from "edge-runtime-core";
import { loadFunctions } from "./function-loader.ts";
import type { ServedFunction } from "./function-runner.ts";
import { HttpServer } from "./http-server.ts";
import type { ListenedAddress } from "./http-server.ts";

export interface ServerOptions {
  readonly config: Config;
  readonly engine: WasmEngine;
  readonly logger: Logger;
  /** Folder that relative sources count from. Default: the working directory. */
  readonly baseDirectory?: string;
  /** What guests may import. Default: `createHostImports`. */
  readonly imports?: HostImports;
  /** Where functions keep entries; the caller closes it. Default: in memory, gone when the server closes. */
  readonly keyValue?: KeyValueStore;
}

export interface EdgeServer {
  /**
   * Loads the functions, prepares their instances and listens. Once only. Rejects with FunctionLoadFailed, and with
   * Io where the address cannot be had.
   */
  readonly listen: () => Promise<ListenedAddress>;
  /** Stops: accepts nothing more, finishes what runs within `shutdown_grace_ms`, then cancels it. Never rejects. */
  readonly close: () => Promise<void>;
  /** In the order of the configuration; empty until `listen` has resolved. */
  readonly functions: readonly ServedFunction[];
}

export function createServer(options: ServerOptions): EdgeServer {
  const { config, engine, logger } = options;
  const functions: ServedFunction[] = [];
  const ownKeyValue = createMemoryKeyValueStore(engine.platform);
  let server: HttpServer | undefined;
  let closing: Promise<void> | undefined;

  async function listen(): Promise<ListenedAddress> {
    const imports = options.imports ?? createHostImports({ platform: engine.platform });
    const keyValue = options.keyValue ?? ownKeyValue;
    const baseDirectory = options.baseDirectory ?? process.cwd();
    functions.push(...(await loadFunctions(config.functions, { engine, imports, baseDirectory, keyValue })));
    if (closing !== undefined) {
      disposeAll();
      throw new ExecutionCancelled("the server was closed while it started");
    }
    const longestRunMs = Math.max(0, ...config.functions.map((fn) => fn.execution.timeoutMs));
    server = new HttpServer({ config: config.server, functions, logger, clock: engine.platform, longestRunMs });
    try {
      return await server.listen();
    } catch (error) {
      disposeAll();
      throw error;
    }
  }

  async function close(): Promise<void> {
    await server?.close();
    disposeAll();
    await ownKeyValue.close();
  }

  function disposeAll(): void {
    for (const { runner } of functions) runner.dispose();
  }

  return {
    listen,
    close: () => {
      closing ??= close();
      return closing;
    },
    functions,
  };
}
