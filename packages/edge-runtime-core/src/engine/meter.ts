// Fuel, deadline and epoch of the run that a store is serving, and the counter that guest code decrements.
//
//   consumed so far = #consumed + (#slice - counter)        counter: what is left of the current slice
//
// The guest calls `check` when the slice is used up; only there, and when a run ends, the counter is settled. A guest
// can see neither the counter nor a clock through it.

import type { RuntimeError } from "edge-runtime-common";
import { ExecutionTimeout, FuelExhausted } from "edge-runtime-common";
import { verdict } from "../instrument/slow-check.ts";
import type { RunLimits } from "./limits.ts";
import { sliceFuel, yieldAfterMs } from "./limits.ts";

export interface MeterOptions {
  readonly now: () => number;
  /** The engine's epoch; -Infinity where epoch interruption is off. */
  readonly epoch: () => number;
}

const never: RunLimits = { maxFuel: 0, timeoutMs: 0, memoryMb: 0 };

export class Meter {
  readonly #now: () => number;
  readonly #epoch: () => number;
  #counter: WebAssembly.Global;
  #limits: RunLimits = never;
  #consumed = 0;
  #slice = 0;
  #maxSlice = sliceFuel;
  #startedAt = 0;
  #deadline = 0;
  #epochDeadline = Number.POSITIVE_INFINITY;
  #lastPause = 0;
  /** The host charged the run: what it consumed is not its operators alone, and is not compared with anyone's. */
  #charged = false;
  /** Fuel that the host charged since a clock was last read. */
  #chargedUnseen = 0;
  #stop: RuntimeError | undefined;

  constructor(options: MeterOptions) {
    this.#now = options.now;
    this.#epoch = options.epoch;
    this.#counter = new WebAssembly.Global({ value: "i32", mutable: true }, 0);
  }

  get counter(): WebAssembly.Global {
    return this.#counter;
  }

  /** A lone module brings its own counter. */
  useCounter(counter: WebAssembly.Global): void {
    this.#counter = counter;
    counter.value = this.#slice;
  }

  /** Why the run must end, once that is decided. */
  get stopped(): RuntimeError | undefined {
    return this.#stop;
  }

  get limits(): RunLimits {
    return this.#limits;
  }

  /** Starts the accounts of a run now; its checks are at most `maxSlice` units of fuel apart. */
  start(limits: RunLimits, maxSlice = sliceFuel): void {
    this.#limits = limits;
    this.#maxSlice = maxSlice;
    this.#consumed = 0;
    this.#charged = false;
    this.#chargedUnseen = 0;
    this.#stop = undefined;
    this.#startedAt = this.#now();
    this.#deadline = this.#startedAt + limits.timeoutMs;
    this.#lastPause = this.#startedAt;
    this.#epochDeadline = Number.POSITIVE_INFINITY;
    this.#refill();
  }

  /** Ends the run when the engine's epoch reaches `epoch`. */
  setEpochDeadline(epoch: number): void {
    this.#epochDeadline = epoch;
    this.expire();
  }

  /** Changes how far apart checks are, from the next on. */
  setMaxSlice(maxSlice: number): void {
    this.#maxSlice = maxSlice;
  }

  #refill(): void {
    this.#slice = Math.max(0, Math.min(this.#maxSlice, this.#limits.maxFuel - this.#consumed));
    this.#counter.value = this.#slice;
  }

  #settle(): void {
    this.#consumed += this.#slice - this.#counter.value;
    this.#slice = 0;
    this.#counter.value = 0;
  }

  /** Fuel consumed by the run so far, at most its maximum. */
  get consumed(): number {
    return Math.min(this.#limits.maxFuel, this.#consumed + this.#slice - this.#counter.value);
  }

  get remaining(): number {
    return this.#limits.maxFuel - this.consumed;
  }

  get elapsedMs(): number {
    return this.#now() - this.#startedAt;
  }

  get remainingMs(): number {
    return Math.max(0, this.#deadline - this.#now());
  }

  /** Charges host work to the run: a non-negative integer. */
  charge(fuel: number): void {
    this.#charged ||= fuel > 0;
    this.#chargedUnseen += fuel;
    if (fuel < this.#counter.value) {
      this.#counter.value -= fuel;
    } else {
      this.#settle();
      this.#consumed += fuel;
    }
  }

  /** The error of a run that cannot pay what it was charged. */
  get overdraft(): RuntimeError | undefined {
    const { maxFuel } = this.#limits;
    return this.#consumed > maxFuel ? new FuelExhausted(maxFuel) : undefined;
  }

  /** The error of a run whose time is over; reads the clock once a slice of charges. */
  overdueByCharges(): RuntimeError | undefined {
    if (this.#chargedUnseen < sliceFuel) return undefined;
    this.#chargedUnseen = 0;
    const { timeoutMs } = this.#limits;
    return this.#now() > this.#deadline ? new ExecutionTimeout(timeoutMs, this.elapsedMs) : undefined;
  }

  /** Makes the guest's next check read the clock. */
  expire(): void {
    this.#settle();
  }

  /** Decides that the run must end; the first reason stands. */
  stop(reason: RuntimeError): void {
    this.#stop ??= reason;
  }

  /**
   * The guest's check: accounts the slice and answers go on, stop or yield. Up to `late` operators ago it ran where
   * Wasmtime checks: if there was fuel then, it goes on.
   */
  check(late = 0): number {
    this.#settle();
    const now = this.#now();
    if (this.#stop === undefined) this.#decide(now, late);
    if (this.#stop !== undefined) return verdict.stop;
    this.#refill();
    return now - this.#lastPause >= yieldAfterMs ? verdict.yield : verdict.go;
  }

  #decide(now: number, late: number): void {
    const { maxFuel, timeoutMs } = this.#limits;
    const overdraft = this.#charged ? 0 : late;
    if (this.#consumed >= maxFuel + overdraft) this.#stop = new FuelExhausted(maxFuel);
    else if (now >= this.#deadline) this.#stop = new ExecutionTimeout(timeoutMs, this.elapsedMs);
    else if (this.#epoch() >= this.#epochDeadline)
      this.#stop = new ExecutionTimeout(Math.round(this.elapsedMs), this.elapsedMs);
  }

  /** The guest paused: others had their turn. */
  paused(): void {
    this.#lastPause = this.#now();
  }
}
