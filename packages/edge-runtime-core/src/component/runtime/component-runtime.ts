// One living component: the store that runs it, what fills its slots, and the state of its instances. Trampolines and
// lifted functions are closures over it. A component has one thread of execution, suspended or not, so the call in
// progress is a stack and the allocations in progress are a single list.

import type { RuntimeError, TrapCode } from "edge-runtime-common";
import { bug, Trap } from "edge-runtime-common";
import type { AbiMemory, CoreValue, LoweringPlan } from "../../canonical-abi/index.ts";
import { LinearMemory } from "../../canonical-abi/index.ts";
import type { ResourceId } from "../../canonical-abi/types.ts";
import type { ComponentStore, CoreFunction } from "../../engine/component-store.ts";
import type { HostResource } from "../../engine/host-functions.ts";
import type { ComponentPlan, ResourcePlan } from "../plan.ts";
import { enteredInstances } from "./entered-instances.ts";
import type { BorrowScope, Handle } from "./handle-table.ts";
import { InstanceState } from "./instance-state.ts";

/** A call through a trampoline, between its first and its last step. */
export interface CallFrame {
  readonly lends: readonly Handle[] | undefined;
  readonly returnPointer: CoreValue | undefined;
  lowering: LoweringPlan | undefined;
  scope: BorrowScope | undefined;
  result: CoreValue | undefined;
}

const noFrame = "a trampoline step ran outside a call";

export class ComponentRuntime {
  readonly store: ComponentStore;
  readonly resources: readonly ResourcePlan[];
  readonly states: readonly InstanceState[];
  /** Changes with every reset: what the host kept from an earlier run is void. */
  generation = 0;
  /** Allocations that the adapter module's `alloc` makes now. */
  #allocations: LoweringPlan | undefined;
  #pointers: number[] = [];
  /** Core arguments of the call that the adapter module is about to make. */
  calleeArguments: readonly CoreValue[] = [];
  /** Argument of the destructor that is about to run. */
  dtorRep = 0;
  readonly #frames: CallFrame[] = [];
  readonly #functions: (WebAssembly.ExportValue | undefined)[];
  readonly #memories: (LinearMemory | undefined)[];

  readonly #plan: ComponentPlan;
  readonly #hostResources: ReadonlyMap<ResourceId, HostResource>;

  constructor(store: ComponentStore, plan: ComponentPlan, hostResources: ReadonlyMap<ResourceId, HostResource>) {
    this.store = store;
    this.#hostResources = hostResources;
    this.resources = plan.resources;
    this.#plan = plan;
    this.states = plan.instances.map(() => new InstanceState(store.holdHeap));
    this.#functions = Array.from({ length: plan.functionSlots });
    this.#memories = Array.from({ length: plan.memorySlots });
  }

  state(instance: number): InstanceState {
    return this.states[instance] ?? bug(`the plan has no component instance ${instance}`);
  }

  fillFunction(slot: number, fn: WebAssembly.ExportValue): void {
    this.#functions[slot] = fn;
  }

  fillMemory(slot: number, memory: WebAssembly.Memory): void {
    this.#memories[slot] = new LinearMemory(memory, this.store.hostWrites(memory));
  }

  memory(slot: number): AbiMemory {
    return (this.#memories[slot] ?? bug(`memory slot ${slot} is empty`)).current();
  }

  /** The function in a slot, prepared for calls from the host: keep it. */
  coreFunction(slot: number): CoreFunction {
    return this.store.coreFunction(this.#functions[slot] ?? bug(`function slot ${slot} is empty`));
  }

  readonly kill = (error: RuntimeError): unknown => this.store.kill(error);

  trap(message: string, code: TrapCode): never {
    throw this.store.kill(new Trap(message, code));
  }

  /** Marks the instances as entered; traps where one is already. */
  enter(instances: readonly number[]): void {
    for (const index of instances) {
      const state = this.state(index);
      if (!state.mayEnter) this.trap("cannot enter component instance", "cannot_enter");
      state.mayEnter = false;
    }
  }

  leave(instances: readonly number[]): void {
    for (const index of instances) this.state(index).mayEnter = true;
  }

  /** Traps while the instance runs `realloc` or post-return. */
  checkMayLeave(state: InstanceState): void {
    if (!state.mayLeave) this.trap("cannot leave component instance", "cannot_leave");
  }

  checkBorrows(scope: BorrowScope | undefined): void {
    if (scope !== undefined && scope.borrows > 0) {
      this.trap("borrow handles still remain at the end of the call", "canonical_abi");
    }
  }

  /** Runs the destructor of a resource that a component implements, as a call from the host. */
  async destroy(resource: ResourceId, rep: number): Promise<void> {
    const plan = this.resources[resource];
    if (plan?.kind !== "defined" || plan.dtor === undefined) return;
    const entered = enteredInstances(this.#plan.instances, plan.instance, undefined);
    this.enter(entered);
    await this.store.callSuspendable(this.coreFunction(plan.dtor), [rep]);
    this.leave(entered);
  }

  /** Whether two resource types are one: a component may import the same one of the host under two names. */
  isSameResource(left: ResourceId, right: ResourceId): boolean {
    if (left === right) return true;
    const host = this.#hostResources.get(left);
    return host !== undefined && host === this.#hostResources.get(right);
  }

  isGuestResource(resource: ResourceId): boolean {
    return this.resources[resource]?.kind === "defined";
  }

  pushFrame(frame: Pick<CallFrame, "lends" | "returnPointer" | "lowering">): CallFrame {
    const pushed = { ...frame, scope: undefined, result: undefined };
    this.#frames.push(pushed);
    return pushed;
  }

  get callDepth(): number {
    return this.#frames.length;
  }

  get frame(): CallFrame {
    return this.#frames.at(-1) ?? bug(noFrame);
  }

  popFrame(): CallFrame {
    return this.#frames.pop() ?? bug(noFrame);
  }

  /** Makes the allocations of a plan those that `alloc` makes next; returns their number. */
  beginAllocations(plan: LoweringPlan): number {
    this.#allocations = plan;
    this.#pointers = [];
    return plan.sizes.length;
  }

  /** Pointers of the allocations that were made. */
  get pointers(): readonly number[] {
    return this.#pointers;
  }

  /** Imports of the adapter module that all its functions share. */
  sharedImports(): Record<string, WebAssembly.ImportValue> {
    const argument = (index: number): CoreValue => this.calleeArguments[index] ?? 0;
    return {
      size: (index: number) => this.#allocations?.sizes[index] ?? 0,
      align: (index: number) => this.#allocations?.aligns[index] ?? 1,
      put: (index: number, pointer: number) => {
        this.#pointers[index] = pointer >>> 0;
      },
      escaped: () => this.trap("uncaught exception", "uncaught_exception"),
      rep: () => this.dtorRep,
      arg_i32: argument,
      arg_i64: argument,
      arg_f32: argument,
      arg_f64: argument,
    };
  }

  /** Forgets calls that were cut off and voids what the host holds. */
  resetCalls(): void {
    this.generation += 1;
    this.#frames.length = 0;
    this.#allocations = undefined;
    this.#pointers = [];
    this.calleeArguments = [];
    for (const state of this.states) state.resetCalls();
  }
}
