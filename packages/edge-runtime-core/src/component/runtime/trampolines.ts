// The JavaScript between core functions: lifts what a guest passes, calls the host or prepares the sibling, lowers
// what comes back. Steps run one after another under the adapter module, never around guest code.
// Spec: CanonicalABI `canon_lower`, `canon_lift`.

import { bug } from "edge-runtime-common";
import type { CoreValue, FuncAbi } from "../../canonical-abi/index.ts";
import type { HostFunction } from "../../engine/host-functions.ts";
import type { LiftPlan, TrampolinePlan } from "../plan.ts";
import { InstanceContext } from "./abi-context.ts";
import type { ComponentRuntime } from "./component-runtime.ts";
import { guard } from "./faults.ts";
import { giveBack } from "./instance-state.ts";

type LowerPlan = TrampolinePlan & { readonly kind: "lower" };
type Flat = readonly CoreValue[];
/** Imports of the adapter module for one trampoline, by step; the step of a direct one is `""`. */
export type TrampolineSteps = Readonly<Record<string, WebAssembly.ImportValue>>;

export interface HostLowering {
  readonly runtime: ComponentRuntime;
  readonly plan: LowerPlan;
  readonly abi: FuncAbi;
  readonly fn: HostFunction;
  /** Whether the result is allocated in the caller. */
  readonly allocates: boolean;
}

interface HostReturn {
  readonly value: unknown;
  readonly flat: Flat;
}

/** What follows the host function: the core result itself, or the number of allocations that it needs. */
function hostReturn(lowering: HostLowering, cx: InstanceContext): (returned: HostReturn) => CoreValue | undefined {
  const { runtime, abi, plan, allocates } = lowering;
  const state = runtime.state(plan.instance);
  const pointerAt = abi.returnPointerIndex;
  return ({ value, flat }) => {
    const measured = abi.measureResult(cx, value);
    const returnPointer = pointerAt === undefined ? undefined : flat[pointerAt];
    if (!allocates) return abi.lowerResult(cx, measured, [], returnPointer);
    runtime.pushFrame({ lends: undefined, returnPointer, lowering: measured });
    state.mayLeave = false;
    return runtime.beginAllocations(measured);
  };
}

/** A call of a host function by a guest. */
export function hostSteps(lowering: HostLowering): TrampolineSteps {
  const { runtime, plan, abi, fn } = lowering;
  const { store, kill } = runtime;
  const state = runtime.state(plan.instance);
  const cx = new InstanceContext({ runtime, instance: plan.instance, abi: plan.options, counterpart: "host" });
  const complete = hostReturn(lowering, cx);
  const liftArguments = (flat: Flat): unknown[] => {
    runtime.checkMayLeave(state);
    return abi.liftParams(cx, flat);
  };
  const callSync = guard(kill, (...flat: CoreValue[]) => {
    const args = liftArguments(flat);
    const lends = state.takeLends();
    const value = store.callHost(fn, args);
    giveBack(lends);
    return complete({ value, flat });
  });
  const callAsync = guard(kill, (...flat: CoreValue[]) => {
    const args = liftArguments(flat);
    const lends = state.takeLends();
    // Many guests may wait at once, each with its arguments.
    const { liftedBytes } = cx;
    store.holdHeap(liftedBytes);
    const finish = guard(kill, (value: unknown) => {
      store.releaseHeap(liftedBytes);
      giveBack(lends);
      return complete({ value, flat });
    });
    const pending: unknown = store.callHostAsync(fn, args);
    // The store waits for whatever is thenable: what it gives is a promise of its own or a value.
    return pending instanceof Promise ? pending.then(finish) : finish(pending);
  });
  const call = fn.kind === "async" ? new WebAssembly.Suspending(callAsync) : callSync;
  if (!lowering.allocates) return { "": call };
  return {
    start: call,
    finish: guard(kill, () => {
      state.mayLeave = true;
      const { lowering: measured, returnPointer } = runtime.popFrame();
      return abi.lowerResult(cx, measured ?? bug("a result was not measured"), runtime.pointers, returnPointer);
    }),
  };
}

export interface SiblingLowering {
  readonly runtime: ComponentRuntime;
  readonly plan: LowerPlan;
  readonly lift: LiftPlan;
  readonly abi: FuncAbi;
  /** Component instances that the call enters, coming from the caller. */
  readonly entered: readonly number[];
  /** The call is between an instance and one that it holds. */
  readonly isNested: boolean;
}

/** A call of a sibling component: arguments go from one memory to the other, and results back. */
export function siblingSteps({ runtime, plan, lift, abi, entered, isNested }: SiblingLowering): TrampolineSteps {
  const { kill } = runtime;
  const caller = runtime.state(plan.instance);
  const callee = runtime.state(lift.instance);
  const context = { runtime, counterpart: "sibling" } as const;
  const callerCx = new InstanceContext({ ...context, instance: plan.instance, abi: plan.options });
  const calleeCx = new InstanceContext({ ...context, instance: lift.instance, abi: lift.options });
  const pointerAt = abi.returnPointerIndex;
  const measured = "a value was not measured";
  const start = (...flat: CoreValue[]): number => {
    runtime.checkMayLeave(caller);
    if (isNested) runtime.trap("cannot enter component instance", "cannot_enter");
    runtime.enter(entered);
    const args = abi.liftParams(callerCx, flat);
    const lowering = abi.measureParams(calleeCx, args);
    const returnPointer = pointerAt === undefined ? undefined : flat[pointerAt];
    runtime.pushFrame({ lends: caller.takeLends(), returnPointer, lowering });
    callee.mayLeave = false;
    return runtime.beginAllocations(lowering);
  };
  const ready = (): void => {
    const { frame } = runtime;
    callee.mayLeave = true;
    runtime.calleeArguments = abi.lowerParams(calleeCx, frame.lowering ?? bug(measured), runtime.pointers);
    frame.scope = callee.takeScope();
  };
  const returned = (core?: CoreValue): number => {
    const { frame } = runtime;
    const value = abi.liftResult(calleeCx, core);
    runtime.checkBorrows(frame.scope);
    frame.lowering = abi.measureResult(callerCx, value);
    caller.mayLeave = false;
    return runtime.beginAllocations(frame.lowering);
  };
  const stored = (): void => {
    const { frame } = runtime;
    caller.mayLeave = true;
    frame.result = abi.lowerResult(callerCx, frame.lowering ?? bug(measured), runtime.pointers, frame.returnPointer);
    callee.mayLeave = lift.postReturn === undefined;
  };
  const finish = (): CoreValue | undefined => {
    const { lends, result } = runtime.popFrame();
    callee.mayLeave = true;
    runtime.leave(entered);
    giveBack(lends);
    return result;
  };
  return {
    start: guard(kill, start),
    ready: guard(kill, ready),
    returned: guard(kill, returned),
    stored: guard(kill, stored),
    finish: guard(kill, finish),
  };
}
