// The runner of wasi-testsuite on the third-party data beside the checkout, where it is there, and on programs made here:
// what it must find.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseWat } from "edge-runtime-testing";
import { conformanceRoot, needs } from "../packages/edge-runtime-core/test/support/conformance.ts";
import { wasi } from "../scripts/conformance/wasi/main.ts";

interface Row {
  readonly name: string;
  readonly verdict: string;
  readonly reason?: string;
}

/** Programs that need folders; what is granted of the file system is granted on Linux only. */
const onLinux = { skip: process.platform === "linux" ? false : "directories can be granted on Linux only" } as const;

const root = mkdtempSync(join(tmpdir(), "conformance-wasi-"));
after(() => rmSync(root, { recursive: true }));

async function runSuite(data: string): Promise<{ readonly status: number; readonly rows: readonly Row[] }> {
  const json = join(root, "report.json");
  const status = await wasi(["--data", data, "--json", json]);
  return { status, rows: JSON.parse(readFileSync(json, "utf8")) as Row[] };
}

function countOf(rows: readonly Row[], verdict: string): number {
  return rows.filter((row) => row.verdict === verdict).length;
}

test(
  "conformance wasi: wasi-testsuite goes as expected",
  process.platform === "linux" ? needs("wasi") : onLinux,
  async (t) => {
    const { status, rows } = await runSuite(join(conformanceRoot, "wasi"));
    const counts = [...Map.groupBy(rows, ({ verdict }) => verdict)].map(([verdict, all]) => `${all.length} ${verdict}`);
    t.diagnostic(counts.join(", "));
    assert.equal(status, 0, JSON.stringify(rows.filter(({ verdict }) => /^(new|unexpected)/.test(verdict))));
    assert.ok(countOf(rows, "passed") >= 77);
    assert.ok(countOf(rows, "refused as expected") >= 35);
  },
);

/** Copies the file `in` of its folder to its output, removes it, and exits with 3. */
const PROGRAM = `(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $unlink (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "in")
  (func $must (param $errno i32) (if (local.get $errno) (then (call $exit (i32.const 99)))))
  (func (export "_start")
    (call $must (call $open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 2) (i32.const 0)
      (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)))
    (i32.store (i32.const 8) (i32.const 1024))
    (i32.store (i32.const 12) (i32.const 100))
    (call $must (call $read (i32.load (i32.const 0)) (i32.const 8) (i32.const 1) (i32.const 4)))
    (i32.store (i32.const 12) (i32.load (i32.const 4)))
    (call $must (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 4)))
    (call $must (call $unlink (i32.const 3) (i32.const 100) (i32.const 2)))
    (call $exit (i32.const 3))))`;

test(
  "conformance wasi: finds wrong statuses and output, and leaves the tests' folders as they are",
  onLinux,
  async () => {
    const data = join(root, "suite");
    const files = join(data, "files.dir");
    mkdirSync(files, { recursive: true });
    writeFileSync(join(files, "in"), "content");
    const expectations = {
      right: { root: "files.dir", exit_code: 3, stdout: "content" },
      "wrong-status": { root: "files.dir", exit_code: 4, stdout: "content" },
      "wrong-output": { root: "files.dir", exit_code: 3, stdout: "contents" },
      "without-folder": { exit_code: 99 },
    };
    const program = await parseWat(PROGRAM);
    for (const [name, expectation] of Object.entries(expectations)) {
      writeFileSync(join(data, `${name}.wasm`), program);
      writeFileSync(join(data, `${name}.json`), JSON.stringify(expectation));
    }
    writeFileSync(join(data, "no-program.wasm"), await parseWat('(module (func (export "f")))'));
    const { status, rows } = await runSuite(data);
    assert.equal(status, 1);
    assert.deepEqual(
      rows.map(({ name, verdict, reason }) => [name, verdict, reason]),
      [
        ["no-program", "new failure", "it exports no wasi:cli/run of 0.2"],
        ["right", "passed", undefined],
        ["without-folder", "passed", undefined],
        ["wrong-output", "new failure", 'stdout "content", expected "contents"'],
        ["wrong-status", "new failure", "status 3, expected 4 "],
      ],
    );
    assert.equal(readFileSync(join(files, "in"), "utf8"), "content");
  },
);

test("conformance wasi: a known failure that passes is told", async () => {
  const data = join(root, "known");
  const name = "assemblyscript/wasm32-wasip1/args_get-multiple-arguments";
  mkdirSync(join(data, "assemblyscript/wasm32-wasip1"), { recursive: true });
  const program = `(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))) (memory (export "memory") 1)
    (func (export "_start")))`;
  writeFileSync(join(data, `${name}.wasm`), await parseWat(program));
  const { status, rows } = await runSuite(data);
  assert.deepEqual([status, rows.map(({ verdict }) => verdict)], [1, ["unexpected pass"]]);
});
