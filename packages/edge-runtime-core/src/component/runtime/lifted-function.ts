// A function that a component exports, callable from the host. The adapter module runs the guest's part as one call
// that may suspend: allocations, the function, post-return. Its steps come back here, where the ABI reads and writes
// the guest's memory.
// Spec: CanonicalABI `canon_lift`.

import { bug } from "edge-runtime-common";
import type { CoreValue, FuncAbi, LoweringPlan } from "../../canonical-abi/index.ts";
import type { FuncType } from "../../canonical-abi/types.ts";
import type { CoreFunction } from "../../engine/component-store.ts";
import type { LiftPlan } from "../plan.ts";
import { InstanceContext } from "./abi-context.ts";
import type { ComponentRuntime } from "./component-runtime.ts";
import type { BorrowScope } from "./handle-table.ts";
import type { InstanceState } from "./instance-state.ts";
import type { TrampolineSteps } from "./trampolines.ts";

export interface LiftedFunction {
  readonly type: FuncType;
  /**
   * Calls the function with values in the mapping of jco and resolves to its result (undefined where it has none).
   * Rejects with SignatureMismatch where an argument does not fit its type: then the function did not run. Any other
   * rejection ended the guest, and the instance must be discarded.
   */
  readonly call: (args: readonly unknown[]) => Promise<unknown>;
}

export interface EntryOptions {
  readonly runtime: ComponentRuntime;
  readonly plan: LiftPlan;
  readonly type: FuncType;
  readonly abi: FuncAbi;
  /** Component instances that a call from the host enters. */
  readonly entered: readonly number[];
}

export class HostEntry implements LiftedFunction {
  readonly type: FuncType;
  readonly #runtime: ComponentRuntime;
  readonly #plan: LiftPlan;
  readonly #abi: FuncAbi;
  readonly #entered: readonly number[];
  readonly #state: InstanceState;
  readonly #cx: InstanceContext;
  readonly #resultCx: InstanceContext;
  #entry: CoreFunction | undefined;
  #lowering: LoweringPlan | undefined;
  #scope: BorrowScope | undefined;
  #result: unknown;

  constructor({ runtime, plan, type, abi, entered }: EntryOptions) {
    this.type = type;
    this.#runtime = runtime;
    this.#plan = plan;
    this.#abi = abi;
    this.#entered = entered;
    this.#state = runtime.state(plan.instance);
    const context = { runtime, instance: plan.instance, abi: plan.options, counterpart: "host" } as const;
    this.#cx = new InstanceContext(context);
    this.#resultCx = new InstanceContext({ ...context, liftsResults: true });
  }

  /** Gives the entry its function of the adapter module. */
  useFunction(entry: CoreFunction): this {
    this.#entry = entry;
    return this;
  }

  get isPrepared(): boolean {
    return this.#entry !== undefined;
  }

  /** Imports of the adapter module. What they throw reaches the caller: no guest frame is between. */
  get steps(): TrampolineSteps {
    return { ready: this.#ready, returned: this.#returned };
  }

  readonly #ready = (): void => {
    this.#state.mayLeave = true;
    const lowering = this.#lowering ?? bug("an entry ran outside a call");
    this.#runtime.calleeArguments = this.#lowerParams(lowering);
    this.#scope = this.#state.takeScope();
  };

  readonly #returned = (core?: CoreValue): void => {
    this.#result = this.#abi.liftResult(this.#resultCx, core);
    this.#runtime.checkBorrows(this.#scope);
    this.#state.mayLeave = this.#plan.postReturn === undefined;
  };

  #lowerParams(lowering: LoweringPlan): readonly CoreValue[] {
    try {
      return this.#abi.lowerParams(this.#cx, lowering, this.#runtime.pointers);
    } catch (error) {
      // A value that does not fit ends the call, not the guest.
      this.#runtime.leave(this.#entered);
      throw error;
    }
  }

  readonly call = async (args: readonly unknown[]): Promise<unknown> => {
    const runtime = this.#runtime;
    const lowering = this.#abi.measureParams(this.#cx, args);
    runtime.enter(this.#entered);
    this.#lowering = lowering;
    this.#state.mayLeave = false;
    const count = runtime.beginAllocations(lowering);
    await runtime.store.callSuspendable(this.#entry ?? bug("an entry was called before it was prepared"), [count]);
    this.#state.mayLeave = true;
    runtime.leave(this.#entered);
    const result = this.#result;
    this.#result = undefined;
    this.#lowering = undefined;
    return result;
  };
}
