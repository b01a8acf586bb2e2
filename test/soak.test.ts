// What the soak calls flat: noise and a warm-up are, a leak that is small for each run is not.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { MemoryWindow } from "../bench/soak-verdict.ts";
import { judgeGrowth } from "../bench/soak-verdict.ts";

/** 40 windows of 20 MB of heap and 150 MB resident, changed by `change`, in bytes. */
function windows(change: (window: number) => Partial<MemoryWindow>, count = 40): MemoryWindow[] {
  return Array.from({ length: count }, (_, window) => {
    const { heapBytes = 0, residentBytes = 0 } = change(window);
    return { heapBytes: 20e6 + heapBytes, residentBytes: 150e6 + residentBytes };
  });
}

type Row = readonly [name: string, change: (window: number) => Partial<MemoryWindow>, flat: readonly boolean[]];

const rows: readonly Row[] = [
  ["what stays", () => ({}), [true, true]],
  ["what goes up and down", (at) => ({ heapBytes: (at % 2) * 5e6, residentBytes: (at % 3) * 3e7 }), [true, true]],
  ["a single high window", (at) => (at === 35 ? { heapBytes: 1e9, residentBytes: 1e9 } : {}), [true, true]],
  ["what rises while it warms up", (at) => ({ heapBytes: Math.min(at, 8) * 1e6 }), [true, true]],
  ["what falls", (at) => ({ heapBytes: -at * 1e5, residentBytes: -at * 1e6 }), [true, true]],
  ["a heap that grows by 0.1 MB a window", (at) => ({ heapBytes: at * 1e5 }), [false, true]],
  ["resident memory that grows by 1 MB a window", (at) => ({ residentBytes: at * 1e6 }), [true, false]],
  ["both", (at) => ({ heapBytes: at * 1e5, residentBytes: at * 1e6 }), [false, false]],
];

for (const [name, change, flat] of rows) {
  test(`soak: ${name} ${flat.includes(false) ? "is growth" : "is flat"}`, () => {
    assert.deepEqual(
      judgeGrowth(windows(change)).map(({ isFlat }) => isFlat),
      flat,
    );
  });
}

test("soak: a few windows are no proof", () => {
  assert.throws(() => judgeGrowth(windows(() => ({}), 11)), /8 windows after the warm-up are too few/);
});
