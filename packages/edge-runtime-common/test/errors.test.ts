import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as common from "edge-runtime-common";
import { ERROR_SAMPLES } from "./error-samples.ts";

describe("errors", () => {
  for (const { error, code, message, httpStatus } of ERROR_SAMPLES) {
    test(`errors: ${error.name} has its code, message and HTTP status`, () => {
      assert.equal(error.code, code);
      assert.equal(error.message, message);
      assert.equal(error instanceof common.RuntimeError ? error.httpStatus : undefined, httpStatus);
      assert.equal(error.name, error.constructor.name);
      assert.ok(error instanceof Error);
    });
  }

  test("errors: every exported class has a sample, and every code is one class's", () => {
    const abstract = new Set<unknown>([common.RuntimeError, common.HostFunctionError, common.WasiError]);
    const classes = Object.values(common).filter(
      (item) => typeof item === "function" && item.prototype instanceof Error && !abstract.has(item),
    );
    const sampled = ERROR_SAMPLES.map(({ error }) => error.constructor);
    assert.deepEqual(new Set<unknown>(sampled), new Set<unknown>(classes));
    assert.equal(new Set(ERROR_SAMPLES.map(({ code }) => code)).size, classes.length);
  });

  test("errors: fields survive JSON unchanged", () => {
    for (const { error } of ERROR_SAMPLES) {
      const defined = Object.fromEntries(Object.entries(error.fields).filter(([, value]) => value !== undefined));
      assert.deepEqual(JSON.parse(JSON.stringify(error.fields)), defined);
    }
  });

  test("errors: a wrapper keeps the wrapped error as its cause and in its fields", () => {
    const denied = new common.PermissionDenied("net");
    const wrapped = new common.HostFunction(denied);
    assert.equal(wrapped.cause, denied);
    assert.deepEqual(wrapped.fields, { hostCode: "ERR_EDGE_HOST_PERMISSION_DENIED", resource: "net" });
    const wasi = new common.WasiError("bad descriptor", "badf");
    assert.equal(new common.Wasi(wasi).cause, wasi);
  });

  test("errors: causes are kept, and absent where there is none", () => {
    const cause = new Error("disk");
    const kept = [
      new common.Io("x", cause),
      new common.CompilationFailed("x", cause),
      new common.InvalidConfig("x", cause),
      new common.Trap("x", "unknown", cause),
      new common.KvStore("x", cause),
      new common.WasiError("x", undefined, cause),
      new common.InternalError("x", cause),
    ];
    for (const error of kept) assert.equal(error.cause, cause);
    assert.ok(!Object.hasOwn(new common.Io("x"), "cause"));
  });

  test("errors: a missing export lists at most 20 of those there are", () => {
    const many = Array.from({ length: 30 }, (_, index) => `f${index}`);
    assert.match(new common.ExportNotFound("run", many).message, /f19\)$/);
    assert.match(new common.ExportNotFound("run", []).message, /exports no functions\)$/);
  });

  test("errors: bug throws InternalError", () => {
    assert.throws(() => common.bug("two owners"), common.InternalError);
  });
});
