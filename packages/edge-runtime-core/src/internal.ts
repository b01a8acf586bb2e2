// The door for siblings, tests and benches: parts of the engine that embedders should not depend on.

export { rewriteProgram } from "./engine/compile.ts";
export { instantiate, createPool } from "./engine/instantiate.ts";
export { runLimits } from "./engine/limits.ts";
export type { Metering } from "./instrument/plan.ts";
export { rewriteModule } from "./instrument/rewrite-module.ts";
export type { PooledInstance } from "./pool/instance-pool.ts";
export { InstancePool } from "./pool/instance-pool.ts";
