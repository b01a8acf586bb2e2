// Values from the host that do not fit: always an error that says where and what, never a wrapped number.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SignatureMismatch } from "edge-runtime-common";
import { compileFuncAbi, invalidValue } from "../../src/canonical-abi/index.ts";
import type { ValType } from "../../src/canonical-abi/index.ts";
import { createFixture } from "./abi-fixture.ts";

interface Row {
  readonly type: ValType;
  readonly value: unknown;
  readonly message: string;
}

const string: ValType = { kind: "string" };
const headers: ValType = { kind: "list", element: { kind: "tuple", types: [string, string] } };
const request: ValType = {
  kind: "record",
  fields: [
    { name: "headers", type: headers },
    { name: "body-size", type: { kind: "option", type: { kind: "u32" } } },
  ],
};
const shape: ValType = {
  kind: "variant",
  cases: [
    { name: "circle", type: { kind: "f64" } },
    { name: "none", type: undefined },
  ],
};
const flags: ValType = { kind: "flags", names: ["read", "write-all"] };
const nested: ValType = { kind: "option", type: { kind: "option", type: { kind: "u8" } } };

const ROWS: readonly Row[] = [
  { type: { kind: "bool" }, value: 1, message: "args[0]: expected bool, got number" },
  { type: { kind: "u8" }, value: 300, message: "args[0]: expected u8 (0 to 255), got 300" },
  { type: { kind: "u8" }, value: -1, message: "args[0]: expected u8 (0 to 255), got -1" },
  { type: { kind: "u8" }, value: 1.5, message: "args[0]: expected u8 (0 to 255), got 1.5" },
  { type: { kind: "u8" }, value: "1", message: 'args[0]: expected u8 (0 to 255), got "1"' },
  { type: { kind: "s8" }, value: 128, message: "args[0]: expected s8 (-128 to 127), got 128" },
  { type: { kind: "u16" }, value: 65_536, message: "args[0]: expected u16 (0 to 65535), got 65536" },
  { type: { kind: "s16" }, value: -32_769, message: "args[0]: expected s16 (-32768 to 32767), got -32769" },
  { type: { kind: "u32" }, value: 2 ** 32, message: "args[0]: expected u32 (0 to 4294967295), got 4294967296" },
  {
    type: { kind: "s32" },
    value: Number.NaN,
    message: "args[0]: expected s32 (-2147483648 to 2147483647), got NaN",
  },
  {
    type: { kind: "u64" },
    value: -1n,
    message: "args[0]: expected u64 (a bigint from 0 to 18446744073709551615), got -1n",
  },
  {
    type: { kind: "s64" },
    value: 2 ** 60,
    message:
      "args[0]: expected s64 (a bigint from -9223372036854775808 to 9223372036854775807), got 1152921504606847000",
  },
  { type: { kind: "f32" }, value: 1n, message: "args[0]: expected f32, got bigint" },
  { type: { kind: "f64" }, value: "1", message: "args[0]: expected f64, got string" },
  {
    type: { kind: "char" },
    value: "ab",
    message: 'args[0]: expected char (a string of one Unicode scalar value), got "ab"',
  },
  {
    type: { kind: "char" },
    value: "\ud800",
    message: 'args[0]: expected char (a string of one Unicode scalar value), got "\\ud800"',
  },
  { type: string, value: 7, message: "args[0]: expected string, got number" },
  { type: string, value: null, message: "args[0]: expected string, got null" },
  { type: headers, value: "x", message: "args[0]: expected array, got string" },
  {
    type: { kind: "list", element: { kind: "u8" } },
    value: "x",
    message: "args[0]: expected Uint8Array or array, got string",
  },
  {
    type: { kind: "list", element: { kind: "u8" } },
    value: [1, 2, 256],
    message: "args[0][2]: expected u8 (0 to 255), got 256",
  },
  {
    type: request,
    value: {
      headers: [
        ["a", "b"],
        ["c", "d"],
        ["e", "f"],
        ["g", 7],
      ],
    },
    message: "args[0].headers[3][1]: expected string, got number",
  },
  {
    type: request,
    value: { headers: [["a"]] },
    message: "args[0].headers[0]: expected array of 2 (tuple), got array of 1",
  },
  {
    type: request,
    value: { headers: [], bodySize: -5 },
    message: "args[0].bodySize: expected u32 (0 to 4294967295), got -5",
  },
  { type: request, value: undefined, message: "args[0]: expected object (record), got undefined" },
  { type: shape, value: { tag: "circle", val: "x" }, message: "args[0].val: expected f64, got string" },
  {
    type: shape,
    value: { tag: "square" },
    message: 'args[0]: expected tag of variant ("circle", "none"), got "square"',
  },
  { type: shape, value: "none", message: "args[0]: expected object with a tag (variant), got string" },
  {
    type: { kind: "enum", names: ["a", "b"] },
    value: "toString",
    message: 'args[0]: expected enum ("a", "b"), got "toString"',
  },
  { type: flags, value: { writeAll: 1 }, message: "args[0].writeAll: expected bool, got number" },
  { type: flags, value: null, message: "args[0]: expected object of booleans (flags), got null" },
  { type: nested, value: 7, message: "args[0]: expected object with a tag (nested option), got number" },
  { type: nested, value: { tag: "some", val: 256 }, message: "args[0].val: expected u8 (0 to 255), got 256" },
  {
    type: { kind: "record", fields: [{ name: "to-string", type: string }] },
    value: {},
    message: "args[0].toString: expected string, got undefined",
  },
];

describe("host values: what does not fit is an error with its path", () => {
  for (const { type, value, message } of ROWS) {
    test(`host values: ${message}`, () => {
      const abi = compileFuncAbi({ params: [{ name: "a", type }], result: type });
      const { cx } = createFixture();
      assert.throws(() => abi.measureParams(cx, [value]), {
        name: "SignatureMismatch",
        message: `Signature mismatch: ${message}`,
      });
      assert.throws(() => abi.measureResult(cx, value), {
        message: `Signature mismatch: ${message.replace("args[0]", "result")}`,
      });
    });
  }

  test("host values: the number of arguments must be that of the parameters", () => {
    const abi = compileFuncAbi({ params: [{ name: "a", type: { kind: "u8" } }], result: undefined });
    const message = "Signature mismatch: args: expected array of 1 (tuple), got array of 2";
    assert.throws(() => abi.measureParams(createFixture().cx, [1, 2]), { message });
  });

  test("host values: an error of the host's own, as from a getter, passes unchanged", () => {
    const abi = compileFuncAbi({ params: [{ name: "a", type: request }], result: undefined });
    const own = new Error("from the getter");
    const value = {
      get headers(): never {
        throw own;
      },
    };
    assert.throws(() => abi.measureParams(createFixture().cx, [value]), own);
  });

  test("host values: invalidValue makes the same error", () => {
    const error = invalidValue("args[0].headers[3][1]", "string", "number");
    assert.ok(error instanceof SignatureMismatch);
    assert.equal(error.message, "Signature mismatch: args[0].headers[3][1]: expected string, got number");
    assert.equal(error.exportName, "args[0].headers[3][1]");
  });
});

interface AcceptRow {
  readonly title: string;
  readonly type: ValType;
  readonly value: unknown;
  readonly lifted: unknown;
}

const ACCEPTED: readonly AcceptRow[] = [
  { title: "null as none", type: { kind: "option", type: string }, value: null, lifted: undefined },
  { title: "exact numbers as u64", type: { kind: "u64" }, value: 5, lifted: 5n },
  { title: "-0 as an integer", type: { kind: "s8" }, value: -0, lifted: 0 },
  { title: "rounding to f32", type: { kind: "f32" }, value: 0.1, lifted: Math.fround(0.1) },
  { title: "flags that are not mentioned", type: flags, value: {}, lifted: { read: false, writeAll: false } },
  {
    title: "a payload that the case does not have",
    type: shape,
    value: { tag: "none", val: 1 },
    lifted: { tag: "none" },
  },
  {
    title: "objects with more properties, inherited ones included",
    type: request,
    value: Object.create({ headers: [], other: 1 }),
    lifted: { headers: [], bodySize: undefined },
  },
  {
    title: "a result without payloads",
    type: { kind: "result", ok: undefined, err: undefined },
    value: { tag: "err" },
    lifted: { tag: "err", val: undefined },
  },
  {
    title: "labels that would meet in one property name",
    type: { kind: "flags", names: ["x-1", "x1", "y-1"] },
    value: { "x-1": true, x1: false, y1: true },
    lifted: { "x-1": true, x1: false, y1: true },
  },
];

describe("host values: what is accepted", () => {
  for (const { title, type, value, lifted } of ACCEPTED) {
    test(`host values: takes ${title}`, () => {
      const abi = compileFuncAbi({ params: [{ name: "a", type }], result: undefined });
      const fixture = createFixture();
      const plan = abi.measureParams(fixture.cx, [value]);
      const flat = abi.lowerParams(fixture.cx, plan, fixture.allocate(plan));
      assert.deepStrictEqual(abi.liftParams(fixture.cx, flat), [lifted]);
    });
  }
});
