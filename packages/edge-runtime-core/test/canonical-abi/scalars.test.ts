// Every type of one core value: what lifting and lowering give, in memory and flat.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileFuncAbi } from "../../src/canonical-abi/index.ts";
import type { CoreValue, ValType } from "../../src/canonical-abi/index.ts";
import { createFixture } from "./abi-fixture.ts";

interface LiftRow {
  readonly type: ValType;
  /** Core values as a guest passes them. */
  readonly core: CoreValue;
  readonly value: unknown;
}

const enumType: ValType = { kind: "enum", names: ["red", "light-green"] };
const flagsType: ValType = { kind: "flags", names: ["read", "write-all"] };

const LIFTS: readonly LiftRow[] = [
  { type: { kind: "bool" }, core: 0, value: false },
  { type: { kind: "bool" }, core: 2, value: true },
  { type: { kind: "bool" }, core: -2_147_483_648, value: true },
  { type: { kind: "u8" }, core: 0x1ff, value: 255 },
  { type: { kind: "s8" }, core: 0x80, value: -128 },
  { type: { kind: "u16" }, core: -1, value: 65_535 },
  { type: { kind: "s16" }, core: 0x1_8000, value: -32_768 },
  { type: { kind: "u32" }, core: -1, value: 4_294_967_295 },
  { type: { kind: "s32" }, core: 4_294_967_295, value: -1 },
  { type: { kind: "u64" }, core: -1n, value: 18_446_744_073_709_551_615n },
  { type: { kind: "s64" }, core: 18_446_744_073_709_551_615n, value: -1n },
  { type: { kind: "f32" }, core: 0.1, value: Math.fround(0.1) },
  { type: { kind: "f32" }, core: Number.NaN, value: Number.NaN },
  { type: { kind: "f64" }, core: -0, value: -0 },
  { type: { kind: "char" }, core: 0x1f30a, value: "🌊" },
  { type: { kind: "char" }, core: 0xd7ff, value: "\ud7ff" },
  { type: { kind: "char" }, core: 0xe000, value: "\ue000" },
  { type: enumType, core: 1, value: "light-green" },
  { type: flagsType, core: 0b10, value: { read: false, writeAll: true } },
  { type: flagsType, core: -4, value: { read: false, writeAll: false } },
];

describe("scalars: lifting a core value", () => {
  for (const { type, core, value } of LIFTS) {
    test(`scalars: ${type.kind} ${core} lifts to ${JSON.stringify(value, bigintText)}`, () => {
      const abi = compileFuncAbi({ params: [{ name: "a", type }], result: type });
      const { cx } = createFixture();
      assert.deepStrictEqual(abi.liftParams(cx, [core]), [value]);
      assert.deepStrictEqual(abi.liftResult(cx, core), value);
    });
  }
});

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}

interface StoreRow {
  readonly type: ValType;
  readonly value: unknown;
  /** Bytes of the value in memory. */
  readonly hex: string;
}

const STORES: readonly StoreRow[] = [
  { type: { kind: "bool" }, value: true, hex: "01" },
  { type: { kind: "u8" }, value: 255, hex: "ff" },
  { type: { kind: "s8" }, value: -2, hex: "fe" },
  { type: { kind: "u16" }, value: 0x1234, hex: "3412" },
  { type: { kind: "s16" }, value: -2, hex: "feff" },
  { type: { kind: "u32" }, value: 0xdead_beef, hex: "efbeadde" },
  { type: { kind: "s32" }, value: -2, hex: "feffffff" },
  { type: { kind: "u64" }, value: 2n ** 64n - 2n, hex: "feffffffffffffff" },
  { type: { kind: "u64" }, value: 7, hex: "0700000000000000" },
  { type: { kind: "s64" }, value: -2n, hex: "feffffffffffffff" },
  { type: { kind: "f32" }, value: 1.5, hex: "0000c03f" },
  { type: { kind: "f32" }, value: Number.NaN, hex: "0000c07f" },
  { type: { kind: "f64" }, value: 1.5, hex: "000000000000f83f" },
  { type: { kind: "f64" }, value: Number.NaN, hex: "000000000000f87f" },
  { type: { kind: "char" }, value: "€", hex: "ac200000" },
  { type: enumType, value: "light-green", hex: "01" },
  { type: flagsType, value: { writeAll: true }, hex: "02" },
  {
    type: { kind: "flags", names: Array.from({ length: 32 }, (_, i) => `f${i}`) },
    value: { f31: true },
    hex: "00000080",
  },
];

describe("scalars: storing in memory", () => {
  for (const { type, value, hex } of STORES) {
    test(`scalars: ${type.kind} ${JSON.stringify(value, bigintText)} is stored as ${hex}, with the bytes around it untouched`, () => {
      // A list of one: its element is the only allocation.
      const abi = compileFuncAbi({ params: [{ name: "a", type: { kind: "list", element: type } }], result: undefined });
      const fixture = createFixture({ contents: new Uint8Array(4096).fill(0xaa), heap: 64 });
      const plan = abi.measureParams(fixture.cx, [[value]]);
      assert.deepEqual(abi.lowerParams(fixture.cx, plan, fixture.allocate(plan)), [64, 1]);
      assert.equal(
        Buffer.from(fixture.bytes.subarray(56, 72 + hex.length / 2)).toString("hex"),
        "aa".repeat(8) + hex + "aa".repeat(8),
      );
    });
  }
});

describe("scalars: resources", () => {
  test("scalars: own and borrow go through the context's handle tables, with the handle unsigned", () => {
    const params = (["own", "borrow"] as const).map((kind) => ({ name: "r", type: { kind, resource: 3 } }));
    const abi = compileFuncAbi({ params, result: { kind: "own", resource: 4 } });
    const fixture = createFixture();
    assert.deepEqual(abi.liftParams(fixture.cx, [-1, 7]), [{ handle: 0xffff_ffff }, { handle: 7 }]);
    const plan = abi.measureParams(fixture.cx, [{ handle: 1 }, { handle: 2 }]);
    assert.deepEqual(abi.lowerParams(fixture.cx, plan, []), [1, 2]);
    const resultPlan = abi.measureResult(fixture.cx, { handle: 9 });
    assert.equal(abi.lowerResult(fixture.cx, resultPlan, []), 9);
    assert.deepEqual(fixture.handleCalls, ["liftOwn 3", "liftBorrow 3", "lowerOwn 3", "lowerBorrow 3", "lowerOwn 4"]);
  });
});
