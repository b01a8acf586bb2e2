// Programs of many toolchains beside the checkout (../shared/conformance), where they are; and on small ones made here,
// what the runner must find.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { parseWat } from "edge-runtime-testing";
import { conformanceRoot, needs } from "../packages/edge-runtime-core/test/support/conformance.ts";
import { examine } from "../scripts/conformance/real/examine.ts";
import { examineAll } from "../scripts/conformance/real/main.ts";
import { findPrograms } from "../scripts/conformance/real/program-file.ts";
import type { ProgramFile } from "../scripts/conformance/real/program-file.ts";
import { isNewFailure } from "../scripts/conformance/real/report.ts";
import type { Examined } from "../scripts/conformance/real/report.ts";
import { Laboratory } from "../scripts/conformance/real/run-program.ts";
import type { Ending } from "../scripts/conformance/real/run-program.ts";

const root = mkdtempSync(join(tmpdir(), "edge-real-test-"));
after(() => rmSync(root, { recursive: true }));

function count(all: readonly Examined[], kind: string): number {
  return all.filter(({ outcome }) => outcome.kind === kind).length;
}

function newFailures(all: readonly Examined[]): unknown[] {
  return all.filter(isNewFailure).map(({ program, outcome }) => ({ name: program.name, ...outcome }));
}

/** Prints its text by preview 1. */
function printing(text: string): string {
  return `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) ${JSON.stringify(text)})
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 8))
    (i32.store (i32.const 4) (i32.const ${text.length}))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 4096)))))`;
}

/** Writes a program, and what it must print. */
async function writeProgram(folder: string, wat: string, expected?: string): Promise<string> {
  const path = join(root, folder);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "program.wasm"), await parseWat(wat));
  if (expected !== undefined) writeFileSync(join(path, "program.stdout.expected"), expected);
  return path;
}

function onlyProgram(folder: string): ProgramFile {
  const [program] = findPrograms(folder, "");
  assert.ok(program);
  return program;
}

describe("real programs", () => {
  test("real programs: all get through but those that are known not to", needs("real"), async (t) => {
    const all = await examineAll(join(conformanceRoot, "real"), "");
    assert.deepEqual(newFailures(all), []);
    t.diagnostic(
      ["ran", "stopped", "linked", "foreign", "refused"].map((kind) => `${kind} ${count(all, kind)}`).join(", "),
    );
    assert.ok(count(all, "ran") > 25);
  });

  test("real programs: benchmarks print what they must, metered and not", needs("sightglass"), async () => {
    for (const name of ["cm-online", "quicksort", "rust-json", "shootout-m"]) {
      // oxlint-disable-next-line no-await-in-loop
      const all = await examineAll(join(conformanceRoot, "sightglass"), name);
      assert.deepEqual(newFailures(all), []);
      assert.equal(count(all, "ran"), all.length);
    }
  });

  test("real programs: a command of preview 1 that prints what it must has run", async () => {
    const folder = await writeProgram("good", printing("hello\n"), "hello");
    assert.deepEqual(await examine(onlyProgram(folder), new Laboratory()), { kind: "ran", entries: 1 });
  });

  test("real programs: other output than expected is found", async () => {
    const folder = await writeProgram("bad", printing("hullo"), "hello");
    const outcome = await examine(onlyProgram(folder), new Laboratory());
    assert.match(outcome.kind === "failed" ? outcome.reason : "", /it printed "hullo"/);
  });

  test("real programs: a difference between metered and plain is found", async () => {
    class Bent extends Laboratory {
      override async run(...args: Parameters<Laboratory["run"]>): Promise<Ending> {
        const ending = await super.run(...args);
        return args[2] === "plain" ? ending : { ...ending, how: "returned [4]" };
      }
    }
    const folder = await writeProgram("bent", `(module (func (export "three") (result i32) (i32.const 3)))`);
    const program = onlyProgram(folder);
    assert.deepEqual(await examine(program, new Laboratory()), { kind: "ran", entries: 1 });
    const outcome = await examine(program, new Bent());
    assert.match(
      outcome.kind === "failed" ? outcome.reason : "",
      /how is "returned \[4\]" metered and "returned \[3\]"/,
    );
  });

  test("real programs: one that never ends is ended, and not run without limits", async () => {
    const folder = await writeProgram("endless", `(module (func (export "spin") (loop $again (br $again))))`);
    assert.deepEqual(await examine(onlyProgram(folder), new Laboratory()), { kind: "stopped", entry: "spin" });
  });

  test("real programs: imports of another host, of WASI, and what must be refused are told apart", async () => {
    const laboratory = new Laboratory();
    const foreign = await writeProgram("foreign", `(module (import "theirs" "f" (func)))`);
    assert.deepEqual(await examine(onlyProgram(foreign), laboratory), { kind: "foreign", missing: "theirs -> f" });
    const unknown = await writeProgram("unknown", `(module (import "wasi_unstable" "fd_read" (func)))`);
    assert.equal((await examine(onlyProgram(unknown), laboratory)).kind, "failed");
    const accepted = { ...onlyProgram(await writeProgram("fine", "(module)")), mustBeRefused: true };
    const outcome = await examine(accepted, laboratory);
    assert.deepEqual(outcome, { kind: "failed", reason: "it was not refused" });
  });

  test("real programs: the command prints totals and exits by what it found", async () => {
    const command = (folder: string): { status: number | null; stdout: string } =>
      spawnSync(process.execPath, ["scripts/conformance.ts", "real", "--data", join(root, folder)], {
        cwd: new URL("..", import.meta.url),
        encoding: "utf8",
      });
    await writeProgram("ok/good", printing("hello"), "hello");
    await writeProgram("wrong/bad", printing("hullo"), "hello");
    const good = command("ok");
    assert.match(good.stdout, /^total +1 +1 +0 +0 +0 +0 +0$/m);
    assert.equal(good.status, 0);
    const wrong = command("wrong");
    assert.match(wrong.stdout, /^new failure: bad\/program: .*it printed "hullo"$/m);
    assert.equal(wrong.status, 1);
  });
});
