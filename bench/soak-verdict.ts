// Whether memory stayed flat: after a warm-up, the median of the last third of the windows against that of the first.
// Medians, since a single window shows when the garbage was collected, not how much there is.

import { median } from "./interleave.ts";

export interface MemoryWindow {
  readonly residentBytes: number;
  /** After a collection. */
  readonly heapBytes: number;
}

export interface Growth {
  readonly what: string;
  readonly firstBytes: number;
  readonly lastBytes: number;
  /** Most bytes that the last may be above the first. */
  readonly boundBytes: number;
  readonly isFlat: boolean;
}

/** Share of the windows that warm up: code is compiled, pools fill. */
const warmUp = 0.25;
/** Fewer windows after the warm-up tell nothing. */
export const fewestWindows = 9;

function growthOf(
  what: string,
  values: readonly number[],
  bound: { readonly share: number; readonly bytes: number },
): Growth {
  const third = Math.floor(values.length / 3);
  const firstBytes = median(values.slice(0, third));
  const lastBytes = median(values.slice(-third));
  const boundBytes = Math.max(firstBytes * bound.share, bound.bytes);
  return { what, firstBytes, lastBytes, boundBytes, isFlat: lastBytes - firstBytes <= boundBytes };
}

/** The heap may grow by 3 % or 1 MB, resident memory (pages that the allocator keeps) by 10 % or 16 MB. */
export function judgeGrowth(windows: readonly MemoryWindow[]): readonly Growth[] {
  const judged = windows.slice(Math.ceil(windows.length * warmUp));
  if (judged.length < fewestWindows) throw new Error(`${judged.length} windows after the warm-up are too few`);
  return [
    growthOf(
      "heap",
      judged.map(({ heapBytes }) => heapBytes),
      { share: 0.03, bytes: 1e6 },
    ),
    growthOf(
      "resident",
      judged.map(({ residentBytes }) => residentBytes),
      { share: 0.1, bytes: 16e6 },
    ),
  ];
}
