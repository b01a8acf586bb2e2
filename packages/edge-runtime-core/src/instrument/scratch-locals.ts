// The scratch locals of one function, one a type. Which are needed is known when its code was read: the first attempt
// asks for them, the next has them declared.

import type { ValueCode } from "./injection.ts";

export class ScratchLocals {
  #types: ValueCode[] = [];
  readonly #keys = new Map<string, number>();
  #declared = 0;
  #first = 0;

  clear(): void {
    this.#types = [];
    this.#keys.clear();
  }

  /** Starts an attempt: those that were asked for are declared. */
  begin(): void {
    this.#declared = this.#types.length;
  }

  /** The first one's index. */
  start(first: number): void {
    this.#first = first;
  }

  get types(): readonly ValueCode[] {
    return this.#types;
  }

  /** Every scratch local that was asked for is declared. */
  get isComplete(): boolean {
    return this.#types.length === this.#declared;
  }

  /** Index of the scratch local of `type`; it holds nothing from one instruction to the next. */
  local(type: ValueCode): number {
    const key = String(type);
    const known = this.#keys.get(key);
    if (known !== undefined) return this.#first + known;
    this.#keys.set(key, this.#types.length);
    this.#types.push(type);
    return this.#first + this.#types.length - 1;
  }
}
