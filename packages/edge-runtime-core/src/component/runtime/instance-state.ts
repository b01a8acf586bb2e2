// The run-time state that the ABI keeps per component instance: its handles and whether it may be entered and left.
// Spec: CanonicalABI "Component Instance State".

import type { BorrowScope, Handle, StateFact } from "./handle-table.ts";
import { HandleTable } from "./handle-table.ts";

export class InstanceState {
  readonly handles: HandleTable;
  /** False while `realloc` or post-return runs: calls out of the instance trap. */
  mayLeave = true;
  /** False while a call is in the instance: a second one traps. */
  mayEnter = true;
  #lends: Handle[] | undefined;
  #scope: BorrowScope | undefined;

  constructor(holdHeap: (bytes: number) => void) {
    this.handles = new HandleTable(holdHeap);
  }

  /** Lends a handle to the call whose arguments are being lifted. */
  lend(handle: Handle): void {
    handle.lends += 1;
    this.handles.touch();
    (this.#lends ??= []).push(handle);
  }

  /** The handles lent since the last time; the call that borrows them gives them back with `giveBack`. */
  takeLends(): readonly Handle[] | undefined {
    const lends = this.#lends;
    this.#lends = undefined;
    return lends;
  }

  /** Scope of the call whose arguments are being lowered, made when the first borrowed handle needs it. */
  get borrowScope(): BorrowScope {
    return (this.#scope ??= { borrows: 0 });
  }

  takeScope(): BorrowScope | undefined {
    const scope = this.#scope;
    this.#scope = undefined;
    return scope;
  }

  /** All of it as named values, handles by their contents and the order in which indices will be used. */
  *facts(): Generator<StateFact> {
    yield ["call state", [this.mayLeave, this.mayEnter, this.#lends, this.#scope]];
    yield* this.handles.facts();
  }

  /** Forgets the call that was cut off; handles are restored apart. */
  resetCalls(): void {
    this.mayLeave = true;
    this.mayEnter = true;
    this.#lends = undefined;
    this.#scope = undefined;
  }
}

export function giveBack(lends: readonly Handle[] | undefined): void {
  if (lends === undefined) return;
  for (const handle of lends) handle.lends -= 1;
}
