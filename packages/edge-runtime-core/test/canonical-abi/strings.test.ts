import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileFuncAbi } from "../../src/canonical-abi/index.ts";
import type { StringEncoding } from "../../src/canonical-abi/index.ts";
import { createFixture, GuestTrap } from "./abi-fixture.ts";

const TAG = 0x8000_0000;
const abi = compileFuncAbi({ params: [{ name: "s", type: { kind: "string" } }], result: undefined });

interface LowerRow {
  readonly encoding: StringEncoding;
  readonly text: string;
  /** Bytes in the guest. */
  readonly hex: string;
  /** Code units, with the tag of latin1+utf16. */
  readonly length: number;
}

const LOWERS: readonly LowerRow[] = [
  { encoding: "utf8", text: "", hex: "", length: 0 },
  { encoding: "utf8", text: "abc", hex: "616263", length: 3 },
  { encoding: "utf8", text: "é€🌊", hex: "c3a9e282acf09f8c8a", length: 9 },
  { encoding: "utf8", text: "\ufeffx", hex: "efbbbf78", length: 4 },
  { encoding: "utf8", text: "a\ud800b", hex: "61efbfbd62", length: 5 },
  { encoding: "utf8", text: "\udc00\ud800", hex: "efbfbdefbfbd", length: 6 },
  { encoding: "utf16", text: "", hex: "", length: 0 },
  { encoding: "utf16", text: "a🌊", hex: "61003cd80adf", length: 3 },
  { encoding: "utf16", text: "a\ud800", hex: "6100fdff", length: 2 },
  { encoding: "latin1+utf16", text: "", hex: "", length: 0 },
  { encoding: "latin1+utf16", text: "aÿ", hex: "61ff", length: 2 },
  { encoding: "latin1+utf16", text: "aĀ", hex: "61000001", length: TAG + 2 },
  { encoding: "latin1+utf16", text: "\udfff", hex: "fdff", length: TAG + 1 },
];

describe("strings: lowering", () => {
  for (const { encoding, text, hex, length } of LOWERS) {
    test(`strings: ${JSON.stringify(text)} in ${encoding} is ${hex || "nothing"}, in one allocation of that size`, () => {
      const fixture = createFixture({ encoding, heap: 64, contents: new Uint8Array(4096).fill(0xaa) });
      const plan = abi.measureParams(fixture.cx, [text]);
      assert.deepEqual(plan.sizes, [hex.length / 2]);
      assert.deepEqual(plan.aligns, [encoding === "utf8" ? 1 : 2]);
      assert.deepEqual(abi.lowerParams(fixture.cx, plan, fixture.allocate(plan)), [64, length]);
      const around = Buffer.from(fixture.bytes.subarray(56, 72 + hex.length / 2)).toString("hex");
      assert.equal(around, "aa".repeat(8) + hex + "aa".repeat(8));
      assert.equal(fixture.fuel(), hex.length / 2);
    });
  }

  for (const text of ["x".repeat(100_000), "é".repeat(50_000), "🌊".repeat(40_000), `a${"🌊".repeat(40_000)}`]) {
    test(`strings: ${text.length} code units of ${text.slice(0, 3)} go through unchanged`, () => {
      for (const encoding of ["utf8", "utf16", "latin1+utf16"] as const) {
        const fixture = createFixture({ encoding, memorySize: 1 << 20 });
        const plan = abi.measureParams(fixture.cx, [text]);
        const flat = abi.lowerParams(fixture.cx, plan, fixture.allocate(plan));
        assert.deepEqual(abi.liftParams(fixture.cx, flat), [text]);
      }
    });
  }
});

interface LiftRow {
  readonly encoding: StringEncoding;
  readonly hex: string;
  readonly length: number;
  readonly text?: string;
}

const LIFTS: readonly LiftRow[] = [
  { encoding: "utf8", hex: "efbbbf61", length: 4, text: "\ufeffa" },
  { encoding: "utf8", hex: "6100", length: 2, text: "a\u0000" },
  { encoding: "utf8", hex: "ff", length: 1 },
  { encoding: "utf8", hex: "c0af", length: 2 },
  { encoding: "utf8", hex: "e282", length: 2 },
  { encoding: "utf8", hex: "eda080", length: 3 },
  { encoding: "utf8", hex: "f4908080", length: 4 },
  { encoding: "utf8", hex: `${"61".repeat(60)}80`, length: 61 },
  { encoding: "utf16", hex: "3cd80adf", length: 2, text: "🌊" },
  { encoding: "utf16", hex: "fffe", length: 1, text: "\ufeff" },
  { encoding: "utf16", hex: "00d8", length: 1 },
  { encoding: "utf16", hex: "00dc00d8", length: 2 },
  { encoding: "latin1+utf16", hex: "80ff", length: 2, text: "\u0080ÿ" },
  { encoding: "latin1+utf16", hex: "3cd80adf", length: TAG + 2, text: "🌊" },
  { encoding: "latin1+utf16", hex: "6100", length: TAG + 1, text: "a" },
  { encoding: "latin1+utf16", hex: "00dc", length: TAG + 1 },
];

describe("strings: lifting", () => {
  for (const { encoding, hex, length, text } of LIFTS) {
    const outcome = text === undefined ? "traps" : `is ${JSON.stringify(text)}`;
    test(`strings: ${hex.slice(-24)} of ${length >>> 0} in ${encoding} ${outcome}`, () => {
      const { cx } = createFixture({ encoding, contents: Buffer.from(hex, "hex") });
      const act = (): unknown => abi.liftParams(cx, [0, length | 0])[0];
      if (text === undefined) assert.throws(act, GuestTrap);
      else assert.equal(act(), text);
    });
  }
});

interface RangeRow {
  readonly encoding: StringEncoding;
  readonly ptr: number;
  readonly length: number;
  readonly message: RegExp | undefined;
}

const MEMORY_SIZE = 4096;
const OUTSIDE = /^string content out-of-bounds/;
const UNALIGNED = /^unaligned pointer/;

const RANGES: readonly RangeRow[] = [
  { encoding: "utf8", ptr: MEMORY_SIZE, length: 0, message: undefined },
  { encoding: "utf8", ptr: MEMORY_SIZE - 1, length: 1, message: undefined },
  { encoding: "utf8", ptr: MEMORY_SIZE, length: 1, message: OUTSIDE },
  { encoding: "utf8", ptr: MEMORY_SIZE + 1, length: 0, message: OUTSIDE },
  { encoding: "utf8", ptr: -1, length: 0, message: OUTSIDE },
  { encoding: "utf8", ptr: -16, length: 32, message: OUTSIDE },
  { encoding: "utf8", ptr: 0, length: -1, message: OUTSIDE },
  { encoding: "utf8", ptr: 0, length: 2 ** 28, message: OUTSIDE },
  { encoding: "utf8", ptr: 1, length: 1, message: undefined },
  { encoding: "utf16", ptr: 1, length: 0, message: UNALIGNED },
  { encoding: "utf16", ptr: MEMORY_SIZE - 2, length: 2, message: OUTSIDE },
  { encoding: "utf16", ptr: 0, length: 2 ** 31, message: OUTSIDE },
  { encoding: "utf16", ptr: 0, length: 2 ** 27, message: OUTSIDE },
  { encoding: "latin1+utf16", ptr: 1, length: 1, message: UNALIGNED },
  { encoding: "latin1+utf16", ptr: 1, length: TAG + 1, message: UNALIGNED },
  { encoding: "latin1+utf16", ptr: 0, length: TAG + 2 ** 30, message: OUTSIDE },
  { encoding: "latin1+utf16", ptr: MEMORY_SIZE - 2, length: TAG + 2, message: OUTSIDE },
];

describe("strings: pointers and lengths from the guest", () => {
  for (const { encoding, ptr, length, message } of RANGES) {
    const outcome = message === undefined ? "is in bounds" : `traps with ${message.source}`;
    test(`strings: ${length >>> 0} at ${ptr >>> 0} in ${encoding} ${outcome}`, () => {
      const fixture = createFixture({ encoding, memorySize: MEMORY_SIZE });
      const act = (): unknown => abi.liftParams(fixture.cx, [ptr | 0, length | 0]);
      if (message === undefined) act();
      else assert.throws(act, { message });
      assert.equal(fixture.fuel(), message === undefined ? length : 0);
    });
  }
});
