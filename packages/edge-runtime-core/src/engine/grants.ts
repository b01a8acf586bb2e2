// What the operator of a function lets host services do for it. Core does not know the services: each defines a grant
// of its own, and what it does without one, which is nothing.

/** Grants are told apart by identity. */
export interface Grant<Value> {
  /** For people. */
  readonly name: string;
  /** What a function has that was granted nothing. */
  readonly none: Value;
}

/** Immutable; one serves all runs of a function. */
export class Grants {
  static readonly none = new Grants(new Map());
  readonly #values: ReadonlyMap<Grant<unknown>, unknown>;

  private constructor(values: ReadonlyMap<Grant<unknown>, unknown>) {
    this.#values = values;
  }

  get<Value>(grant: Grant<Value>): Value {
    const key = grant as Grant<unknown>;
    return this.#values.has(key) ? (this.#values.get(key) as Value) : grant.none;
  }

  /** These and one more, which replaces an earlier one of its kind. */
  with<Value>(grant: Grant<Value>, value: Value): Grants {
    return new Grants(new Map(this.#values).set(grant as Grant<unknown>, value));
  }
}
