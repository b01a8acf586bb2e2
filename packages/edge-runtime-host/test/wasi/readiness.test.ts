import assert from "node:assert/strict";
import { test } from "node:test";
import { alwaysReady, Wakers, whenAnyReady } from "../../src/wasi/readiness.ts";
import type { Readiness } from "../../src/wasi/readiness.ts";

/** Ready when told so; counts who waits. */
class Switch implements Readiness {
  readonly #wakers = new Wakers();
  #ready = false;
  waiting = 0;

  readonly isReady = (): boolean => this.#ready;
  readonly onReady = (callback: () => void): (() => void) => {
    this.waiting += 1;
    const cancel = this.#wakers.add(() => {
      this.waiting -= 1;
      callback();
    });
    return () => {
      this.waiting -= 1;
      cancel();
    };
  };

  set(ready: boolean): void {
    this.#ready = ready;
    this.#wakers.wake();
  }
}

test("readiness: there is nothing to wait for where one is ready", () => {
  assert.equal(whenAnyReady([new Switch(), alwaysReady]), undefined);
});

test("readiness: resolves when the first is ready, and no longer waits for the others", async () => {
  const waits = [new Switch(), new Switch(), new Switch()];
  const waiting = whenAnyReady(waits);
  assert.deepEqual(
    waits.map(({ waiting: count }) => count),
    [1, 1, 1],
  );
  waits[1]?.set(true);
  await waiting;
  assert.deepEqual([waits[0]?.waiting, waits[2]?.waiting], [0, 0]);
});

test("readiness: who is woken for nothing waits on, with one callback", async () => {
  const wait = new Switch();
  const waiting = whenAnyReady([wait]);
  for (let time = 0; time < 100; time += 1) wait.set(false);
  assert.equal(wait.waiting, 1);
  wait.set(true);
  await waiting;
});

test("readiness: waiting again and again for what never comes leaves nothing behind", async () => {
  const never = new Switch();
  for (let time = 0; time < 1000; time += 1) {
    const once = new Switch();
    const waiting = whenAnyReady([never, once]);
    once.set(true);
    // oxlint-disable-next-line no-await-in-loop
    await waiting;
  }
  assert.equal(never.waiting, 0);
});

test("readiness: the same thing may be waited for twice at once", async () => {
  const wait = new Switch();
  const waiting = whenAnyReady([wait, wait]);
  wait.set(true);
  await waiting;
});

test("wakers: one that is added while others are woken waits for the next time", () => {
  const wakers = new Wakers();
  let calls = 0;
  wakers.add(() => {
    wakers.add(() => {
      calls += 1;
    });
  });
  wakers.wake();
  assert.equal(calls, 0);
  wakers.wake();
  wakers.wake();
  assert.equal(calls, 1);
});

test("readiness: what is always ready calls back, but never at once and not after it was taken back", async () => {
  let calls = 0;
  const count = (): void => {
    calls += 1;
  };
  alwaysReady.onReady(count)();
  alwaysReady.onReady(count);
  assert.equal(calls, 0);
  await Promise.resolve();
  assert.equal(calls, 1);
});
