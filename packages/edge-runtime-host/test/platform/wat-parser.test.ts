import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseWat } from "../../src/platform/wat-parser.ts";

const MAGIC = [0x00, 0x61, 0x73, 0x6d];

describe("wat parser", () => {
  test("wat parser: gives the binary of a module and of a component", async () => {
    assert.deepEqual([...(await parseWat("(module)"))], [...MAGIC, 1, 0, 0, 0]);
    assert.deepEqual([...(await parseWat("(component)"))], [...MAGIC, 0x0d, 0, 1, 0]);
  });

  const bad: readonly (readonly [string, string, string])[] = [
    ["an unknown field", "(module\n  (fun))", "line 2, column 4: expected valid module field"],
    ["an unknown name", "(module (func\n(call $x)))", "line 2, column 7: unknown func: failed to find name `$x`"],
    [
      "a number out of range",
      "(module (func (i32.const 0x1ffffffff)))",
      "line 1, column 26: invalid i32 number: constant out of range",
    ],
    ["a string without end", '(module "abc)', "line 1, column 14: unexpected UnexpectedEof"],
    ["a control character", "(module \u0000)", "line 1, column 9: unexpected '\\0'"],
    [
      "text that looks like an error",
      '(module "line: 7, col: 7, kind: Custom(\\"x\\")" 1)',
      "line 1, column 9: expected `(`",
    ],
  ];
  for (const [name, text, message] of bad) {
    test(`wat parser: names line and column of ${name}`, async () => {
      await assert.rejects(parseWat(text), { name: "SyntaxError", message });
    });
  }

  test("wat parser: goes on after an error, deep nesting and a long name", async () => {
    await assert.rejects(parseWat("(".repeat(100_000)), SyntaxError);
    await assert.rejects(parseWat(`(module (func (call $${"x".repeat(10_000)})))`), (error) => {
      return error instanceof SyntaxError && error.message.length < 400;
    });
    assert.equal((await parseWat("(module)")).length, 8);
  });
});
