// Waiting without promises that pile up: whoever waits leaves a callback and takes it back. A guest may wait for the same
// thing a million times in one run; promises raced against each other would all be kept until the last one settles.

/** Something that a guest can wait for. Once ready it stays so until it is used. */
export interface Readiness {
  readonly isReady: () => boolean;
  /** Calls back once, when it may have become ready; returns what takes the callback back. Never called synchronously. */
  readonly onReady: (callback: () => void) => () => void;
}

/** Those who wait for one thing. */
export class Wakers {
  #waiting = new Set<() => void>();

  readonly add = (callback: () => void): (() => void) => {
    const entry = (): void => callback();
    this.#waiting.add(entry);
    return () => void this.#waiting.delete(entry);
  };

  /** Calls all of them back, each once. */
  wake(): void {
    const woken = this.#waiting;
    if (woken.size === 0) return;
    this.#waiting = new Set();
    for (const callback of woken) callback();
  }
}

export const alwaysReady: Readiness = { isReady: () => true, onReady: (callback) => alwaysCalls(callback) };

function alwaysCalls(callback: () => void): () => void {
  let wanted = true;
  queueMicrotask(() => {
    if (wanted) callback();
  });
  return () => {
    wanted = false;
  };
}

/** Resolves once one of them is ready; undefined where one is now. */
export function whenAnyReady(waits: readonly Readiness[]): Promise<void> | undefined {
  if (waits.some((wait) => wait.isReady())) return undefined;
  return new Promise((resolve) => {
    let cancels: (() => void)[] = [];
    const look = (): void => {
      if (!waits.some((wait) => wait.isReady())) return;
      for (const cancel of cancels) cancel();
      cancels = [];
      resolve();
    };
    const watch = (wait: Readiness, index: number): void => {
      cancels[index] = wait.onReady(() => {
        look();
        // Woken for nothing: another took it.
        if (cancels.length > 0) watch(wait, index);
      });
    };
    waits.forEach(watch);
  });
}
