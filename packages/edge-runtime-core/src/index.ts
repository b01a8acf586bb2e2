/// <reference path="./wasm-js-api.d.ts" />
// The public surface of core: engine, modules, runners, host functions, and the types that cross it.

export { validateWasmHeader } from "./binary/header.ts";
export type { ModuleKind } from "./binary/header.ts";
export { propertyNames } from "./canonical-abi/names.ts";
export { elementArrays, isNumberKind } from "./canonical-abi/number-lists.ts";
export type { NumberKind } from "./canonical-abi/number-lists.ts";
export { isTaggedOption } from "./canonical-abi/option-form.ts";
export type * from "./canonical-abi/types.ts";
export { isArtifact } from "./engine/artifact.ts";
export { GuestResource } from "./component/index.ts";
export { Capacity } from "./engine/capacity.ts";
export type { CapacityStats } from "./engine/capacity.ts";
export type { Preview1Adapter, RewrittenProgram } from "./engine/compile.ts";
export { CompiledModule } from "./engine/compiled-module.ts";
export type { CompileOptions, EntryType } from "./engine/compiled-module.ts";
export { calculateFuelConsumed, createStore, getRemainingFuel } from "./engine/create-store.ts";
export { WasmEngine } from "./engine/engine.ts";
export type { EngineOptions, ResetFault } from "./engine/engine.ts";
export type { ExecutionResult, Success, Trapped } from "./engine/execution-result.ts";
export { FuelProfile } from "./engine/fuel-profile.ts";
export type { FuelSample, ProfileNode } from "./engine/fuel-profile.ts";
export { toCpuProfile } from "./engine/cpu-profile.ts";
export type { CpuProfile, CpuProfileNode } from "./engine/cpu-profile.ts";
export { hostInstance } from "./engine/host-functions.ts";
export { createHostModule } from "./engine/host-module.ts";
export type {
  HostCall,
  HostFunction,
  HostImports,
  HostInstance,
  HostItem,
  HostModule,
  HostReads,
  HostResource,
} from "./engine/host-functions.ts";
export { wit } from "./engine/host-types.ts";
export type { HostCase, HostField, HostFuncType, HostValType } from "./engine/host-types.ts";
export { Grants } from "./engine/grants.ts";
export type { Grant } from "./engine/grants.ts";
export { InstanceRunner } from "./engine/instance-runner.ts";
export type { Run, RunnerOptions, RunOptions } from "./engine/instance-runner.ts";
export type { ItemDescription, MemoryDescription, ModuleDescription } from "./engine/module-description.ts";
export type { ArtifactCache, Platform } from "./engine/platform.ts";
export type { Proposals } from "./engine/proposals.ts";
export { Store } from "./engine/store.ts";
export type { Metering } from "./instrument/plan.ts";
export { WorkerContext } from "./engine/worker-context.ts";
export type { ExecutionMetrics, LogEntry, LogLevel, Service, WorkerContextOptions } from "./engine/worker-context.ts";
export type { PoolStats } from "./pool/instance-pool.ts";
