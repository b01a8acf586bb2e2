import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ValType } from "edge-runtime-core";
import { arbitraryTypedValue } from "edge-runtime-testing";
import fc from "fast-check";
import { parseWave, printWave } from "../../src/wave/index.ts";

const u8: ValType = { kind: "u8" };
const f32: ValType = { kind: "f32" };
const f64: ValType = { kind: "f64" };
const string: ValType = { kind: "string" };
const option = (type: ValType): ValType => ({ kind: "option", type });

const record: ValType = {
  kind: "record",
  fields: [
    { name: "long-name", type: option(u8) },
    { name: "ok", type: option(string) },
  ],
};

type Row = readonly [type: ValType, value: unknown, text: string];

const ROWS: readonly Row[] = [
  [{ kind: "bool" }, true, "true"],
  [u8, 7, "7"],
  [{ kind: "s64" }, -7n, "-7"],
  [f64, 100, "100"],
  [f64, -0, "-0"],
  [f64, 1e21, "1000000000000000000000"],
  [f64, -1.5e-7, "-0.00000015"],
  [f64, 123.456, "123.456"],
  [f64, Number.NaN, "nan"],
  [f64, Number.NEGATIVE_INFINITY, "-inf"],
  [f32, Math.fround(0.1), "0.1"],
  [f32, Math.fround(3.4028234664e38), "340282350000000000000000000000000000000"],
  [f32, Math.fround(1.4e-45), "0.000000000000000000000000000000000000000000001"],
  [f32, 16_777_216, "16777216"],
  [{ kind: "char" }, "'", String.raw`'\''`],
  [{ kind: "char" }, "🌊", "'🌊'"],
  [string, "a\"b\\c\t\r\n'", String.raw`"a\"b\\c\t\r\n\'"`],
  [string, "\u0000\u001b\u0301\u00a0\u2028☃", String.raw`"\u{0}\u{1b}\u{301}\u{a0}\u{2028}☃"`],
  [{ kind: "list", element: u8 }, Uint8Array.of(1, 2), "[1, 2]"],
  [{ kind: "list", element: string }, [], "[]"],
  [{ kind: "tuple", types: [u8, string] }, [1, "a"], '(1, "a")'],
  [record, { longName: 1, ok: "x" }, '{long-name: some(1), ok: some("x")}'],
  [record, { longName: undefined, ok: null }, "{:}"],
  [{ kind: "flags", names: ["a", "b-c"] }, { a: false, bC: true }, "{b-c}"],
  [{ kind: "flags", names: ["a", "b-c"] }, { a: true, bC: true }, "{a, b-c}"],
  [{ kind: "flags", names: ["a"] }, {}, "{}"],
  [{ kind: "enum", names: ["a", "none"] }, "none", "%none"],
  [{ kind: "variant", cases: [{ name: "err", type: u8 }] }, { tag: "err", val: 1 }, "%err(1)"],
  [{ kind: "variant", cases: [{ name: "a", type: undefined }] }, { tag: "a" }, "a"],
  [option(u8), undefined, "none"],
  [option(option(u8)), { tag: "some", val: undefined }, "some(none)"],
  [option(option(u8)), { tag: "some", val: 3 }, "some(some(3))"],
  [{ kind: "result", ok: u8, err: undefined }, { tag: "ok", val: 1 }, "ok(1)"],
  [{ kind: "result", ok: u8, err: undefined }, { tag: "err", val: undefined }, "err"],
  [{ kind: "own", resource: 0 }, {}, "resource"],
];

describe("wave: printing", () => {
  for (const [type, value, text] of ROWS) {
    test(`wave: ${type.kind} is printed as ${text}`, () => {
      assert.equal(printWave(value, type), text);
    });
  }

  test("wave: what is printed reads back as the same value, for random types", () => {
    fc.assert(
      fc.property(arbitraryTypedValue(), ([type, value]) => {
        assert.deepStrictEqual(parseWave(printWave(value, type), type), value);
      }),
      { seed: 20_260_503, numRuns: 1000 },
    );
  });
});
