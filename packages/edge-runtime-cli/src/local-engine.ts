// The engine that `run`, `compile` and `inspect` use: one program, once, so nothing is pooled or cached.

import { defaultConfig } from "edge-runtime-common";
import type { CompileOptions } from "edge-runtime-core";
import { CompiledModule, WasmEngine } from "edge-runtime-core";
import { createNodePlatform } from "edge-runtime-host";
import { readInputFile } from "./input-file.ts";

export function createLocalEngine(): WasmEngine {
  const config = { ...defaultConfig().engine, poolingAllocator: false, cacheCompiledModules: false };
  return new WasmEngine(config, { platform: createNodePlatform() });
}

/**
 * Reads and compiles a module, component, text or artifact. With `fuelMetering` false, artifacts of either form are
 * accepted. Throws UsageError, CompilationFailed, ArtifactRefused.
 */
export async function loadModule(engine: WasmEngine, file: string, options: CompileOptions): Promise<CompiledModule> {
  return CompiledModule.fromAny(engine, await readInputFile(file), options);
}
