// The ABI's view of one set of canonical options in one component instance, and of that instance's handles.
// Spec: CanonicalABI `lift_own`, `lift_borrow`, `lower_own`, `lower_borrow`.

import type { TrapCode } from "edge-runtime-common";
import { bug } from "edge-runtime-common";
import type { AbiContext, AbiMemory } from "../../canonical-abi/index.ts";
import { DEFAULT_LIFT_BUDGET_BYTES } from "../../canonical-abi/index.ts";
import type { ResourceId, StringEncoding } from "../../canonical-abi/types.ts";
import type { AbiOptions } from "../plan.ts";
import type { ComponentRuntime } from "./component-runtime.ts";
import { GuestResource } from "./guest-resource.ts";
import type { Handle } from "./handle-table.ts";
import type { InstanceState } from "./instance-state.ts";
import { findHandle, takeOwned } from "./resource-checks.ts";

/** Who is on the other side: the host sees guest resources wrapped, siblings pass representations as they are. */
export type Counterpart = "host" | "sibling";

export interface ContextOptions {
  readonly runtime: ComponentRuntime;
  readonly instance: number;
  readonly abi: AbiOptions;
  readonly counterpart: Counterpart;
  /** For results that go to the host: the call is over. */
  readonly liftsResults?: boolean;
}

/** A charge of the store costs as much as a short string: less than this is collected. A microsecond's work. */
const mostOwedFuel = 1024;

export class InstanceContext implements AbiContext {
  readonly encoding: StringEncoding;
  readonly liftBudgetBytes = DEFAULT_LIFT_BUDGET_BYTES;
  /** What the arguments that were lifted last take on the JavaScript heap. */
  liftedBytes = 0;
  readonly #runtime: ComponentRuntime;
  readonly #instance: number;
  readonly #state: InstanceState;
  readonly #memorySlot: number | undefined;
  readonly #wraps: boolean;
  readonly #pay: (fuel: number) => void;
  #owedFuel = 0;

  constructor(options: ContextOptions) {
    this.encoding = options.abi.encoding;
    this.#runtime = options.runtime;
    this.#instance = options.instance;
    this.#state = options.runtime.state(options.instance);
    this.#memorySlot = options.abi.memory;
    this.#wraps = options.counterpart === "host";
    const { store } = options.runtime;
    this.#pay = options.liftsResults === true ? store.payForResult : store.pay;
  }

  readonly memory = (): AbiMemory =>
    this.#runtime.memory(this.#memorySlot ?? bug("a value needs a memory that the options do not name"));

  readonly lifted = (heapBytes: number): void => {
    this.liftedBytes = heapBytes;
  };

  readonly trap = (message: string, code: TrapCode = "canonical_abi"): never => this.#runtime.trap(message, code);

  readonly chargeBytes = (bytes: number): void => this.#owe(bytes * this.#runtime.store.abiCosts.abiByte);

  readonly chargeValues = (values: number): void => this.#owe(values * this.#runtime.store.abiCosts.abiValue);

  #owe(fuel: number): void {
    this.#owedFuel += fuel;
    if (this.#owedFuel >= mostOwedFuel) this.settle();
  }

  readonly settle = (): void => {
    const fuel = this.#owedFuel;
    if (fuel === 0) return;
    this.#owedFuel = 0;
    this.#pay(fuel);
  };

  readonly liftOwn = (resource: ResourceId, index: number): unknown => {
    const { rep } = takeOwned({ runtime: this.#runtime, state: this.#state, resource, index });
    return this.#present(resource, rep, "own");
  };

  readonly liftBorrow = (resource: ResourceId, index: number): unknown => {
    const handle = findHandle({ runtime: this.#runtime, state: this.#state, resource, index });
    this.#state.lend(handle);
    return this.#present(resource, handle.rep, "borrow");
  };

  readonly lowerOwn = (resource: ResourceId, value: unknown): number =>
    this.#add({ resource, rep: this.#represent(resource, value, "own"), scope: undefined, lends: 0 });

  readonly lowerBorrow = (resource: ResourceId, value: unknown): number => {
    const rep = this.#represent(resource, value, "borrow");
    const plan = this.#runtime.resources[resource];
    // Who implements a resource works with representations, not with handles to itself.
    if (plan?.kind === "defined" && plan.instance === this.#instance) return Number(rep) >>> 0;
    const scope = this.#state.borrowScope;
    scope.borrows += 1;
    return this.#add({ resource, rep, scope, lends: 0 });
  };

  #add(handle: Handle): number {
    const index = this.#state.handles.add(handle);
    return index === 0 ? this.trap("resource table has no free keys") : index;
  }

  #present(resource: ResourceId, rep: unknown, as: "own" | "borrow"): unknown {
    if (!this.#wraps || !this.#runtime.isGuestResource(resource)) return rep;
    return new GuestResource({ runtime: this.#runtime, resource, rep: Number(rep), isOwned: as === "own" });
  }

  #represent(resource: ResourceId, value: unknown, as: "own" | "borrow"): unknown {
    if (!this.#wraps || !this.#runtime.isGuestResource(resource)) return value;
    return GuestResource.representation(value, { runtime: this.#runtime, resource, take: as === "own" });
  }
}
