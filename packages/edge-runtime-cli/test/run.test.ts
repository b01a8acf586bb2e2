// `run` on real guests, in this process: results, exit codes and the JSON that programs read.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { lastReport, runMain } from "./captured-terminal.ts";
import { CORE_GUEST, createGuestFolder, workerGuest } from "./guest-files.ts";

const folder = createGuestFolder();
after(folder.remove);
const core = folder.write("core.wat", CORE_GUEST);
const worker = folder.write("worker.wat", workerGuest(false));
const objects = folder.write(
  "objects.wat",
  `(module (type $s (struct (field i32)))
    (func (export "_start") (result i32) (struct.get $s 0 (struct.new $s (i32.const 7)))))`,
);
const waiting = folder.write(
  "waiting.wat",
  `(module (memory 1 1 shared)
    (func (export "_start") (result i32) (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 1000000))))`,
);
const named = folder.write(
  "named.wat",
  `(module (func $deep (@name "\\u{202e}deep") (export "_start") (call $deep) (call $deep)))`,
);
const failing = folder.write("failing.wat", workerGuest(true));

interface Expected {
  readonly args: readonly string[];
  readonly exitCode: number;
  readonly stdout?: string;
  readonly stderr?: RegExp;
}

const RUNS: Readonly<Record<string, Expected>> = {
  "_start without --invoke, its log on stderr with control characters shown": {
    args: [core],
    exitCode: 0,
    stdout: "",
    stderr: /^\[warn\] first\\u\{1b\}\[2Jline\\nsecond\n$/,
  },
  "a core function with arguments after the name": {
    args: [core, "--invoke", "add", "-1", "0xff"],
    exitCode: 0,
    stdout: "254\n",
  },
  "options after the arguments": { args: [core, "add", "--invoke"], exitCode: 2, stderr: /argument missing/ },
  "negative and special floats": {
    args: [core, "--invoke", "floats", "-inf", "-0x10", "--fuel", "10"],
    exitCode: 2,
    stderr: /argument 2 \(f64\): expected a number, inf or nan, got "-0x10"/,
  },
  "several results, one a line": {
    args: [core, "--invoke", "floats", "-inf", "-1.5e3"],
    exitCode: 0,
    stdout: "-inf\n-1500\n",
  },
  "what follows -- as arguments": {
    args: [core, "--invoke", "add", "--", "-1", "-2"],
    exitCode: 0,
    stdout: "-3\n",
  },
  "a trap": {
    args: [core, "--invoke", "trap"],
    exitCode: 1,
    stderr: /^error: Trap: .*unreachable.* \[ERR_EDGE_TRAP\]\n {2}at function 3 at 0x[0-9a-f]+\n$/,
  },
  "a proposal that is off": {
    args: [objects],
    exitCode: 2,
    stderr: /^error: .*objects.wat: Compilation failed: .*\(gc proposal\), which are off: allow them with --allow gc/,
  },
  "a proposal that is allowed": { args: [objects, "--allow", "gc"], exitCode: 0, stdout: "7\n" },
  "a wait on shared memory": { args: [waiting, "--allow", "gc,threads"], exitCode: 0, stdout: "2\n" },
  "an infinite loop by its fuel": {
    args: [core, "--invoke", "loop", "--timeout-ms", "10000"],
    exitCode: 1,
    stderr:
      /^error: Fuel exhausted \[ERR_EDGE_FUEL_EXHAUSTED\]\n {2}10000000 units of fuel used\n {2}at function 2 at 0x[0-9a-f]+\n$/,
  },
  "recursion, its functions by name": {
    args: [named, "--fuel", "10000"],
    exitCode: 1,
    stderr: /\n {2}10000 units of fuel used\n {2}at \\u\{202e\}deep, repeatedly\n$/,
  },
  "an infinite loop by its deadline": {
    args: [core, "--invoke", "loop", "--no-fuel", "--timeout-ms", "30"],
    exitCode: 1,
    stderr: /^error: Execution timeout after 30ms \[ERR_EDGE_EXECUTION_TIMEOUT\]\n {2}at function 2 at 0x[0-9a-f]+\n$/,
  },
  "too few arguments": {
    args: [core, "--invoke", "add", "1"],
    exitCode: 2,
    stderr: /add: expected 2 arguments \(i64, i64\), got 1/,
  },
  "a function that is not exported": {
    args: [core, "--invoke", "nope"],
    exitCode: 2,
    stderr: /core\.wat: Export not found: nope \(the module exports _start, loop, .*\[ERR_EDGE_EXPORT_NOT_FOUND\]/,
  },
  "run of a component": { args: [worker], exitCode: 0, stdout: "ok\n" },
  "err from run, its text shown without control characters": {
    args: [failing],
    exitCode: 1,
    stdout: 'err("a\\u{1b}bcd")\n',
    stderr: /^error: Function failed: a\\u\{1b\}bcd \[ERR_EDGE_FUNCTION_FAILED\]\n$/,
  },
  "a call in WAVE": { args: [worker, "--invoke", 'length("Pi", some(40))'], exitCode: 0, stdout: "42\n" },
  "an option that is left out": { args: [worker, "--invoke", "length", '"Pi"'], exitCode: 0, stdout: "2\n" },
  "WAVE arguments after the name": {
    args: [worker, "--invoke", "test:guest/text@1.2.0#length", '"Pi"', "some(1)"],
    exitCode: 0,
    stdout: "3\n",
  },
  "a call in WAVE and more arguments": {
    args: [worker, "--invoke", 'length("Pi")', '"Pi"'],
    exitCode: 2,
    stderr: /has its arguments in parentheses, got 1 more/,
  },
  "a WAVE value of another type": {
    args: [worker, "--invoke", "length", '"Pi"', '"a"'],
    exitCode: 2,
    stderr: /argument 2 \(more\): expected u32, got "a"/,
  },
  "a string without its quotes": {
    args: [worker, "--invoke", "length", "Pi"],
    exitCode: 2,
    stderr: /argument 1 \(text\): a string is written in double quotes, as in '"Pi"'/,
  },
  "a function of a component without a result": { args: [worker, "--invoke", "none"], exitCode: 0, stdout: "" },
};

for (const [name, { args, exitCode, stdout, stderr }] of Object.entries(RUNS)) {
  test(`run: ${name}`, async () => {
    const captured = await runMain("run", ...args);
    assert.deepEqual(
      { exitCode: captured.exitCode, stderr: captured.stderr },
      {
        exitCode,
        stderr: stderr === undefined ? "" : captured.stderr,
      },
    );
    if (stdout !== undefined) assert.equal(captured.stdout, stdout);
    if (stderr !== undefined) assert.match(captured.stderr, stderr);
  });
}

const REPORT_KEYS = ["ok", "result", "error", "fuelConsumed", "memoryUsedBytes", "durationMs", "logs"];

test("run --json: success, i64 as a string, exact fuel", async () => {
  const { exitCode, stdout } = await runMain("run", core, "--invoke", "add", "1", "2", "--json");
  const report = lastReport(stdout);
  assert.equal(exitCode, 0);
  assert.equal(stdout.split("\n").length, 2, "one line");
  assert.deepEqual(Object.keys(report), REPORT_KEYS);
  const { durationMs, ...rest } = report;
  assert.ok(durationMs >= 0);
  assert.deepEqual(rest, {
    ok: true,
    result: ["3"],
    error: null,
    fuelConsumed: 4,
    memoryUsedBytes: 65_536,
    logs: [],
  });
});

test("run --json: log entries of the run", async () => {
  const { logs, result } = lastReport((await runMain("run", core, "--json")).stdout);
  assert.deepEqual(result, []);
  assert.deepEqual(
    logs.map(({ level, message }) => ({ level, message })),
    [{ level: "warn", message: "first\u001b[2Jline\nsecond" }],
  );
});

test("run --json: a limit that was met, with what was consumed", async () => {
  const { exitCode, stdout } = await runMain("run", core, "--invoke", "loop", "--fuel", "1000", "--json");
  const { ok, result, error, limit, stack, fuelConsumed } = lastReport(stdout);
  assert.equal(exitCode, 1);
  assert.equal(stack?.[0]?.function, 2);
  assert.deepEqual(
    { ok, result, error, limit, fuelConsumed },
    {
      ok: false,
      result: [],
      error: { code: "ERR_EDGE_FUEL_EXHAUSTED", message: "Fuel exhausted" },
      limit: { maxFuel: 1000 },
      fuelConsumed: 1000,
    },
  );
});

test("run --json: memory beyond --memory-mb from the start is a limit that was met", async () => {
  const big = folder.write("big.wat", '(module (memory 32) (func (export "_start")))');
  const { exitCode, stdout } = await runMain("run", big, "--memory-mb", "1", "--json");
  assert.equal(exitCode, 1);
  assert.deepEqual(lastReport(stdout).error, {
    code: "ERR_EDGE_MEMORY_LIMIT_EXCEEDED",
    message: "Memory limit exceeded: 1MB",
  });
});

test("run --json: err from run keeps the value", async () => {
  const { exitCode, stdout } = await runMain("run", failing, "--json");
  const { ok, result, error } = lastReport(stdout);
  assert.equal(exitCode, 1);
  assert.equal(ok, false);
  assert.deepEqual(result, [{ tag: "err", val: "a\u001bbcd" }]);
  assert.equal(error?.code, "ERR_EDGE_FUNCTION_FAILED");
});

const BAD_INPUTS: Readonly<Record<string, readonly [args: readonly string[], code: string, message: RegExp]>> = {
  "an absent file": [[folder.path("no.wasm")], "ERR_EDGE_CLI_USAGE", /no\.wasm: no such file/],
  "a folder": [[folder.path(".")], "ERR_EDGE_CLI_USAGE", /is a folder/],
  "an empty file": [[folder.write("empty.wasm", "")], "ERR_EDGE_CLI_USAGE", /is empty/],
  garbage: [[folder.write("garbage.wasm", "hello")], "ERR_EDGE_COMPILATION_FAILED", /^Compilation failed: /],
  "a truncated module": [
    [folder.write("short.wasm", Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 200))],
    "ERR_EDGE_COMPILATION_FAILED",
    /^Compilation failed: /,
  ],
  "bad text": [[folder.write("bad.wat", "(module\n (func $f")], "ERR_EDGE_COMPILATION_FAILED", /line 2/],
  "an import that nobody offers": [
    [folder.write("import.wat", '(module (import "env" "secret" (func)) (func (export "_start")))')],
    "ERR_EDGE_IMPORT_NOT_FOUND",
    /^Import not found: env -> secret/,
  ],
  "no entry point": [
    [folder.write("none.wat", '(module (func (export "f")))')],
    "ERR_EDGE_CLI_USAGE",
    /none\.wat: exports no _start; name a function with --invoke: f$/,
  ],
  "an unknown flag": [
    [core, "--fuell", "3"],
    "ERR_EDGE_CLI_USAGE",
    /unknown option '--fuell' \(Did you mean --fuel\?\)/,
  ],
  "a limit out of range": [
    [core, "--timeout-ms", "0"],
    "ERR_EDGE_CLI_USAGE",
    /^--timeout-ms: expected an integer from 1/,
  ],
  "no file": [[], "ERR_EDGE_CLI_USAGE", /missing required argument 'file'; try edge-runtime run --help/],
};

for (const [name, [args, code, message]] of Object.entries(BAD_INPUTS)) {
  test(`run --json: ${name} is exit code 2 and one line on stderr`, async () => {
    const { exitCode, stdout, stderr } = await runMain("run", ...args, "--json");
    const report = lastReport(stdout);
    assert.equal(exitCode, 2);
    assert.deepEqual(Object.keys(report), REPORT_KEYS);
    assert.equal(report.ok, false);
    assert.equal(report.error?.code, code);
    assert.match(report.error?.message ?? "", message);
    assert.match(stderr, /^error: [^\n]*\n$/);
  });
}
