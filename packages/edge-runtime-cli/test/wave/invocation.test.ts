import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Field } from "edge-runtime-core";
import { parseInvocation, parseWaveArguments } from "../../src/wave/index.ts";

describe("wave: invocations", () => {
  for (const [text, name, argsText] of [
    ["nullary()", "nullary", ""],
    ['greet("World")', "greet", '"World"'],
    [" add ( 1, 2 ) // sum", "add", " 1, 2 "],
    ["f(\")\", ')') // )", "f", "\")\", ')'"],
    ["ui:tests/ui.string@0.1.0(x)", "ui:tests/ui.string@0.1.0", "x"],
    ["wasi:cli/run@0.2.0#run()", "wasi:cli/run@0.2.0#run", ""],
    ["f((1, 2))", "f", "(1, 2)"],
  ] as const) {
    test(`wave: ${text} calls ${name}`, () => {
      assert.deepEqual(parseInvocation(text), { name, argsText });
    });
  }

  for (const [text, message] of [
    ["", "expected ( after the function's name at line 1, column 1"],
    ["run", "expected ( after the function's name at line 1, column 4"],
    ["(1)", 'expected a function\'s name, got "" at line 1, column 1'],
    ["a b(1)", 'expected a function\'s name, got "a b" at line 1, column 1'],
    ["f(1", "expected ) at the end at line 1, column 4"],
    ["f(1) 2", "expected ) at the end at line 1, column 7"],
    ['f("x)', "unterminated string at line 1, column 3"],
  ] as const) {
    test(`wave: the call ${JSON.stringify(text)} is refused: ${message}`, () => {
      assert.throws(() => parseInvocation(text), { message: `Signature mismatch: call: ${message}` });
    });
  }
});

const params: readonly Field[] = [
  { name: "who", type: { kind: "string" } },
  { name: "times", type: { kind: "option", type: { kind: "u8" } } },
  { name: "deep", type: { kind: "option", type: { kind: "option", type: { kind: "u8" } } } },
];

describe("wave: arguments", () => {
  for (const [text, values] of [
    ['"a", 3, some(none)', ["a", 3, { tag: "some", val: undefined }]],
    ['"a", 3', ["a", 3, { tag: "none" }]],
    [' "a" , ', ["a", undefined, { tag: "none" }]],
    ['\n// first\n"a"', ["a", undefined, { tag: "none" }]],
  ] as const) {
    test(`wave: ${JSON.stringify(text)} are ${values.length} arguments, options at the end left out`, () => {
      assert.deepStrictEqual(parseWaveArguments(text, params), [...values]);
    });
  }

  test("wave: no arguments for no parameters", () => {
    assert.deepEqual(parseWaveArguments(" ", []), []);
  });

  for (const [text, message] of [
    ["", "missing argument who (string) at line 1, column 1"],
    ['"a", 1, none, 4', "expected 3 arguments, got 4 at line 1, column 15"],
    ['"a" 1', 'expected , or the end of the arguments, got "1" at line 1, column 5'],
    ['"a", 1)', 'expected , or the end of the arguments, got ")" at line 1, column 7'],
    ["7", "expected string, got 7 at line 1, column 1"],
    ['"a",\n300', "expected u8, got 300 at line 2, column 1"],
  ] as const) {
    test(`wave: the arguments ${JSON.stringify(text)} are refused: ${message}`, () => {
      assert.throws(() => parseWaveArguments(text, params), { message: `Signature mismatch: arguments: ${message}` });
    });
  }
});
