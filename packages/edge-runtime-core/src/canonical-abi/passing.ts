// How parameters and results are passed: as core values where they are few, else in memory behind a pointer that
// the guest allocates or names. Here lifts and lowerings start, and faults of host values get their path.
// Spec: CanonicalABI `lift_flat_values`, `lower_flat_values`.

import { bug } from "edge-runtime-common";
import type { Codec } from "./codec.ts";
import type { AbiContext, CoreType, CoreValue } from "./context.ts";
import type { FuncAbi, LoweringPlan } from "./func-abi.ts";
import { toPublicError, ValueFault } from "./invalid-value.ts";
import { Lift } from "./lift.ts";
import { Lowering } from "./lowering.ts";
import { NO_MEMORY } from "./memory.ts";

type ParamsAbi = Pick<FuncAbi, "liftParams" | "measureParams" | "lowerParams">;
type ResultAbi = Pick<FuncAbi, "liftResult" | "measureResult" | "lowerResult">;

/** Parts of a call's parameters or result that cost no more than the call: as many as may be passed flat. */
const FREE_VALUES = 16;

/** Types are the guest's too: one of 100,000 fields must not be lifted for the price of a call. */
function chargeParts(cx: AbiContext, { nodes }: Codec): void {
  if (nodes > FREE_VALUES) cx.chargeValues(nodes - FREE_VALUES);
}

function startLift(cx: AbiContext, codec: Codec, usesMemory: boolean): Lift {
  const lift = new Lift(cx, usesMemory ? cx.memory() : NO_MEMORY);
  lift.takeBudget(codec.heapBytes);
  chargeParts(cx, codec);
  return lift;
}

/** Loads from where the guest says that the value is. */
function loadFrom(lift: Lift, codec: Codec, core: CoreValue | undefined, what: string): unknown {
  const ptr = Number(core) >>> 0;
  // trap_if(ptr != align_to(ptr, alignment)); trap_if(ptr + elem_size > len(cx.opts.memory))
  lift.checkRange(ptr, codec.size, codec.alignment, what);
  return codec.load(lift, ptr);
}

/** Lifts a call's arguments and tells what they take. */
function liftArguments(lift: Lift, lifted: (lift: Lift) => unknown): unknown[] {
  const values = lifted(lift);
  lift.cx.settle();
  lift.cx.lifted?.(lift.heapBytes);
  return values as unknown[];
}

function liftOne(lift: Lift, lifted: (lift: Lift) => unknown): unknown {
  const value = lifted(lift);
  lift.cx.settle();
  return value;
}

/** Phase one under `root`, the first step of an error's path. */
function measureAs(root: string, codec: Codec, lowering: Lowering, value: unknown): LoweringPlan {
  try {
    chargeParts(lowering.cx, codec);
    codec.measure(lowering, value);
  } catch (error) {
    // The host's fault: the guest may go on, and pays for what was looked at.
    if (error instanceof ValueFault) lowering.cx.settle();
    throw toPublicError(root, error);
  }
  lowering.cx.settle();
  return lowering;
}

function startLower(cx: AbiContext, plan: LoweringPlan, pointers: readonly number[], usesMemory: boolean): Lowering {
  if (!(plan instanceof Lowering) || plan.cx !== cx) bug("a lowering plan of another context");
  plan.begin(pointers, usesMemory);
  return plan;
}

function zerosOf(types: readonly CoreType[]): CoreValue[] {
  return types.map((type) => (type === "i64" ? 0n : 0));
}

/** Parameters as core values. */
export function flattenedParams(params: Codec, flat: readonly CoreType[]): ParamsAbi {
  const lifted = params.compileFlatLift(flat, 0);
  const lower = params.compileFlatLower(flat, 0);
  const zeros = zerosOf(flat);
  return {
    liftParams: (cx, core) => liftArguments(startLift(cx, params, params.usesMemory), (lift) => lifted(lift, core)),
    measureParams: (cx, values) => measureAs("args", params, new Lowering(cx, values), values),
    lowerParams: (cx, plan, pointers) => {
      const lowering = startLower(cx, plan, pointers, params.usesMemory);
      const out = zeros.slice();
      try {
        lower(lowering, lowering.value, out);
      } catch (error) {
        throw toPublicError("args", error);
      }
      return out;
    },
  };
}

/** Parameters in memory: the callee allocates the whole tuple first. */
export function spilledParams(params: Codec): ParamsAbi {
  return {
    liftParams: (cx, [ptr]) =>
      liftArguments(startLift(cx, params, true), (lift) => loadFrom(lift, params, ptr, "parameters")),
    measureParams: (cx, values) => {
      const lowering = new Lowering(cx, values);
      lowering.allocate(params.size, params.alignment);
      return measureAs("args", params, lowering, values);
    },
    lowerParams: (cx, plan, pointers) => {
      const lowering = startLower(cx, plan, pointers, true);
      try {
        const ptr = lowering.take(params.size);
        params.store(lowering, lowering.value, ptr);
        return [ptr];
      } catch (error) {
        throw toPublicError("args", error);
      }
    },
  };
}

const NO_RESULT: ResultAbi = {
  liftResult: () => undefined,
  measureResult: (cx) => new Lowering(cx, undefined),
  lowerResult: () => undefined,
};

/** `flat` is undefined where the result is in memory: behind the returned pointer, or where the caller wants it. */
export function resultAbi(result: Codec | undefined, flat: readonly CoreType[] | undefined): ResultAbi {
  if (result === undefined) return NO_RESULT;
  return flat === undefined ? spilledResult(result) : flattenedResult(result, flat);
}

function flattenedResult(result: Codec, flat: readonly CoreType[]): ResultAbi {
  const lifted = result.compileFlatLift(flat, 0);
  const lower = result.compileFlatLower(flat, 0);
  const zeros = zerosOf(flat);
  return {
    liftResult: (cx, core) => liftOne(startLift(cx, result, result.usesMemory), (lift) => lifted(lift, [core ?? 0])),
    measureResult: (cx, value) => measureAs("result", result, new Lowering(cx, value), value),
    lowerResult: (cx, plan, pointers) => {
      const lowering = startLower(cx, plan, pointers, result.usesMemory);
      const out = zeros.slice();
      try {
        lower(lowering, lowering.value, out);
      } catch (error) {
        throw toPublicError("result", error);
      }
      return out[0];
    },
  };
}

function spilledResult(result: Codec): ResultAbi {
  return {
    liftResult: (cx, core) => liftOne(startLift(cx, result, true), (lift) => loadFrom(lift, result, core, "result")),
    measureResult: (cx, value) => measureAs("result", result, new Lowering(cx, value), value),
    lowerResult: (cx, plan, pointers, returnPointer) => {
      const lowering = startLower(cx, plan, pointers, true);
      const ptr = Number(returnPointer) >>> 0;
      lowering.checkRange(ptr, result.size, result.alignment);
      try {
        result.store(lowering, lowering.value, ptr);
      } catch (error) {
        throw toPublicError("result", error);
      }
      return undefined;
    },
  };
}
