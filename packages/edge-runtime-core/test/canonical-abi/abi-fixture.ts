// A guest made of a plain buffer: traps are GuestTrap errors, realloc only goes up, fuel and handles are recorded.

import { DEFAULT_LIFT_BUDGET_BYTES, viewBuffer } from "../../src/canonical-abi/index.ts";
import type { AbiContext, LoweringPlan, StringEncoding } from "../../src/canonical-abi/index.ts";

export class GuestTrap extends Error {}

export interface FixtureOptions {
  readonly encoding?: StringEncoding;
  readonly memorySize?: number;
  /** Contents from address 0; zeros after it. */
  readonly contents?: Uint8Array;
  /** Address of the first allocation. */
  readonly heap?: number;
  /** Bytes left between allocations. */
  readonly gap?: number;
  readonly liftBudgetBytes?: number;
}

export interface AbiFixture {
  readonly cx: AbiContext;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Calls of realloc: old pointer, old size, alignment, new size, returned pointer. */
  readonly reallocs: number[][];
  /** Calls for resources, e.g. `lowerOwn 2`. */
  readonly handleCalls: string[];
  readonly fuel: () => number;
  /** How often charges were settled. */
  readonly settled: () => number;
  /** Makes the allocations of a plan. */
  readonly allocate: (plan: LoweringPlan) => number[];
}

export function createFixture(options: FixtureOptions = {}): AbiFixture {
  const { encoding = "utf8", memorySize = 4096, contents = new Uint8Array(), heap = 16, gap = 0 } = options;
  const memory = viewBuffer(new ArrayBuffer(memorySize));
  memory.bytes.set(contents);
  const reallocs: number[][] = [];
  const handleCalls: string[] = [];
  let fuel = 0;
  let settled = 0;
  let last = heap;
  const allocate = (plan: LoweringPlan): number[] =>
    plan.sizes.map((size, index) => {
      const align = plan.aligns[index] ?? 1;
      const ptr = Math.ceil(last / align) * align;
      last = ptr + size + gap;
      reallocs.push([0, 0, align, size, ptr]);
      return ptr;
    });
  const charge = (units: number): void => {
    fuel += units;
  };
  const lowerHandle = (call: string) => (resource: number, value: unknown) => {
    handleCalls.push(`${call} ${resource}`);
    return (value as { handle: number }).handle;
  };
  const liftHandle = (call: string) => (resource: number, handle: number) => {
    handleCalls.push(`${call} ${resource}`);
    return { handle };
  };
  const cx: AbiContext = {
    memory: () => memory,
    encoding,
    trap: (message) => {
      throw new GuestTrap(message);
    },
    chargeBytes: charge,
    chargeValues: charge,
    settle: () => {
      settled += 1;
    },
    liftOwn: liftHandle("liftOwn"),
    liftBorrow: liftHandle("liftBorrow"),
    lowerOwn: lowerHandle("lowerOwn"),
    lowerBorrow: lowerHandle("lowerBorrow"),
    liftBudgetBytes: options.liftBudgetBytes ?? DEFAULT_LIFT_BUDGET_BYTES,
  };
  return { cx, bytes: memory.bytes, reallocs, handleCalls, fuel: () => fuel, settled: () => settled, allocate };
}
