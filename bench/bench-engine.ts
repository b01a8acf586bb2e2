// An engine with real clocks and without disk caches, for the benches.

import { defaultConfig } from "edge-runtime-common";
import type { EngineConfig } from "edge-runtime-common";
import { WasmEngine, WorkerContext } from "edge-runtime-core";
import { testPlatform } from "edge-runtime-testing";

export function createBenchEngine(config: Partial<EngineConfig> = {}): WasmEngine {
  return new WasmEngine({ ...defaultConfig().engine, ...config }, { platform: testPlatform() });
}

export function newContext(): WorkerContext {
  return new WorkerContext({ requestId: "bench", startedAtMs: 0 });
}
