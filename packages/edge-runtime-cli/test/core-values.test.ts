import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { coreResultToJson, parseCoreArgument, parseCoreArguments, printCoreResult } from "../src/core-values.ts";
import { UsageError } from "../src/usage-error.ts";

const ACCEPTED: readonly [type: string, text: string, value: number | bigint][] = [
  ["i32", "0", 0],
  ["i32", "-1", -1],
  ["i32", "+7", 7],
  ["i32", " 42 ", 42],
  ["i32", "0xffffffff", -1],
  ["i32", "0XFF", 255],
  ["i32", "-0x80000000", -2147483648],
  ["i32", "4294967295", -1],
  ["i32", "2147483648", -2147483648],
  ["i32", "007", 7],
  ["i64", "9223372036854775807", 9223372036854775807n],
  ["i64", "18446744073709551615", -1n],
  ["i64", "-9223372036854775808", -9223372036854775808n],
  ["i64", "0x7fffffffffffffff", 9223372036854775807n],
  ["f32", "0.1", Math.fround(0.1)],
  ["f32", "16777217", 16777216],
  ["f32", "-0", -0],
  ["f32", "inf", Infinity],
  ["f64", "-inf", -Infinity],
  ["f64", "+Infinity", Infinity],
  ["f64", "nan", NaN],
  ["f64", "-nan", NaN],
  ["f64", "1e300", 1e300],
  ["f64", ".5", 0.5],
  ["f64", "5.", 5],
];

const REFUSED: readonly [type: string, text: string, message: RegExp][] = [
  ["i32", "4294967296", /argument 1 \(i32\): expected an integer from -2147483648 to 4294967295, got 4294967296/],
  ["i32", "-2147483649", /expected an integer from/],
  ["i32", "1.5", /expected an integer in decimal or 0x hexadecimal, got "1.5"/],
  ["i32", "", /got ""/],
  ["i32", "0x", /got "0x"/],
  ["i32", "1_000", /expected an integer/],
  ["i32", "١", /expected an integer/],
  ["i64", "18446744073709551616", /expected an integer from -9223372036854775808 to 18446744073709551615/],
  ["i64", "1n", /expected an integer/],
  ["f32", "1e39", /out of range; infinity is written inf/],
  ["f64", "1e309", /out of range/],
  ["f64", "0x10", /expected a number, inf or nan/],
  ["f64", "one", /expected a number, inf or nan, got "one"/],
  ["f64", "", /expected a number/],
  ["v128", "0", /a value of type v128 cannot be given on the command line/],
  ["externref", "null", /cannot be given/],
];

for (const [type, text, value] of ACCEPTED) {
  test(`core-values: reads ${JSON.stringify(text)} as ${type}`, () => {
    assert.deepEqual(parseCoreArgument(text, type, 1), value);
  });
}

for (const [type, text, message] of REFUSED) {
  test(`core-values: refuses ${JSON.stringify(text)} as ${type}`, () => {
    assert.throws(
      () => parseCoreArgument(text, type, 1),
      (error: unknown) => error instanceof UsageError && message.test(error.message),
    );
  });
}

test("core-values: names the types where the number of arguments differs", () => {
  assert.throws(() => parseCoreArguments("add", ["i32", "i64"], ["1"]), {
    message: "add: expected 2 arguments (i32, i64), got 1",
  });
  assert.throws(() => parseCoreArguments("_start", [], ["1"]), { message: "_start: expected 0 arguments, got 1" });
  assert.deepEqual(parseCoreArguments("add", ["i32", "i64"], ["1", "2"]), [1, 2n]);
});

test("core-values: prints results so that they can be given again", () => {
  assert.equal(printCoreResult(-1, "i32"), "-1");
  assert.equal(printCoreResult(2n ** 62n, "i64"), "4611686018427387904");
  assert.equal(printCoreResult(Math.fround(0.1), "f32"), "0.1");
  assert.equal(printCoreResult(Math.fround(0.1), "f64"), "0.10000000149011612");
  assert.equal(printCoreResult(-0, "f64"), "-0");
  assert.equal(printCoreResult(NaN, "f64"), "nan");
  assert.equal(printCoreResult(-Infinity, "f32"), "-inf");
  assert.equal(printCoreResult(null, "funcref"), "null");
  assert.equal(
    printCoreResult(() => {}, "funcref"),
    "funcref",
  );
});

test("core-values: every f32 and f64 survives printing and reading", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (value) => {
      assert.ok(Object.is(parseCoreArgument(printCoreResult(value, "f32"), "f32", 1), value));
    }),
  );
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      assert.ok(Object.is(parseCoreArgument(printCoreResult(value, "f64"), "f64", 1), value));
    }),
  );
});

test("core-values: in JSON, i64 and what JSON numbers lack are strings", () => {
  assert.equal(coreResultToJson(-1, "i32"), -1);
  assert.equal(coreResultToJson(-1n, "i64"), "-1");
  assert.equal(coreResultToJson(0.5, "f64"), 0.5);
  assert.equal(coreResultToJson(NaN, "f64"), "NaN");
  assert.equal(coreResultToJson(-Infinity, "f32"), "-Infinity");
  assert.equal(coreResultToJson(null, "externref"), null);
});
