import assert from "node:assert/strict";
import { test } from "node:test";
import * as common from "edge-runtime-common";
import { formatError, toOneLine, toVisible } from "../src/error-text.ts";
import { exitCodeOf } from "../src/exit-code.ts";
import { UsageError } from "../src/usage-error.ts";

const GUEST_FAILED = [
  new common.Trap("unreachable", "unreachable"),
  new common.FuelExhausted(1),
  new common.ExecutionTimeout(100),
  new common.MemoryLimitExceeded(1),
  new common.HostFunction(new common.InvalidArgument("level")),
  new common.FunctionFailed("no"),
  new Error("a fault of ours"),
];
const BAD_INPUT = [
  new UsageError("no"),
  new common.CompilationFailed("no"),
  new common.ArtifactRefused("no"),
  new common.ImportNotFound("a", "b"),
  new common.ExportNotFound("a", []),
  new common.SignatureMismatch("a", "b"),
  new common.InvalidConfig("no"),
];

test("exit-code: 1 where the guest or a limit ended the run, 2 where another input would do", () => {
  assert.deepEqual(
    GUEST_FAILED.map(exitCodeOf),
    GUEST_FAILED.map(() => 1),
  );
  assert.deepEqual(
    BAD_INPUT.map(exitCodeOf),
    BAD_INPUT.map(() => 2),
  );
});

test("error-text: one line, without control characters, stack only on demand", () => {
  const error = new common.Trap("a\nb\u001b[2Jc", "unreachable");
  assert.equal(formatError(error, { withStack: false }), "error: Trap: a\\nb\\u{1b}[2Jc [ERR_EDGE_TRAP]");
  assert.match(formatError(error, { subject: "a.wasm", withStack: true }), /^error: a\.wasm: Trap.*\n.*\n {4}at /s);
});

test("error-text: control and bidirectional characters of guests become visible", () => {
  assert.equal(toVisible("a\nb\tc\r\u0007\u202ed\u009bé😀"), "a\nb\tc\\r\\u{7}\\u{202e}d\\u{9b}é😀");
  assert.equal(toOneLine("a\nb\tc"), "a\\nb\\tc");
});
