// A process that runs a batch of value cases and reports each: what jco's code and the modules of past cases hold goes
// with it.

import { compareValues } from "./compare-values.ts";
import { makeValueCase } from "./value-case.ts";

export interface ValueOrder {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

export interface ValueReport {
  readonly number: number;
  readonly findings: readonly string[];
  readonly compared: number;
  /** Encodings that the values pass, such as "utf8" or "utf8 to utf16". */
  readonly way: string;
  readonly types: number;
}

async function runCase(seed: number, number: number): Promise<ValueReport> {
  const made = makeValueCase(seed, number);
  const way = made.inner === undefined ? made.outer : `${made.outer} to ${made.inner}`;
  const report = { number, way, types: made.types.length };
  try {
    return { ...report, ...(await compareValues(made)) };
  } catch (error) {
    return { ...report, findings: [String(error)], compared: 0 };
  }
}

process.on("message", (order) => {
  const { seed, from, to } = order as ValueOrder;
  void (async () => {
    for (let number = from; number < to; number++) {
      // One case after another: a crash is that case's.
      // oxlint-disable-next-line no-await-in-loop
      process.send?.(await runCase(seed, number));
    }
    process.disconnect?.();
  })();
});
