// What the compiler makes of one type: its layout and closures for lifting and lowering. Memory forms take a
// pointer that is already known to be aligned and in bounds for the whole value. Flat forms are compiled for a fixed
// place among the core values, where enclosing variants may have joined several types into one: `slots` are the
// core types that are really there, so that coercions are chosen when compiling.
// Spec: CanonicalABI "Loading", "Storing", "Flat Lifting", "Flat Lowering".

import type { CoreType, CoreValue } from "./context.ts";
import type { FlatTypes } from "./layout.ts";
import type { Lift } from "./lift.ts";
import type { Lowering } from "./lowering.ts";

export type FlatLift = (lift: Lift, flat: readonly CoreValue[]) => unknown;

/** Writes its core values to their places in `out`; the others keep the zeros they have. */
export type FlatLower = (lowering: Lowering, value: unknown, out: CoreValue[]) => void;

export interface Codec {
  /** Bytes in memory. */
  readonly size: number;
  /** 1, 2, 4 or 8. */
  readonly alignment: number;
  readonly flat: FlatTypes;
  /** Whether even the flat form refers to memory. */
  readonly usesMemory: boolean;
  /** Estimated bytes of a lifted value on the JavaScript heap, without what its strings and lists add when lifted. */
  readonly heapBytes: number;
  /** Values to visit in one value of the type, lists counted as one: the work that a list's element stands for. */
  readonly nodes: number;
  readonly load: (lift: Lift, ptr: number) => unknown;
  /** Phase one of lowering: validates, charges, lists allocations. Throws ValueFault. */
  readonly measure: (lowering: Lowering, value: unknown) => void;
  readonly store: (lowering: Lowering, value: unknown, ptr: number) => void;
  readonly compileFlatLift: (slots: readonly CoreType[], at: number) => FlatLift;
  readonly compileFlatLower: (slots: readonly CoreType[], at: number) => FlatLower;
}
