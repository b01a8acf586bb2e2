// `run` of programs: what they are given, what they say, and how they end.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { lastReport, runMain, runMainWith } from "./captured-terminal.ts";
import { COPY, runComponent, SPIN, TELL, WAIT } from "./command-guests.ts";
import { createGuestFolder } from "./guest-files.ts";

const BIN = fileURLToPath(new URL("../bin/edge-runtime.mjs", import.meta.url));
/** Loading takes time on a busy machine; no test is about the deadline. */
const PATIENT = ["--timeout-ms", "60000", "--fuel", "1000000000000"] as const;

/** Waits until the program runs; a command that ends before it does fails the test. */
async function firstOutput(child: ChildProcess): Promise<void> {
  const ended = once(child, "close").then(() => assert.fail("it ended without output"));
  await Promise.race([once(child.stdout ?? child, "data"), ended]);
  // From now on it may end.
  ended.catch(() => undefined);
}

const folder = createGuestFolder();
after(folder.remove);
const copy = folder.write("copy.wat", COPY);
const tell = folder.write("tell.wat", TELL);
const wait = folder.write("wait.wat", WAIT);
const spin = folder.write("spin.wat", SPIN);
const succeeding = folder.write("succeeding.wat", runComponent(false));
const failing = folder.write("failing.wat", runComponent(true));

test("run: a program reads its input, writes its output, and its status is the command's", async () => {
  const { exitCode, stdout, stderr } = await runMainWith("hello, you", "run", copy, ...PATIENT);
  assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 10, stdout: "hello, you", stderr: "" });
});

test("run: a program that exits with status 0 succeeds, without a word", async () => {
  assert.deepEqual(await runMainWith("", "run", copy, ...PATIENT), { exitCode: 0, stdout: "", stderr: "" });
});

test("run: a program gets its name and the arguments after --, and no environment", async () => {
  const { exitCode, stdout, stderr } = await runMain("run", tell, ...PATIENT, "--", "--json", "a b", "-1");
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: "" });
  assert.deepEqual(stdout.split("\0"), ["tell.wat", "--json", "a b", "-1", ""]);
});

test("run: --env gives variables, or passes on those that are named", async (context) => {
  process.env["EDGE_TEST_VARIABLE"] = "of=the host";
  context.after(() => delete process.env["EDGE_TEST_VARIABLE"]);
  const options = ["--env", "A=1", "--env", "EDGE_TEST_VARIABLE", "--env", "A=x=y", "--env", "EMPTY="];
  const { stderr } = await runMain("run", tell, ...PATIENT, ...options);
  assert.deepEqual(stderr.split("\0"), ["A=x=y", "EDGE_TEST_VARIABLE=of=the host", "EMPTY=", ""]);
});

test("run: --inherit-env passes on all, and --env goes before it", async (context) => {
  process.env["EDGE_TEST_VARIABLE"] = "inherited";
  context.after(() => delete process.env["EDGE_TEST_VARIABLE"]);
  const { stderr } = await runMain("run", tell, ...PATIENT, "--inherit-env", "--env", "PATH=mine");
  const variables = stderr.split("\0");
  assert.ok(variables.includes("EDGE_TEST_VARIABLE=inherited"));
  assert.ok(variables.includes("PATH=mine"));
});

for (const [text, message] of [
  ["=1", /--env: expected NAME=VALUE or NAME, got "=1"/],
  ["EDGE_TEST_ABSENT", /--env: EDGE_TEST_ABSENT is not set here; give it a value with EDGE_TEST_ABSENT=VALUE/],
] as const) {
  test(`run: --env ${text} is bad usage`, async () => {
    const { exitCode, stderr } = await runMain("run", tell, "--env", text);
    assert.equal(exitCode, 2);
    assert.match(stderr, message);
  });
}

test("run: a component of any 0.2 version of wasi:cli/run is a program; its result is its status", async () => {
  assert.deepEqual(await runMain("run", succeeding, ...PATIENT, "--", "x"), { exitCode: 0, stdout: "", stderr: "" });
  const failed = await runMain("run", failing, ...PATIENT);
  assert.deepEqual({ ...failed, stderr: "" }, { exitCode: 1, stdout: "", stderr: "" });
  assert.match(failed.stderr, /^error: Function failed: run returned err /);
});

test("run: --invoke calls the function of a program like any other", async () => {
  const { exitCode, stdout } = await runMain("run", succeeding, ...PATIENT, "--invoke", "run");
  assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: "ok\n" });
});

test("run: --json has a program's status and its output as log entries", async () => {
  const { exitCode, stdout } = await runMainWith("one\ntwo\n", "run", copy, "--json", ...PATIENT);
  const { ok, result, error, logs, exitCode: status } = lastReport(stdout);
  assert.deepEqual({ ok, result, status, exitCode }, { ok: false, result: [], status: 8, exitCode: 8 });
  assert.equal(error?.code, "ERR_EDGE_GUEST_EXITED");
  assert.deepEqual(
    logs.map(({ level, message }) => `${level} ${message}`),
    ["info one", "info two"],
  );
  assert.equal(stdout.trimEnd().split("\n").length, 1, "nothing but the report");
});

test("run: --json of a program that succeeds", async () => {
  const report = lastReport((await runMain("run", succeeding, "--json", ...PATIENT)).stdout);
  assert.deepEqual([report.ok, report.error, report.exitCode], [true, null, 0]);
});

test("run: a program that is over a limit is told of as always", async () => {
  const { exitCode, stderr } = await runMain("run", spin, "--timeout-ms", "60000", "--fuel", "1000000");
  assert.equal(exitCode, 1);
  assert.match(stderr, /^error: Fuel exhausted /);
});

test("run: a mebibyte passes through a program, as it is", async () => {
  const child = spawn(process.execPath, [BIN, "run", copy, ...PATIENT], { stdio: ["pipe", "pipe", "inherit"] });
  const bytes = Buffer.from(Uint8Array.from({ length: 1_048_577 }, (_, index) => (index * 7) % 251));
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stdin.end(bytes);
  const [code] = (await once(child, "close")) as [number | null];
  assert.equal(code, 1);
  assert.ok(Buffer.concat(chunks).equals(bytes));
});

test("run: a program whose reader went away sees its output closed", async () => {
  const child = spawn(process.execPath, [BIN, "run", copy, ...PATIENT], { stdio: ["pipe", "pipe", "inherit"] });
  // What the child does not read any more must not end this process.
  child.stdin.on("error", () => undefined);
  child.stdin.write("first");
  await firstOutput(child);
  child.stdout.destroy();
  const closed = once(child, "close");
  child.stdin.end(Buffer.alloc(1_000_000));
  const [code] = (await closed) as [number | null];
  assert.equal(code, 77);
});

for (const [name, file] of [
  ["waits", wait],
  ["loops", spin],
] as const) {
  for (const [signal, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    const skip = process.platform === "win32" && "Windows has no signals";
    test(`run: ${signal} ends a program that ${name}`, { skip }, async () => {
      const child = spawn(process.execPath, [BIN, "run", file, "--timeout-ms", "3600000", "--no-fuel"]);
      let stderr = "";
      child.stderr.on("data", (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      const closed = once(child, "close");
      await firstOutput(child);
      child.kill(signal);
      const [code] = (await closed) as [number | null];
      assert.deepEqual({ code, stderr }, { code: status, stderr: "" });
    });
  }
}
