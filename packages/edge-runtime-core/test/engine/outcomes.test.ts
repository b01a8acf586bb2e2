// Every way in which a run can end, by the error that the caller sees.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  HttpRequestFailed,
  InvalidArgument,
  Io,
  KvStore,
  PermissionDenied,
  RateLimitExceeded,
  RuntimeError,
  WasiError,
} from "edge-runtime-common";
import type { HostImports } from "../../src/index.ts";
import { hostInstance } from "../../src/index.ts";
import type { SetUp } from "../support/runs.ts";
import { errorOf, runOnce } from "../support/runs.ts";

interface TrapRow {
  readonly code: string;
  readonly body: string;
  readonly fields?: string;
}

const traps: readonly TrapRow[] = [
  { code: "unreachable", body: "unreachable" },
  { code: "integer_divide_by_zero", body: "i32.const 1 i32.const 0 i32.div_s drop" },
  { code: "integer_divide_by_zero", body: "i64.const 1 i64.const 0 i64.rem_u drop" },
  { code: "integer_overflow", body: "i32.const 0x80000000 i32.const -1 i32.div_s drop" },
  { code: "invalid_conversion_to_integer", body: "f32.const nan i32.trunc_f32_s drop" },
  { code: "out_of_bounds_memory_access", body: "i32.const 65536 i32.load drop" },
  { code: "out_of_bounds_memory_access", body: "i32.const 65536 i32.const 1 i32.const 1 memory.fill" },
  { code: "out_of_bounds_memory_access", body: "i32.const 0 i32.const 0 i32.const 9 memory.init $d" },
  { code: "out_of_bounds_table_access", body: "i32.const 3 table.get $t drop" },
  { code: "out_of_bounds_table_access", body: "i32.const 9 call_indirect" },
  { code: "indirect_call_type_mismatch", body: "i32.const 0 call_indirect (param) (result i32) drop" },
  { code: "indirect_call_type_mismatch", body: "i32.const 1 call_indirect" },
  { code: "null_reference", body: "ref.null $noop call_ref $noop" },
  { code: "call_stack_exhausted", body: "call $again" },
  { code: "uncaught_exception", body: "throw $tag" },
  { code: "null_reference", body: "ref.null exn throw_ref" },
];

for (const { code, body } of traps) {
  test(`outcomes: ${body} is a Trap with code ${code}`, async () => {
    const wat = `(module (type $noop (func)) (memory 1) (table $t 3 funcref) (tag $tag) (data $d "x")
      (elem (i32.const 0) $again) (func $again (export "f") ${body}))`;
    const error = errorOf(await runOnce(wat, "f"));
    assert.equal(error.code, "ERR_EDGE_TRAP");
    assert.equal(error.fields["trapCode"], code);
    assert.equal(error.message, `Trap: ${String(error.fields["trapMessage"])}`);
  });
}

interface Row {
  readonly code: string;
  readonly message: string;
  readonly httpStatus: number;
  readonly body: string;
  readonly setUp?: SetUp;
}

function throwing(error: unknown): HostImports {
  const call = (): never => {
    throw error;
  };
  const reject = (): Promise<never> => Promise.reject(error as Error);
  return new Map([["env", hostInstance({ sync: { kind: "sync", call }, async: { kind: "async", call: reject } })]]);
}

const hostErrors: readonly (readonly [error: Error, code: string, message: string, httpStatus: number])[] = [
  [
    new HttpRequestFailed("https://a.test/", 502),
    "ERR_EDGE_HOST_FUNCTION",
    "Host function error: HTTP request failed: https://a.test/ (status 502)",
    502,
  ],
  [new PermissionDenied("net"), "ERR_EDGE_HOST_FUNCTION", "Host function error: Permission denied: net", 502],
  [new KvStore("gone"), "ERR_EDGE_HOST_FUNCTION", "Host function error: Key-value store error: gone", 502],
  [new RateLimitExceeded("log"), "ERR_EDGE_HOST_FUNCTION", "Host function error: Rate limit exceeded: log", 502],
  [new InvalidArgument("level 9"), "ERR_EDGE_HOST_FUNCTION", "Host function error: Invalid argument: level 9", 502],
  [new WasiError("no such file", "noent"), "ERR_EDGE_WASI", "WASI error: no such file", 500],
  [new Io("disk full"), "ERR_EDGE_IO", "I/O error: disk full", 500],
  [new TypeError("a bug of the host"), "ERR_EDGE_INTERNAL", "Internal error: a host function failed", 500],
];

for (const [thrown, code, message, httpStatus] of hostErrors) {
  for (const kind of ["sync", "async"]) {
    test(`outcomes: ${thrown.name} out of a host function (${kind}) ends the run as ${code}`, async () => {
      const wat = `(module (import "env" "${kind}" (func $host)) (func (export "f")
        loop $again block $caught try_table (catch_all $caught) call $host end end br $again end))`;
      const error = errorOf(await runOnce(wat, "f", [], { imports: throwing(thrown) }));
      assert.equal(error.code, code);
      assert.equal(error.message, message);
      assert.equal(error.httpStatus, httpStatus);
      // The guest's owner may see it, but what the host threw stays the cause.
      if (error.cause !== undefined) assert.equal(error.cause, thrown);
    });
  }
}

const spin = "loop br 0 end";

const limits: readonly Row[] = [
  { code: "ERR_EDGE_FUEL_EXHAUSTED", message: "Fuel exhausted", httpStatus: 503, body: spin },
  {
    code: "ERR_EDGE_EXECUTION_TIMEOUT",
    message: "Execution timeout after 30ms",
    httpStatus: 504,
    body: spin,
    setUp: { execution: { timeoutMs: 30, maxFuel: 1e15 } },
  },
  {
    code: "ERR_EDGE_MEMORY_LIMIT_EXCEEDED",
    message: "Memory limit exceeded: 2MB",
    httpStatus: 503,
    body: "i32.const 100 memory.grow i32.const -1 i32.eq if unreachable end",
    setUp: { execution: { maxMemoryMb: 2 } },
  },
];

for (const { code, message, httpStatus, body, setUp } of limits) {
  test(`outcomes: ${code} is a result with its status`, async () => {
    const result = await runOnce(`(module (memory 1) (func (export "f") ${body}))`, "f", [], setUp);
    const error = errorOf(result);
    assert.ok(error instanceof RuntimeError);
    assert.deepEqual([error.code, error.message, error.httpStatus], [code, message, httpStatus]);
    assert.ok(result.kind === "trap" && result.message === message && result.code === code);
  });
}

test("outcomes: metrics are given for a run that failed too", async () => {
  const { metrics } = await runOnce(`(module (memory 2) (table 5 funcref) (func (export "f") unreachable))`, "f");
  assert.equal(metrics.fuelConsumed, 1);
  assert.equal(metrics.memoryUsedBytes, 2 * 65_536 + 5 * 8);
  assert.ok(metrics.durationMs >= 0);
});
