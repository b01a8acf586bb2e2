// What one function has run and not subtracted from the counter yet, and what that means where control goes elsewhere.

import type { ControlFrame } from "./control-stack.ts";
import { none } from "./control-stack.ts";
import { costTable, maxRegion, maxUnchecked } from "./cost-table.ts";
import type { Counter } from "./counter.ts";
import type { CheckFor } from "./slow-check.ts";
import { checkFor } from "./slow-check.ts";

/** Attempts at one function after which nothing is pending at any label. */
const maxAttempts = 4;

export class Charges {
  readonly #fuel: boolean;
  /** Undefined where the function is not metered. */
  counter: Counter | undefined;
  /** Fuel that ran but was not subtracted yet. */
  pending = 0;
  /** Operators since the last check, the most over all paths to here; deadline metering: since the function's entry. */
  since = 0;
  /** Operators since a function of static cost was entered for which no check was made; `none` where one was. */
  owed = none;
  /** Deadline metering: the most operators on a path through the region so far, and `since` where it begins. */
  weight = 0;
  #base = 0;
  /** Ordinals of labels that nothing is pending at: paths with different dues meet in one `br_table`. */
  readonly #settledLabels = new Set<number>();
  #mustSettle = false;
  #attempts = 0;

  /** `fuel`: operators are charged; else only regions are weighed. */
  constructor(fuel: boolean) {
    this.#fuel = fuel;
  }

  /** Starts a function; undefined: it is not metered. */
  startFunction(counter: Counter | undefined): void {
    this.counter = counter;
    this.#settledLabels.clear();
    this.#attempts = 0;
  }

  startAttempt(): void {
    this.pending = 0;
    this.since = 0;
    this.owed = none;
    this.weight = 1;
    this.#base = 0;
    this.#mustSettle = false;
    this.#attempts += 1;
  }

  /** Labels were found that must be settled in another attempt. */
  get mustSettle(): boolean {
    return this.#mustSettle;
  }

  /** Nothing may be pending at the label with this ordinal. */
  isSettled(ordinal: number): boolean {
    return this.#attempts > maxAttempts || this.#settledLabels.has(ordinal);
  }

  flush(): void {
    if (this.owed === none) this.counter?.subtract(this.pending);
    else this.counter?.checkLate(this.pending, this.owed);
    this.settled();
  }

  /** What ran is subtracted. */
  settled(): void {
    this.pending = 0;
    this.owed = none;
  }

  /**
   * Control goes to a label. The first path there subtracts nothing: what it has pending stays so behind the label, and
   * other paths subtract the difference.
   */
  leave(frame: ControlFrame): void {
    if (frame.synced) return this.save();
    if (this.owed !== none) this.flush();
    if (frame.carry === none) frame.carry = this.pending;
    this.counter?.subtract(this.pending - frame.carry);
    this.pending = frame.carry;
  }

  /** Subtracts what is pending and puts the counter into its global. */
  save(): void {
    if (this.owed !== none) this.flush();
    this.counter?.save(this.pending);
    this.settled();
  }

  /** The counter may have changed outside: takes it from its global. */
  reload(): void {
    this.counter?.reload();
    this.checked();
  }

  /** A check was made, here or by a callee. */
  checked(): void {
    if (this.#fuel) this.since = 0;
  }

  check(reason: CheckFor = checkFor.time): void {
    if (this.owed !== none && reason !== checkFor.fuel) this.counter?.checkLate(this.pending, this.owed);
    else this.counter?.check(this.pending, reason);
    this.settled();
    this.checked();
  }

  /** The check that is overdue. */
  checkOverdue(): void {
    if (this.#fuel) return this.check();
    // What the region's head charges is for the operators from here on.
    this.counter?.check(this.weight, checkFor.time);
    this.#base = this.since;
    this.weight = 1;
  }

  /** More operators ran without a check than should. */
  get isOverdue(): boolean {
    return this.#fuel ? this.since > maxUnchecked : this.weight > maxRegion;
  }

  addCost(cost: number): void {
    this.since += cost;
    if (!this.#fuel) {
      this.weight = Math.max(this.weight, this.since - this.#base);
      return;
    }
    this.pending += cost;
    if (this.owed !== none) this.owed += cost;
  }

  /** Deadline metering: a loop's region begins. */
  openRegion(frame: ControlFrame): void {
    frame.outerWeight = this.weight;
    frame.outerBase = this.#base;
    this.#base = this.since;
    this.weight = 1;
  }

  /** It ends; answers what an iteration weighs. */
  closeRegion(frame: ControlFrame): number {
    const { weight } = this;
    this.weight = frame.outerWeight;
    this.#base = frame.outerBase;
    return weight;
  }

  /** The function ends here: its caller gets the counter. */
  handOver(): void {
    if (this.counter?.passed !== true) return this.save();
    if (this.owed !== none) this.flush();
    this.counter.readLess(this.pending);
    this.settled();
  }

  /** The caller charges the entry of what it calls, which checks: no other check is due. */
  chargeEntry(): void {
    this.owed = none;
    if (this.#fuel) this.pending += costTable.functionEntry;
  }

  /** Leaves for a label, or not: the counter stays in the local as well. */
  leaveBoth(frame: ControlFrame): void {
    if (frame.synced) this.flush();
    this.leave(frame);
  }

  /** Leaves for one of several labels, all with the same pending; where they differ, they are settled in the next attempt. */
  leaveAll(targets: ReadonlySet<ControlFrame>): void {
    if (this.owed !== none) this.flush();
    const synced = [...targets].some((frame) => frame.synced);
    const known = [...targets].find((frame) => frame.carry !== none)?.carry;
    const carry = synced ? 0 : (known ?? this.pending);
    this.counter?.subtract(this.pending - carry);
    this.pending = carry;
    if (synced) this.save();
    for (const frame of targets) {
      if (frame.synced) continue;
      if (frame.carry === none) frame.carry = carry;
      if (frame.carry === carry) continue;
      this.#mustSettle = true;
      for (const { ordinal } of targets) this.#settledLabels.add(ordinal);
    }
  }
}
