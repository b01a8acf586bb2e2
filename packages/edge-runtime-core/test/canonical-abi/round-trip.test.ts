import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { arbitraryTypedValue } from "edge-runtime-testing";
import fc from "fast-check";
import { createTypeCompiler } from "../../src/canonical-abi/compile-type.ts";
import { compileFuncAbi } from "../../src/canonical-abi/index.ts";
import type { StringEncoding } from "../../src/canonical-abi/index.ts";
import { createFixture } from "./abi-fixture.ts";
import type { AbiFixture } from "./abi-fixture.ts";

const GUARD = 0xaa;
const MEMORY_SIZE = 1 << 16;
const RETURN_POINTER = 64;
const runs = { seed: 20_260_501, numRuns: 300 };

/** Fills the memory, so that a write to anywhere but an allocation shows. */
function guardedFixture(encoding: StringEncoding): AbiFixture {
  return createFixture({
    encoding,
    memorySize: MEMORY_SIZE,
    contents: new Uint8Array(MEMORY_SIZE).fill(GUARD),
    heap: 2048,
    gap: 8,
  });
}

/** Every byte outside of the ranges is as it was. */
function assertGuards({ bytes }: AbiFixture, written: readonly (readonly [start: number, size: number])[]): void {
  const copy = bytes.slice();
  for (const [start, size] of written) copy.fill(GUARD, start, start + size);
  const touched = copy.findIndex((byte) => byte !== GUARD);
  assert.equal(touched, -1, `byte ${touched} was written`);
}

function allocated({ reallocs }: AbiFixture): (readonly [number, number])[] {
  return reallocs.map(([, , , size = 0, ptr = 0]) => [ptr, size]);
}

describe("round trip: lift(lower(value)) is the value", () => {
  for (const encoding of ["utf8", "utf16", "latin1+utf16"] as const) {
    test(`round trip: parameters, ${encoding}, nothing written outside of the allocations`, () => {
      fc.assert(
        fc.property(fc.array(arbitraryTypedValue(2), { minLength: 1, maxLength: 4 }), (typed) => {
          const abi = compileFuncAbi({ params: typed.map(([type]) => ({ name: "p", type })), result: undefined });
          const fixture = guardedFixture(encoding);
          const values = typed.map(([, value]) => value);
          const plan = abi.measureParams(fixture.cx, values);
          const flat = abi.lowerParams(fixture.cx, plan, fixture.allocate(plan));
          assert.equal(flat.length, abi.lift.params.length);
          assertGuards(fixture, allocated(fixture));
          assert.deepStrictEqual(abi.liftParams(fixture.cx, flat), values);
        }),
        runs,
      );
    });

    test(`round trip: results, ${encoding}, nothing written outside of the allocations`, () => {
      fc.assert(
        fc.property(arbitraryTypedValue(), ([type, value]) => {
          const abi = compileFuncAbi({ params: [], result: type });
          const fixture = guardedFixture(encoding);
          const plan = abi.measureResult(fixture.cx, value);
          const core = abi.lowerResult(fixture.cx, plan, fixture.allocate(plan), RETURN_POINTER);
          const isFlat = abi.returnPointerIndex === undefined;
          assert.equal(core !== undefined, isFlat);
          assertGuards(fixture, [
            ...allocated(fixture),
            [RETURN_POINTER, isFlat ? 0 : createTypeCompiler()(type).size],
          ]);
          assert.deepStrictEqual(abi.liftResult(fixture.cx, core ?? RETURN_POINTER), value);
        }),
        runs,
      );
    });
  }
});
