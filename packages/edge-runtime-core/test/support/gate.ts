// Promises that a test settles when it wants to, and host functions that wait for them.

import type { HostFunction } from "../../src/index.ts";

export interface Gate<T> {
  readonly promise: Promise<T>;
  readonly open: (value: T) => void;
  readonly fail: (error: Error) => void;
}

export function gate<T = void>(): Gate<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  return { promise, open: resolve, fail: reject };
}

/** An async host function whose calls wait for gates, one after the other; `called` opens when a call has come. */
export interface Waiting<T> {
  readonly fn: HostFunction;
  readonly gates: readonly Gate<T>[];
  /** Resolves when `count` calls have come. */
  readonly called: (count: number) => Promise<void>;
}

export function waiting<T = void>(): Waiting<T> {
  const gates: Gate<T>[] = [];
  const waiters: { readonly count: number; readonly wake: () => void }[] = [];
  const call = (): Promise<T> => {
    const next = gate<T>();
    gates.push(next);
    for (const waiter of waiters) if (gates.length >= waiter.count) waiter.wake();
    return next.promise;
  };
  return {
    fn: { kind: "async", call },
    gates,
    called: (count) =>
      new Promise((resolve) => {
        if (gates.length >= count) resolve();
        else waiters.push({ count, wake: resolve });
      }),
  };
}
