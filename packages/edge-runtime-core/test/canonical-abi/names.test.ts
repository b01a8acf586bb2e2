import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { propertyNames, toCamelCase } from "../../src/canonical-abi/names.ts";

describe("names: labels as property names", () => {
  for (const [label, name] of [
    ["a", "a"],
    ["content-type", "contentType"],
    ["HTTP-status", "httpStatus"],
    ["get-HTTP3", "getHttp3"],
    ["a-1b", "a1b"],
    ["x1", "x1"],
  ] as const) {
    test(`names: ${label} is ${name}`, () => {
      assert.equal(toCamelCase(label), name);
      assert.deepEqual(propertyNames([label]), [name]);
    });
  }

  test("names: labels that would meet keep their spelling", () => {
    assert.deepEqual(propertyNames(["x-1", "y-2", "x1"]), ["x-1", "y2", "x1"]);
  });

  for (const label of ["", "__proto__", "a b", "1a", "a.b"]) {
    test(`names: ${JSON.stringify(label)} cannot come out of validation`, () => {
      assert.throws(() => propertyNames([label]), { name: "InternalError" });
    });
  }
});
