// The door for siblings, tests, scripts and benches: parts of the engine that embedders should not depend on.

export { readOpcode, skipConstantExpression, skipImmediates } from "./binary/instruction.ts";
export { functionTypeAt, readCoreModule, SectionId } from "./binary/module.ts";
export type { CoreModuleShape } from "./binary/module.ts";
export { Immediate, oneByteOpcodes, prefixedOpcodes } from "./binary/opcodes.ts";
export type { Opcode } from "./binary/opcodes.ts";
export { Reader } from "./binary/reader.ts";
export { Writer } from "./binary/writer.ts";
export type { Codec } from "./canonical-abi/codec.ts";
export { createTypeCompiler } from "./canonical-abi/compile-type.ts";
export type { AbiContext, CoreType, CoreValue, LoweringPlan } from "./canonical-abi/index.ts";
export { compileFuncAbi, DEFAULT_LIFT_BUDGET_BYTES, viewBuffer } from "./canonical-abi/index.ts";
export { Lift } from "./canonical-abi/lift.ts";
export { Lowering } from "./canonical-abi/lowering.ts";
export { rewriteProgram } from "./engine/compile.ts";
export type { CompiledCore, CoreModuleInstance } from "./engine/core-instance.ts";
export { emptyStore } from "./engine/create-store.ts";
export { ProgramImages } from "./engine/memory-image.ts";
export { instantiate, createPool } from "./engine/instantiate.ts";
export type { Guest } from "./engine/program.ts";
export type { RunLimits } from "./engine/limits.ts";
export { runLimits } from "./engine/limits.ts";
export type { CorePlan, CoreSignature, CounterPlace, Metering } from "./instrument/plan.ts";
export { rewriteModule } from "./instrument/rewrite-module.ts";
export type { PooledInstance } from "./pool/instance-pool.ts";
export { InstancePool } from "./pool/instance-pool.ts";
export { ResetVerifier } from "./pool/reset-verifier.ts";
