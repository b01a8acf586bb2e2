// A component function type compiled for calls in both directions. Lowering has two phases, because the guest's
// `realloc` may suspend: `measure` walks the values and lists every allocation in the spec's order, the caller
// makes them, and `lower` stores with the pointers it got. Nothing but the caller runs guest code.
// Spec: CanonicalABI "Flattening", "Lifting and Lowering Values".

import { createTypeCompiler } from "./compile-type.ts";
import type { AbiContext, CoreSignature, CoreType, CoreValue } from "./context.ts";
import { flatUpTo, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS } from "./layout.ts";
import { flattenedParams, resultAbi, spilledParams } from "./passing.ts";
import { tupleCodec } from "./records.ts";
import type { FuncType } from "./types.ts";

/**
 * Outcome of phase one: the values are valid for their types, and these allocations are to be made in this order,
 * each as `realloc(0, 0, aligns[i], sizes[i])`; a size may be 0. To be lowered once, in the context that measured it.
 */
export interface LoweringPlan {
  /** Bytes, 0 to 2^32 - 1. */
  readonly sizes: readonly number[];
  /** 1, 2, 4 or 8. */
  readonly aligns: readonly number[];
}

/** Immutable and shareable between instances; nothing in it is kept from a call. */
export interface FuncAbi {
  /** Core signature of the guest function that `canon lift` wraps. */
  readonly lift: CoreSignature;
  /** Core signature of the function that `canon lower` makes. */
  readonly lower: CoreSignature;
  /** Where `canon lower` finds the return pointer among its core arguments; undefined where results are flat. */
  readonly returnPointerIndex: number | undefined;
  /** Arguments of a guest's call of a lowered import. Ignores a trailing return pointer. Traps on invalid data. */
  readonly liftParams: (cx: AbiContext, flat: readonly CoreValue[]) => unknown[];
  /** The result that a lifted core function returned (undefined where it returns nothing). Traps on invalid data. */
  readonly liftResult: (cx: AbiContext, core: CoreValue | undefined) => unknown;
  /** @throws SignatureMismatch when a value does not fit its type, naming its path, e.g. `args[0].headers[3][1]`. */
  readonly measureParams: (cx: AbiContext, values: readonly unknown[]) => LoweringPlan;
  /** @throws SignatureMismatch when the value does not fit the result type, naming its path. */
  readonly measureResult: (cx: AbiContext, value: unknown) => LoweringPlan;
  /**
   * Core arguments for a lifted function. `pointers` are what realloc returned, in the plan's order; the guest traps
   * where one is not aligned or not in memory. @throws SignatureMismatch when the host changed a value meanwhile.
   */
  readonly lowerParams: (cx: AbiContext, plan: LoweringPlan, pointers: readonly number[]) => CoreValue[];
  /**
   * What a lowered import returns to the guest: one core value, or undefined where there is no result or it was
   * stored at `returnPointer` (the core argument at `returnPointerIndex`).
   */
  readonly lowerResult: (
    cx: AbiContext,
    plan: LoweringPlan,
    pointers: readonly number[],
    returnPointer?: CoreValue,
  ) => CoreValue | undefined;
}

const POINTER: readonly CoreType[] = ["i32"];

/** Compiles the type once; the cost is linear in the size of its definition. */
export function compileFuncAbi(type: FuncType): FuncAbi {
  const compile = createTypeCompiler();
  // Parameters travel as a tuple: flat where it flattens to at most 16 core values, else in memory.
  const params = tupleCodec(type.params.map((param) => compile(param.type)));
  const result = type.result === undefined ? undefined : compile(type.result);
  const flatParams = flatUpTo(MAX_FLAT_PARAMS, params.flat);
  const flatResult = result === undefined ? [] : flatUpTo(MAX_FLAT_RESULTS, result.flat);
  const coreParams = flatParams ?? POINTER;
  return {
    lift: { params: coreParams, results: flatResult ?? POINTER },
    lower: {
      params: flatResult === undefined ? [...coreParams, ...POINTER] : coreParams,
      results: flatResult ?? [],
    },
    returnPointerIndex: flatResult === undefined ? coreParams.length : undefined,
    ...(flatParams === undefined ? spilledParams(params) : flattenedParams(params, flatParams)),
    ...resultAbi(result, flatResult),
  };
}
