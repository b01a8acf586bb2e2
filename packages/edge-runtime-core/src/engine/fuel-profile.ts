// Where a run's fuel went: at each check, the guest's stack and what was consumed since the last one. Fuel is counted,
// so that the same run gives the same profile; time does not come into it. A function without checks of its own (short
// and straight) counts to its caller.

import type { GuestFrame } from "edge-runtime-common";

/** Fuel between two looks, at least: a check waits for the next function entry or loop head. */
const firstInterval = 1000;
/** Beyond, samples are merged two by two and the interval is doubled. */
const maxSamples = 100_000;

export interface FuelSample {
  /** Index into `nodes`. */
  readonly node: number;
  readonly fuel: number;
}

/** A function and how it was reached. */
export interface ProfileNode {
  readonly frame: GuestFrame | undefined;
  /** Index of the caller's node; undefined for the root. */
  readonly parent: number | undefined;
}

export class FuelProfile {
  readonly #nodes: ProfileNode[] = [{ frame: undefined, parent: undefined }];
  readonly #children = new Map<string, number>();
  #samples: FuelSample[] = [];
  #interval = firstInterval;
  #total = 0;

  /** Fuel that the guest gets between two looks. */
  get interval(): number {
    return this.#interval;
  }

  /** The first is the root, which has no frame. */
  get nodes(): readonly ProfileNode[] {
    return this.#nodes;
  }

  /** In the order of the run. Their fuel together is what the run consumed. */
  get samples(): readonly FuelSample[] {
    return this.#samples;
  }

  /** The run consumed `consumed` units so far and is at `stack`, innermost first. */
  look(stack: readonly GuestFrame[], consumed: number): void {
    this.#add(this.#node(stack), consumed);
  }

  /** The run ended: what was consumed since the last look counts to where that was. */
  end(consumed: number): void {
    this.#add(this.#samples.at(-1)?.node ?? 0, consumed);
  }

  #add(node: number, consumed: number): void {
    const fuel = consumed - this.#total;
    if (fuel <= 0) return;
    this.#total = consumed;
    this.#samples.push({ node, fuel });
    if (this.#samples.length > maxSamples) this.#merge();
  }

  #node(stack: readonly GuestFrame[]): number {
    let parent = 0;
    for (const frame of stack.toReversed()) {
      const key = `${parent} ${frame.module} ${frame.function}`;
      let node = this.#children.get(key);
      if (node === undefined) {
        node = this.#nodes.length;
        this.#nodes.push({ frame, parent });
        this.#children.set(key, node);
      }
      parent = node;
    }
    return parent;
  }

  #merge(): void {
    const merged: FuelSample[] = [];
    for (let index = 0; index < this.#samples.length; index += 2) {
      const first = this.#samples[index];
      const second = this.#samples[index + 1];
      if (first !== undefined) merged.push({ node: first.node, fuel: first.fuel + (second?.fuel ?? 0) });
    }
    this.#samples = merged;
    this.#interval *= 2;
  }
}
