// What is asked of each kind of vector: types, signatures, loads, stores, and the same from and to core values.

import assert from "node:assert/strict";
import type { StringEncoding, ValType } from "edge-runtime-core";
import type { Codec, CoreType, CoreValue } from "edge-runtime-core/internal";
import { compileFuncAbi, createTypeCompiler, Lift, Lowering } from "edge-runtime-core/internal";
import type { CoreVectorValue, VectorType, VectorValue } from "../vector-form.ts";
import { bitsOfFloat, floatFromBits, toValType, toValue } from "../vector-form.ts";
import { VectorGuest, VectorTrap } from "./vector-guest.ts";

interface Signature {
  readonly params: readonly CoreType[];
  readonly results: readonly CoreType[];
}

export interface TypeVector {
  readonly t: VectorType;
  readonly size: number;
  readonly align: number;
  readonly flat: readonly CoreType[];
}

export interface FunctionVector {
  readonly params: readonly VectorType[];
  readonly result: VectorType | null;
  readonly lift: Signature;
  readonly lower: Signature;
}

export interface LiftVector {
  readonly t: VectorType;
  readonly enc: StringEncoding;
  readonly ptr: number;
  readonly memSize: number;
  /** Absent where the vector traps. */
  readonly v?: VectorValue;
  readonly mem: string;
  readonly flat: readonly CoreVectorValue[];
}

export interface LowerVector extends LiftVector {
  readonly v: VectorValue;
  readonly heap: number;
  readonly realloc: readonly (readonly number[])[];
}

function compile(type: ValType): Codec {
  return createTypeCompiler()(type);
}

/** Our lists of core types end at 64: over 16 nothing is passed flat. */
function writtenFlat(flat: readonly CoreType[]): readonly CoreType[] | undefined {
  return flat.length > 64 ? undefined : flat;
}

function flatOf({ flat }: Codec): readonly CoreType[] {
  assert.ok(flat !== undefined, "the type has no flat form");
  return flat;
}

export function checkType(vector: TypeVector): void {
  const { size, alignment, flat } = compile(toValType(vector.t));
  assert.deepEqual({ size, alignment }, { size: vector.size, alignment: vector.align });
  assert.deepEqual(flat, writtenFlat(vector.flat));
}

export function checkFunction(vector: FunctionVector): void {
  const { lift, lower } = compileFuncAbi({
    params: vector.params.map((type, index) => ({ name: `p${index}`, type: toValType(type) })),
    result: vector.result === null ? undefined : toValType(vector.result),
  });
  assert.deepEqual({ lift, lower }, { lift: vector.lift, lower: vector.lower });
}

function checkLifted(vector: LiftVector, lifted: (codec: Codec, lift: Lift) => unknown): void {
  const { cx } = new VectorGuest({ encoding: vector.enc, memorySize: vector.memSize, contents: vector.mem });
  const type = toValType(vector.t);
  const act = (): unknown => lifted(compile(type), new Lift(cx, cx.memory()));
  if (vector.v === undefined) assert.throws(act, VectorTrap);
  else assert.deepStrictEqual(act(), toValue(type, vector.v));
}

export function checkLift(vector: LiftVector): void {
  checkLifted(vector, (codec, lift) => codec.load(lift, vector.ptr));
}

function toCore({ type, value }: CoreVectorValue): CoreValue {
  if (type === "i64") return BigInt(value);
  return type === "i32" ? Number(value) : floatFromBits(type, value);
}

export function checkLiftFlat(vector: LiftVector): void {
  checkLifted(vector, (codec, lift) => codec.compileFlatLift(flatOf(codec), 0)(lift, vector.flat.map(toCore)));
}

function checkLowered(vector: LowerVector, lower: (codec: Codec, lowering: Lowering, value: unknown) => void): void {
  const guest = new VectorGuest({ encoding: "utf8", memorySize: vector.memSize, contents: "" });
  const type = toValType(vector.t);
  const codec = compile(type);
  const value = toValue(type, vector.v);
  const lowering = new Lowering(guest.cx, value);
  codec.measure(lowering, value);
  lowering.begin(guest.allocate(lowering, vector.heap), true);
  lower(codec, lowering, value);
  assert.deepEqual(guest.reallocs, vector.realloc);
  assert.equal(guest.written, vector.mem);
}

export function checkLower(vector: LowerVector): void {
  checkLowered(vector, (codec, lowering, value) => codec.store(lowering, value, vector.ptr));
}

function fromCore(type: CoreType, value: CoreValue | undefined): CoreVectorValue {
  if (type === "f32" || type === "f64") return { type, value: bitsOfFloat(type, Number(value)) };
  return { type, value: type === "i32" ? String(Number(value) >>> 0) : String(BigInt.asUintN(64, BigInt(value ?? 0))) };
}

export function checkLowerFlat(vector: LowerVector): void {
  checkLowered(vector, (codec, lowering, value) => {
    const flat = flatOf(codec);
    const out: CoreValue[] = flat.map((type) => (type === "i64" ? 0n : 0));
    codec.compileFlatLower(flat, 0)(lowering, value, out);
    assert.deepEqual(
      flat.map((type, index) => fromCore(type, out[index])),
      vector.flat,
    );
  });
}
