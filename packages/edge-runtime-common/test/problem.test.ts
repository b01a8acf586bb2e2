import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as common from "edge-runtime-common";
import { ERROR_SAMPLES } from "./error-samples.ts";

describe("problem", () => {
  for (const { error, code, httpStatus } of ERROR_SAMPLES.filter((row) => row.error instanceof common.RuntimeError)) {
    test(`problem: ${error.name} becomes status, phrase, code and request id only`, () => {
      const { status, body } = common.toProblem(error, "r1");
      assert.equal(status, httpStatus ?? 500);
      assert.notEqual(body.title, "Client Error");
      assert.notEqual(body.title, "Server Error");
      assert.deepEqual(body, { type: "about:blank", title: body.title, status, code, request_id: "r1" });
    });
  }

  const secret = "/srv/tenant-a/secret.wasm";
  const leaky: readonly (readonly [string, unknown, number, string])[] = [
    ["an error of the host", new TypeError(secret), 500, "ERR_EDGE_INTERNAL"],
    ["a thrown string", secret, 500, "ERR_EDGE_INTERNAL"],
    ["undefined", undefined, 500, "ERR_EDGE_INTERNAL"],
    ["a host function's error unwrapped", new common.PermissionDenied(secret), 502, "ERR_EDGE_HOST_FUNCTION"],
    ["a WASI error unwrapped", new common.WasiError(secret), 500, "ERR_EDGE_WASI"],
    ["a nested cause", new common.Io(secret, new Error(secret)), 500, "ERR_EDGE_IO"],
    ["guest text", new common.FunctionFailed(secret), 500, "ERR_EDGE_FUNCTION_FAILED"],
    ["a forged error", { code: secret, httpStatus: 200, message: secret }, 500, "ERR_EDGE_INTERNAL"],
  ];
  for (const [name, error, status, code] of leaky) {
    test(`problem: ${name} leaks nothing`, () => {
      const problem = common.toProblem(error, "r1");
      assert.equal(problem.status, status);
      assert.equal(problem.body.code, code);
      assert.ok(!JSON.stringify(problem).includes("secret"));
    });
  }

  test("problem: only an exhausted pool says when to try again", () => {
    assert.equal(common.toProblem(new common.PoolExhausted(1), "r1").retryAfterSeconds, 1);
    assert.equal(common.toProblem(new common.FuelExhausted(), "r1").retryAfterSeconds, undefined);
  });
});
