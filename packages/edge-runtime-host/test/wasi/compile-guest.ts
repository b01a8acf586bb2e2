// Guests of tests in the text format, compiled in an engine of their own.

import { defaultConfig } from "edge-runtime-common";
import { CompiledModule, WasmEngine } from "edge-runtime-core";
import type { Platform } from "edge-runtime-core";

export interface CompiledGuest {
  readonly engine: WasmEngine;
  readonly module: CompiledModule;
}

export async function compileGuest(text: string, platform: Platform): Promise<CompiledGuest> {
  const config = { ...defaultConfig().engine, maxInstances: 2000, cacheCompiledModules: false };
  const engine = new WasmEngine(config, { platform });
  return { engine, module: await CompiledModule.fromWat(engine, text) };
}
