// Guests that wait on a place of a shared memory until another wakes them: the store's own queues, since V8's would
// block the thread. A waiter is one suspended guest; its run's deadline ends it like any other wait.
// Spec: threads proposal, "Wait and notify operators".

import { waitResult } from "../instrument/atomic-wait.ts";

interface Waiter {
  readonly wake: () => void;
  readonly cancel: () => void;
}

/** Starts a timer; the returned function cancels it. */
export type Schedule = (delayMs: number, callback: () => void) => () => void;

export interface WaitPlace {
  readonly memory: WebAssembly.Memory;
  /** Byte offset in the memory. */
  readonly address: number;
}

export class Waiters {
  readonly #schedule: Schedule;
  readonly #queues = new Map<WebAssembly.Memory, Map<number, Set<Waiter>>>();

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  /** Waits at most `timeoutMs`, for ever where it is negative. Resolves with a `waitResult`. */
  wait({ memory, address }: WaitPlace, timeoutMs: number): Promise<number> {
    const queues = this.#queues.get(memory) ?? new Map<number, Set<Waiter>>();
    this.#queues.set(memory, queues);
    const queue = queues.get(address) ?? new Set<Waiter>();
    queues.set(address, queue);
    return new Promise((resolve) => {
      let cancel: (() => void) | undefined;
      const end = (result: number): void => {
        cancel?.();
        queue.delete(waiter);
        if (queue.size === 0 && queues.get(address) === queue) queues.delete(address);
        resolve(result);
      };
      const waiter = { wake: () => end(waitResult.woken), cancel: () => cancel?.() };
      queue.add(waiter);
      if (timeoutMs >= 0) cancel = this.#schedule(timeoutMs, () => end(waitResult.timedOut));
    });
  }

  /** Wakes up to `count` waiters in the order in which they began; answers how many. */
  notify({ memory, address }: WaitPlace, count: number): number {
    const queue = this.#queues.get(memory)?.get(address);
    let woken = 0;
    for (const waiter of queue ?? []) {
      if (woken === count) break;
      waiter.wake();
      woken += 1;
    }
    return woken;
  }

  /** Forgets all waiters: their run ended. */
  clear(): void {
    for (const queues of this.#queues.values()) {
      for (const queue of queues.values()) for (const waiter of queue) waiter.cancel();
    }
    this.#queues.clear();
  }
}
