// What lifting and lowering need from the component instance that they serve: its memory and string encoding
// (the `canon` options), its handle tables, and the meter. One context per set of canonical options of an
// instance; it holds no state of a call, so it can be made once and used for every request.
// Spec: CanonicalABI "Canonical ABI Options", "Lifting and Lowering Context".

import type { TrapCode } from "edge-runtime-common";
import type { ResourceId, StringEncoding } from "./types.ts";

/** Both views span the whole memory. They are detached by growth: fetch them again after every guest call. */
export interface AbiMemory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  /** Is told of every range that is written to, before or after; undefined where nobody needs to know. */
  readonly wrote: ((at: number, bytes: number) => void) | undefined;
}

export interface AbiContext {
  /** The memory of the `memory` option, read once per lift or lower. Not called for types that need no memory. */
  readonly memory: () => AbiMemory;
  readonly encoding: StringEncoding;
  /** Ends the guest for breaking the ABI; the code is `canonical_abi` where none is given. */
  readonly trap: (message: string, code?: TrapCode) => never;
  /**
   * Charges for bytes of strings and of lists of numbers, in both directions, before they are looked at. Ends the guest
   * where its fuel or its time is used up, as `chargeValues` does: that is what bounds the time of a lift. Small charges
   * may be collected until `settle`.
   */
  readonly chargeBytes: (bytes: number) => void;
  /** Charges for values that are not such bytes, elements of lists above all: each part of one counts. */
  readonly chargeValues: (values: number) => void;
  /** Called at the end of each lift and of each measuring. */
  readonly settle: () => void;
  /** Takes an owned handle out of the instance's table and gives the host's view of it. Traps on a wrong handle. */
  readonly liftOwn: (resource: ResourceId, handle: number) => unknown;
  readonly liftBorrow: (resource: ResourceId, handle: number) => unknown;
  /** Puts a resource into the instance's table; returns the handle, an unsigned 32-bit integer. */
  readonly lowerOwn: (resource: ResourceId, value: unknown) => number;
  readonly lowerBorrow: (resource: ResourceId, value: unknown) => number;
  /**
   * Most bytes that one lift may take on the JavaScript heap, estimated before anything is allocated;
   * `DEFAULT_LIFT_BUDGET_BYTES` as a rule. Over it the guest traps.
   */
  readonly liftBudgetBytes: number;
  /** Told what the arguments of a call that were lifted take of that budget, once they are. */
  readonly lifted?: (heapBytes: number) => void;
}

/** 64 MiB: a `list<tuple<u8, u8>>` of 2^28 elements is 512 MiB in the guest and over 20 GiB as JavaScript arrays. */
export const DEFAULT_LIFT_BUDGET_BYTES = 64 * 1024 * 1024;

export type CoreType = "i32" | "i64" | "f32" | "f64";

/** i64 is a bigint, the others are numbers; i32 may be signed or unsigned in both directions. */
export type CoreValue = number | bigint;

export interface CoreSignature {
  readonly params: readonly CoreType[];
  readonly results: readonly CoreType[];
}
