// Functions that cannot be served end the start: one line that names the function and why, and exit code 2.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { createWorkspace } from "./serving-process.ts";
import type { FunctionSetup } from "./serving-process.ts";

const workspace = createWorkspace();
after(() => workspace.close());

const REFUSED: Readonly<Record<string, readonly [text: string, reason: RegExp, more?: FunctionSetup]>> = {
  "a start function that loops": [
    '(module (func $s (loop $again (br $again))) (start $s) (func (export "_start")))',
    /: Fuel exhausted /,
  ],
  "a start function that loops on unlimited fuel": [
    '(module (func $s (loop $again (br $again))) (start $s) (func (export "_start")))',
    /: Execution timeout after 50ms /,
    { max_fuel: Number.MAX_SAFE_INTEGER, timeout_ms: 50 },
  ],
  "a start function that traps": [
    '(module (func $s unreachable) (start $s) (func (export "_start")))',
    /: Trap: unreachable executed /,
  ],
  "an import that the host lacks": [
    '(module (import "wasi_unstable" "proc_exit" (func (param i32))) (func (export "_start")))',
    /: Import not found: wasi_unstable -> proc_exit /,
  ],
  "an import of the host's memory": [
    '(module (import "env" "memory" (memory 1)) (func (export "_start")))',
    /: Import not found: env -> memory /,
  ],
  "no entry": ['(module (func (export "main")))', /: Export not found: _start \(the module exports main\) /],
  "an entry with parameters": ['(module (func (export "_start") (param i32)))', /: Signature mismatch: _start: /],
  "results that are no numbers": [
    '(module (func (export "_start") (result v128 funcref) (v128.const i64x2 0 0) (ref.null func)))',
    /: Signature mismatch: _start: .* returns numbers, not v128, funcref /,
  ],
  "a handle of another type": [
    `(component (core module $m (func (export "f"))) (core instance $i (instantiate $m))
      (func (export "handle") (canon lift (core func $i "f"))))`,
    /: Signature mismatch: handle: /,
  ],
  "shared memory": ['(module (memory 1 1 shared) (func (export "_start")))', /: Compilation failed: .*shared memory/],
  "text that is no module": ["(module (func", /: Compilation failed: line 1, column \d+: /],
};

describe("starting", { concurrency: 2 }, () => {
  for (const [name, [text, reason, more]] of Object.entries(REFUSED)) {
    test(`starting: a function with ${name} is refused`, async () => {
      const config = workspace.configure({ functions: { refused: { text, ...more } } });
      const { code, stdout, stderr } = await workspace.run("serve", "--config", config, "--port", "0");
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      assert.match(
        stderr,
        /^error: [^\n]*: Function refused cannot be served from [^\n]*\[ERR_EDGE_FUNCTION_LOAD_FAILED\]\n$/,
      );
      assert.match(stderr, reason);
    });
  }

  test("starting: a function that takes longer to compile than it may is refused", async () => {
    // A hundred thousand functions: more than a millisecond on any machine.
    const text = `(module ${"(func) ".repeat(100_000)} (func (export "_start")))`;
    const config = workspace.configure({ engine: { compile_timeout_ms: 1 }, functions: { slow: { text } } });
    const { code, stderr } = await workspace.run("serve", "--config", config, "--port", "0");
    assert.equal(code, 2, stderr);
    assert.match(stderr, /Function slow cannot be served .*: Compilation failed: it took longer than 1 ms /);
  });
});
