// The conformance vectors that were made with the specification's reference implementation. They are not part of
// the repository: without the folder beside the checkout the tests are skipped.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Codec } from "../../src/canonical-abi/codec.ts";
import { createTypeCompiler } from "../../src/canonical-abi/compile-type.ts";
import { compileFuncAbi } from "../../src/canonical-abi/index.ts";
import type { CoreSignature, CoreType, CoreValue, StringEncoding } from "../../src/canonical-abi/index.ts";
import { Lift } from "../../src/canonical-abi/lift.ts";
import { Lowering } from "../../src/canonical-abi/lowering.ts";
import { createFixture, GuestTrap } from "./abi-fixture.ts";
import { bitsOfFloat, floatFromBits, toValType, toValue } from "./vector-form.ts";
import type { CoreVectorValue, VectorType, VectorValue } from "./vector-form.ts";

const folder = join(import.meta.dirname, "../../../../../shared/conformance/component/abi-vectors/dev");
const skip = existsSync(folder) ? false : `no conformance data at ${folder}`;

function* readVectors<T>(name: string): Generator<T> {
  for (const line of readFileSync(join(folder, `${name}.jsonl`), "utf8").split("\n")) {
    if (line !== "") yield JSON.parse(line) as T;
  }
}

/** Checks every vector, then reports how many there were and the first few that failed. */
function checkVectors<T>(name: string, check: (vector: T) => void): void {
  test(`canonical ABI vectors: ${name}`, { skip }, () => {
    const failures: string[] = [];
    let count = 0;
    for (const vector of readVectors<T>(name)) {
      count += 1;
      try {
        check(vector);
      } catch (error) {
        failures.push(`${JSON.stringify(vector).slice(0, 600)}\n${String(error)}`);
      }
    }
    assert.ok(count > 0, "no vectors");
    assert.equal(failures.length, 0, `${failures.length} of ${count} failed:\n${failures.slice(0, 3).join("\n")}`);
  });
}

function compile(type: VectorType): Codec {
  return createTypeCompiler()(toValType(type));
}

/** Nothing over 16 core values is passed flat; we write out lists of up to 64. */
function expectedFlat(flat: readonly CoreType[]): readonly CoreType[] | undefined {
  return flat.length > 64 ? undefined : flat;
}

checkVectors<{ t: VectorType; size: number; align: number; flat: CoreType[] }>("types", (vector) => {
  const { size, alignment, flat } = compile(vector.t);
  assert.deepEqual({ size, alignment }, { size: vector.size, alignment: vector.align });
  assert.deepEqual(flat, expectedFlat(vector.flat));
});

interface FunctionVector {
  readonly params: VectorType[];
  readonly result: VectorType | null;
  readonly lift: CoreSignature;
  readonly lower: CoreSignature;
}

// Async forms (`async-lift`, `async-lower`, `async-lift-callback`) are left out: functions are synchronous here.
checkVectors<FunctionVector>("functions", (vector) => {
  const abi = compileFuncAbi({
    params: vector.params.map((type, index) => ({ name: `p${index}`, type: toValType(type) })),
    result: vector.result === null ? undefined : toValType(vector.result),
  });
  assert.deepEqual({ lift: abi.lift, lower: abi.lower }, { lift: vector.lift, lower: vector.lower });
});

interface LiftVector {
  readonly t: VectorType;
  readonly enc: StringEncoding;
  readonly ptr: number;
  readonly memSize: number;
  readonly mem: string;
  readonly flat: readonly CoreVectorValue[];
  readonly v?: VectorValue;
  readonly trap?: true;
}

function checkLift(vector: LiftVector, lift: (codec: Codec, lift: Lift) => unknown): void {
  const { cx } = createFixture({
    encoding: vector.enc,
    memorySize: vector.memSize,
    contents: Buffer.from(vector.mem, "hex"),
  });
  const act = (): unknown => lift(compile(vector.t), new Lift(cx, cx.memory()));
  if (vector.v === undefined) assert.throws(act, GuestTrap);
  else assert.deepStrictEqual(act(), toValue(toValType(vector.t), vector.v));
}

function toCore({ type, value }: CoreVectorValue): CoreValue {
  if (type === "i64") return BigInt(value);
  return type === "i32" ? Number(value) : floatFromBits(type, value);
}

checkVectors<LiftVector>("lift", (vector) => {
  checkLift(vector, (codec, lift) => codec.load(lift, vector.ptr));
});

checkVectors<LiftVector>("lift-flat", (vector) => {
  checkLift(vector, (codec, lift) => {
    assert.ok(codec.flat !== undefined);
    return codec.compileFlatLift(codec.flat, 0)(lift, vector.flat.map(toCore));
  });
});

interface LowerVector extends LiftVector {
  readonly v: VectorValue;
  readonly heap: number;
  readonly realloc: readonly (readonly number[])[];
}

function checkLower(vector: LowerVector, lower: (codec: Codec, lowering: Lowering, value: unknown) => void): void {
  const fixture = createFixture({ memorySize: vector.memSize, heap: vector.heap });
  const codec = compile(vector.t);
  const value = toValue(toValType(vector.t), vector.v);
  const lowering = new Lowering(fixture.cx, value);
  codec.measure(lowering, value);
  lowering.begin(fixture.allocate(lowering), true);
  lower(codec, lowering, value);
  assert.deepEqual(fixture.reallocs, vector.realloc);
  assert.equal(
    Buffer.from(fixture.bytes)
      .toString("hex")
      .replace(/(00)*$/, ""),
    vector.mem,
  );
}

function fromCore(type: CoreType, value: CoreValue | undefined): CoreVectorValue {
  if (type === "f32" || type === "f64") return { type, value: bitsOfFloat(type, Number(value)) };
  return { type, value: type === "i32" ? String(Number(value) >>> 0) : String(BigInt.asUintN(64, BigInt(value ?? 0))) };
}

checkVectors<LowerVector>("lower", (vector) => {
  checkLower(vector, (codec, lowering, value) => codec.store(lowering, value, vector.ptr));
});

checkVectors<LowerVector>("lower-flat", (vector) => {
  checkLower(vector, (codec, lowering, value) => {
    const { flat } = codec;
    assert.ok(flat !== undefined);
    const out: CoreValue[] = flat.map((type) => (type === "i64" ? 0n : 0));
    codec.compileFlatLower(flat, 0)(lowering, value, out);
    assert.deepEqual(
      flat.map((type, index) => fromCore(type, out[index])),
      vector.flat,
    );
  });
});
