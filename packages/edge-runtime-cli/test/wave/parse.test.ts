import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ValType } from "edge-runtime-core";
import { parseWave } from "../../src/wave/index.ts";

const u8: ValType = { kind: "u8" };
const u64: ValType = { kind: "u64" };
const f32: ValType = { kind: "f32" };
const f64: ValType = { kind: "f64" };
const char: ValType = { kind: "char" };
const string: ValType = { kind: "string" };
const bool: ValType = { kind: "bool" };
const list = (element: ValType): ValType => ({ kind: "list", element });
const tuple = (...types: ValType[]): ValType => ({ kind: "tuple", types });
const option = (type: ValType): ValType => ({ kind: "option", type });
const result = (ok?: ValType, err?: ValType): ValType => ({ kind: "result", ok, err });

const basic: ValType = {
  kind: "record",
  fields: [
    { name: "required", type: u8 },
    { name: "is-optional", type: option(u8) },
  ],
};
const allOptional: ValType = {
  kind: "record",
  fields: [
    { name: "a", type: option(u8) },
    { name: "b", type: option(option(u8)) },
  ],
};
const keywordFields: ValType = {
  kind: "record",
  fields: ["true", "some", "ok", "nan"].map((name) => ({ name, type: u8 })),
};
const hand: ValType = { kind: "enum", names: ["left", "HTTP3-way", "none"] };
const permissions: ValType = { kind: "flags", names: ["read", "write-all", "err"] };
const response: ValType = {
  kind: "variant",
  cases: [
    { name: "empty", type: undefined },
    { name: "body", type: list(u8) },
    { name: "err", type: string },
  ],
};

type Row = readonly [type: ValType, text: string, value: unknown];

const ACCEPTED: readonly Row[] = [
  [bool, "true", true],
  [bool, "false", false],
  [u8, "255", 255],
  [u8, " // comment\n 7 // comment", 7],
  [{ kind: "s8" }, "-128", -128],
  [{ kind: "s8" }, "-0", 0],
  [{ kind: "u16" }, "65535", 65_535],
  [{ kind: "s16" }, "-32768", -32_768],
  [{ kind: "u32" }, "4294967295", 4_294_967_295],
  [{ kind: "s32" }, "-2147483648", -2_147_483_648],
  [u64, "18446744073709551615", 2n ** 64n - 1n],
  [{ kind: "s64" }, "-9223372036854775808", -(2n ** 63n)],
  [f64, "3.14", 3.14],
  [f64, "6.022e+23", 6.022e23],
  [f64, "-0.0e-0", -0],
  [f64, "0.000E100", 0],
  [f64, "nan", Number.NaN],
  [f64, "inf", Number.POSITIVE_INFINITY],
  [f64, "-inf", Number.NEGATIVE_INFINITY],
  [f32, "0.1", Math.fround(0.1)],
  [f32, "3.4028234664e39", Number.POSITIVE_INFINITY],
  [f32, "1.4012984643e-46", 0],
  [char, "'x'", "x"],
  [char, "'🌊'", "🌊"],
  [char, "'\"'", '"'],
  [char, String.raw`'\''`, "'"],
  [char, String.raw`'\"'`, '"'],
  [char, String.raw`'\\'`, "\\"],
  [char, String.raw`'\n'`, "\n"],
  [char, String.raw`'\u{2603}'`, "☃"],
  [char, String.raw`'\u{000000}'`, "\u0000"],
  [string, '""', ""],
  [string, '"WAVE🌊"', "WAVE🌊"],
  [string, String.raw`"\\\'\"\t\n\r'\u{27}"`, "\\'\"\t\n\r''"],
  [string, '"// no comment"', "// no comment"],
  [string, '"""\n"""', ""],
  [string, '"""\r\nA single line\r\n"""', "A single line"],
  [
    string,
    '"""\n    Trailing indent\n  determines dedent\n      behavior.\n  """',
    "  Trailing indent\ndetermines dedent\n    behavior.",
  ],
  [string, '"""\n\nEmpty lines stay\n\n"""', "\nEmpty lines stay\n"],
  [string, '"""\nquotes: ""\\""\\u{2603}\\r\n"""', 'quotes: """"☃\r'],
  [list(u8), "[]", new Uint8Array()],
  [list(u8), "[1, 2,3,]", Uint8Array.of(1, 2, 3)],
  [list(u64), "[1]", BigUint64Array.of(1n)],
  [list(f32), "[1.5, nan]", Float32Array.of(1.5, Number.NaN)],
  [list(string), '["a", "b"]', ["a", "b"]],
  [list(list(bool)), "[[], [true]]", [[], [true]]],
  [tuple(u8, string), '(123, "abc")', [123, "abc"]],
  [tuple(u8), "(1,)", [1]],
  [basic, "{required: 1}", { required: 1, isOptional: undefined }],
  [basic, "{ is-optional: some(2), required: 1, }", { required: 1, isOptional: 2 }],
  [basic, "{%required:1,is-optional:2}", { required: 1, isOptional: 2 }],
  [basic, "{\n // comment\n required: 1, // comment\n is-optional: none }", { required: 1, isOptional: undefined }],
  [allOptional, "{:}", { a: undefined, b: { tag: "none" } }],
  [allOptional, "{ : }", { a: undefined, b: { tag: "none" } }],
  [allOptional, "{b: some(none)}", { a: undefined, b: { tag: "some", val: undefined } }],
  [allOptional, "{b: some(3)}", { a: undefined, b: { tag: "some", val: 3 } }],
  [keywordFields, "{true: 1, some: 2, ok: 3, nan: 4}", { true: 1, some: 2, ok: 3, nan: 4 }],
  [response, "empty", { tag: "empty" }],
  [response, "body([79, 75])", { tag: "body", val: Uint8Array.of(79, 75) }],
  [response, "body // comment\n ([])", { tag: "body", val: new Uint8Array() }],
  [response, '%err("oops")', { tag: "err", val: "oops" }],
  [hand, "left", "left"],
  [hand, "%left", "left"],
  [hand, "HTTP3-way", "HTTP3-way"],
  [hand, "%none", "none"],
  [option(u8), "none", undefined],
  [option(u8), "some(1)", 1],
  [option(u8), "1", 1],
  [option(response), "empty", { tag: "empty" }],
  [result(u8, string), "ok(1)", { tag: "ok", val: 1 }],
  [result(u8, string), "1", { tag: "ok", val: 1 }],
  [result(u8, string), 'err("oops")', { tag: "err", val: "oops" }],
  [result(), "ok", { tag: "ok", val: undefined }],
  [result(undefined, u8), "err(3)", { tag: "err", val: 3 }],
  [result(option(u8)), "ok(2)", { tag: "ok", val: 2 }],
  [permissions, "{}", { read: false, writeAll: false, err: false }],
  [permissions, "{ write-all, %read, }", { read: true, writeAll: true, err: false }],
  [permissions, "{err}", { read: false, writeAll: false, err: true }],
];

describe("wave: texts with their values", () => {
  for (const [type, text, value] of ACCEPTED) {
    test(`wave: ${type.kind} ${JSON.stringify(text)}`, () => {
      assert.deepStrictEqual(parseWave(text, type), value);
    });
  }
});

type RejectRow = readonly [type: ValType, text: string, message: string];

const REJECTED: readonly RejectRow[] = [
  [u8, "", "expected a value, got the end at line 1, column 1"],
  [u8, "1 2", 'expected the end of the value, got "2" at line 1, column 3'],
  [u8, "256", "expected u8, got 256 at line 1, column 1"],
  [u8, "-0", "expected u8, got -0 at line 1, column 1"],
  [u8, "1.0", "expected u8, got 1.0 at line 1, column 1"],
  [u8, "1e1", "expected u8, got 1e1 at line 1, column 1"],
  [u8, "01", 'invalid token "01" at line 1, column 1'],
  [u8, "0x10", 'invalid token "0x10" at line 1, column 1'],
  [u8, "nan", "expected u8, got nan at line 1, column 1"],
  [u8, '"1"', 'expected u8, got "1" at line 1, column 1'],
  [{ kind: "s64" }, "9223372036854775808", "expected s64, got 9223372036854775808 at line 1, column 1"],
  [f32, "-nan", 'invalid token "-nan" at line 1, column 1'],
  [f32, "NaN", 'invalid token "NaN" at line 1, column 1'],
  [f64, "-infinity", 'invalid token "-infinity" at line 1, column 1'],
  [f64, "INF", "expected f64, got INF at line 1, column 1"],
  [f64, ".5", 'invalid token ".5" at line 1, column 1'],
  [f64, "inf(1)", "expected f64, got inf(1) at line 1, column 1"],
  [bool, "1", "expected bool, got 1 at line 1, column 1"],
  [bool, "%true", "expected bool, got %true at line 1, column 1"],
  [char, "''", "expected a character between single quotes at line 1, column 1"],
  [char, "'ab'", "expected one character between single quotes at line 1, column 1"],
  [char, "'\n'", "expected a character between single quotes at line 1, column 1"],
  [char, "'x", "expected one character between single quotes at line 1, column 1"],
  [char, "'", "expected a character between single quotes at line 1, column 1"],
  [char, String.raw`'\z'`, "invalid escape at line 1, column 2"],
  [char, String.raw`'\u1f'`, "invalid escape at line 1, column 2"],
  [char, String.raw`'\u{}'`, "invalid escape at line 1, column 2"],
  [char, String.raw`'\u{12345678}'`, "invalid escape at line 1, column 2"],
  [char, String.raw`'\u{110000}'`, String.raw`\u{110000} is not a Unicode scalar value at line 1, column 2`],
  [char, String.raw`'\u{D800}'`, String.raw`\u{D800} is not a Unicode scalar value at line 1, column 2`],
  [string, '"', "unterminated string at line 1, column 1"],
  [string, '"a\nb"', "unterminated string at line 1, column 1"],
  [string, String.raw`"\"`, "unterminated string at line 1, column 1"],
  [string, String.raw`"ab\x"`, "invalid escape at line 1, column 4"],
  [string, '"\ud800"', "the text has a lone surrogate at line 1, column 1"],
  [string, '""" """', 'expected a line break after the opening """ at line 1, column 1'],
  [string, '"""""', 'unterminated string: no closing """ at line 1, column 1'],
  [string, '"""\nextra"""', 'expected only spaces before the closing """ at line 2, column 6'],
  [string, '"""\n a\n  """', "expected an indentation of at least 2 spaces at line 2, column 1"],
  [string, '"""\nab\\j\n"""', "invalid escape at line 2, column 3"],
  [string, '"""\n  """\n  """', 'unterminated string: no closing """ at line 3, column 3'],
  [list(u8), "[1,,2]", 'expected a value, got "," at line 1, column 4'],
  [list(u8), "[,]", 'expected a value, got "," at line 1, column 2'],
  [list(u8), "[1", "expected , or ], got the end at line 1, column 3"],
  [list(u8), "[1 2]", 'expected , or ], got "2" at line 1, column 4'],
  [list(u8), "[1)", 'expected , or ], got ")" at line 1, column 3'],
  [list(u8), "[1, 300]", "expected u8, got 300 at line 1, column 5"],
  [list(u8), "(1)", "expected list<u8>, got (1) at line 1, column 1"],
  [tuple(u8), "()", "expected a value, got an empty tuple at line 1, column 1"],
  [tuple(u8, u8), "(1)", "expected tuple<u8, u8>, got (1) at line 1, column 1"],
  [basic, "{is-optional: 1}", "missing field required (u8) at line 1, column 1"],
  [basic, "{required: 1, required: 1}", "duplicate label required at line 1, column 15"],
  [basic, "{required: 1, other: 2}", "unknown field other at line 1, column 15"],
  [basic, "{required: 1 is-optional: 2}", 'expected , or }, got "is-optional" at line 1, column 14'],
  [basic, "{, required: 1}", 'expected a label, got "," at line 1, column 2'],
  [basic, "{required: 1,,}", 'expected a label, got "," at line 1, column 14'],
  [
    basic,
    "{required}",
    "expected record { required: u8, is-optional: option<u8> }, got {required} at line 1, column 1",
  ],
  [allOptional, "{}", "expected record { a: option<u8>, b: option<option<u8>> }, got {} at line 1, column 1"],
  [permissions, "{read, read}", "duplicate label read at line 1, column 8"],
  [permissions, "{read, execute}", "expected flags { read, write-all, err }, got execute at line 1, column 8"],
  [permissions, "{:}", "expected flags { read, write-all, err }, got {:} at line 1, column 1"],
  [hand, "none", "expected enum { left, HTTP3-way, none }, got none at line 1, column 1"],
  [hand, "right", "expected enum { left, HTTP3-way, none }, got right at line 1, column 1"],
  [hand, "left(1)", "expected enum { left, HTTP3-way, none }, got left(1) at line 1, column 1"],
  [hand, "Left", 'invalid token "Left" at line 1, column 1'],
  [response, "empty(1)", "empty has no payload at line 1, column 7"],
  [response, "body", "expected (list<u8>) after body at line 1, column 5"],
  [response, 'err("x")', 'expected variant { empty, body(list<u8>), err(string) }, got err("x") at line 1, column 1'],
  [option(u8), "some", "expected (u8) after some at line 1, column 5"],
  [option(u8), "some()", 'expected a value, got ")" at line 1, column 6'],
  [option(u8), "none(1)", "none has no payload at line 1, column 6"],
  [option(u8), "some(some(0))", "expected u8, got some(0) at line 1, column 6"],
  [option(option(u8)), "3", "expected option<option<u8>>, got 3 at line 1, column 1"],
  [result(u8), "ok", "expected (u8) after ok at line 1, column 3"],
  [result(u8), "err(0)", "err has no payload at line 1, column 5"],
  [result(), "ok()", 'expected a value, got ")" at line 1, column 4'],
  [result(result(u8)), "1", "expected result<result<u8>>, got 1 at line 1, column 1"],
  [{ kind: "own", resource: 0 }, "1", "a resource cannot be written as text at line 1, column 1"],
  [list(u8), "[".repeat(101), "nested more than 100 levels deep at line 1, column 101"],
];

describe("wave: texts that do not fit, with what was expected and where", () => {
  for (const [type, text, message] of REJECTED) {
    test(`wave: ${type.kind} ${JSON.stringify(text.slice(0, 50))} is refused: ${message}`, () => {
      assert.throws(() => parseWave(text, type), {
        name: "SignatureMismatch",
        message: `Signature mismatch: value: ${message}`,
      });
    });
  }

  test("wave: a million quotes or brackets are refused in linear time", () => {
    for (const text of [
      '"'.repeat(1_000_001),
      "[".repeat(1_000_000),
      `"${"\\\\".repeat(500_000)}`,
      " ".repeat(1_000_000),
    ]) {
      assert.throws(() => parseWave(text, list(string)), { name: "SignatureMismatch" });
    }
  });
});
