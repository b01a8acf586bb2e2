// The canonical ABI for siblings in core: component values to and from core values and linear memory.

export type { AbiContext, AbiMemory, CoreSignature, CoreType, CoreValue } from "./context.ts";
export { DEFAULT_LIFT_BUDGET_BYTES } from "./context.ts";
export type { FuncAbi, LoweringPlan } from "./func-abi.ts";
export { compileFuncAbi } from "./func-abi.ts";
export { invalidValue } from "./invalid-value.ts";
export { MAX_FLAT_PARAMS, MAX_FLAT_RESULTS } from "./layout.ts";
export { LinearMemory, viewBuffer } from "./memory.ts";
export type { FuncType, StringEncoding, ValType } from "./types.ts";
