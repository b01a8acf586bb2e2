// A function that a component exports, callable from the host. Argument allocations, the call and post-return each
// run as a call that may suspend; in between the ABI reads and writes the guest's memory.
// Spec: CanonicalABI `canon_lift`.

import type { CoreValue, FuncAbi, LoweringPlan } from "../../canonical-abi/index.ts";
import type { FuncType } from "../../canonical-abi/types.ts";
import type { CoreFunction } from "../../engine/component-store.ts";
import type { LiftPlan } from "../plan.ts";
import { InstanceContext } from "./abi-context.ts";
import type { ComponentRuntime } from "./component-runtime.ts";
import type { InstanceState } from "./instance-state.ts";

export interface LiftedFunction {
  readonly type: FuncType;
  /**
   * Calls the function with values in the mapping of jco and resolves to its result (undefined where it has none).
   * Rejects with SignatureMismatch where an argument does not fit its type: then nothing ran. Any other rejection
   * ended the guest, and the instance must be discarded.
   */
  readonly call: (args: readonly unknown[]) => Promise<unknown>;
}

export interface LiftOptions {
  readonly runtime: ComponentRuntime;
  readonly plan: LiftPlan;
  readonly type: FuncType;
  readonly abi: FuncAbi;
  /** Component instances that a call from the host enters. */
  readonly entered: readonly number[];
  /** The adapter module's `alloc`. */
  readonly alloc: CoreFunction;
}

export class HostCallableFunction implements LiftedFunction {
  readonly type: FuncType;
  readonly #runtime: ComponentRuntime;
  readonly #plan: LiftPlan;
  readonly #abi: FuncAbi;
  readonly #entered: readonly number[];
  readonly #alloc: CoreFunction;
  readonly #callee: CoreFunction;
  readonly #postReturn: CoreFunction | undefined;
  readonly #state: InstanceState;
  readonly #cx: InstanceContext;

  constructor({ runtime, plan, type, abi, entered, alloc }: LiftOptions) {
    this.type = type;
    this.#runtime = runtime;
    this.#plan = plan;
    this.#abi = abi;
    this.#entered = entered;
    this.#alloc = alloc;
    this.#callee = runtime.coreFunction(plan.callee);
    this.#postReturn = plan.postReturn === undefined ? undefined : runtime.coreFunction(plan.postReturn);
    this.#state = runtime.state(plan.instance);
    this.#cx = new InstanceContext({ runtime, instance: plan.instance, abi: plan.options, counterpart: "host" });
  }

  readonly call = async (args: readonly unknown[]): Promise<unknown> => {
    const runtime = this.#runtime;
    const lowering = this.#abi.measureParams(this.#cx, args);
    runtime.enter(this.#entered);
    const flat = await this.#lowerArguments(lowering);
    const scope = this.#state.takeScope();
    const core = (await runtime.store.callSuspendable(this.#callee, flat)) as CoreValue | undefined;
    const result = this.#abi.liftResult(this.#cx, core);
    runtime.checkBorrows(scope);
    if (this.#postReturn !== undefined) await this.#runPostReturn(this.#postReturn, core);
    runtime.leave(this.#entered);
    return result;
  };

  async #lowerArguments(lowering: LoweringPlan): Promise<CoreValue[]> {
    const runtime = this.#runtime;
    const count = runtime.beginAllocations(lowering);
    if (count > 0) {
      this.#state.mayLeave = false;
      await runtime.store.callSuspendable(this.#alloc, [count, this.#plan.options.realloc]);
      this.#state.mayLeave = true;
    }
    try {
      return this.#abi.lowerParams(this.#cx, lowering, runtime.pointers);
    } catch (error) {
      // A value that does not fit ends the call, not the guest.
      runtime.leave(this.#entered);
      throw error;
    }
  }

  /** Frees what the result pointed to; gets the core result of the function. */
  async #runPostReturn(postReturn: CoreFunction, core: CoreValue | undefined): Promise<void> {
    this.#state.mayLeave = false;
    await this.#runtime.store.callSuspendable(postReturn, core === undefined ? [] : [core]);
    this.#state.mayLeave = true;
  }
}
