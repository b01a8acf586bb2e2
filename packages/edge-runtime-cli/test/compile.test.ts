// `compile` and `inspect`, and what the other commands make of an artifact.

import assert from "node:assert/strict";
import { existsSync, linkSync, readdirSync, readFileSync } from "node:fs";
import { after, test } from "node:test";
import { lastReport, runMain } from "./captured-terminal.ts";
import { CORE_GUEST, createGuestFolder, workerGuest } from "./guest-files.ts";

const folder = createGuestFolder();
after(folder.remove);
const core = folder.write("core.wat", CORE_GUEST);
const worker = folder.write("worker.wat", workerGuest(false));

test("compile: the artifact runs as its source does", async () => {
  const artifact = folder.path("core.edge");
  const { exitCode, stdout, stderr } = await runMain("compile", core, "-o", artifact);
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: "" });
  assert.match(
    stdout,
    /^wrote .*core\.edge\n {2}kind {6}core\n {2}metering {2}fuel\n {2}source {4}sha256:[0-9a-f]{64}\n/,
  );
  const args = ["--invoke", "add", "1", "2", "--json"];
  const [fromSource, fromArtifact] = [await runMain("run", core, ...args), await runMain("run", artifact, ...args)];
  const { durationMs: _first, ...expected } = lastReport(fromSource.stdout);
  const { durationMs: _second, ...actual } = lastReport(fromArtifact.stdout);
  assert.deepEqual(actual, expected);
});

test("compile: so does that of a component", async () => {
  const artifact = folder.path("worker.edge");
  assert.equal((await runMain("compile", worker, "-o", artifact)).exitCode, 0);
  assert.equal((await runMain("run", artifact)).stdout, "ok\n");
});

test("compile: an artifact without metering serves only runs without it", async () => {
  const artifact = folder.path("unmetered.edge");
  await runMain("compile", core, "--no-fuel", "-o", artifact);
  const metered = await runMain("run", artifact, "--invoke", "none");
  assert.equal(metered.exitCode, 2);
  assert.match(metered.stderr, /unmetered\.edge: Artifact refused: .*\[ERR_EDGE_ARTIFACT_REFUSED\]/);
  assert.equal((await runMain("run", artifact, "--invoke", "none", "--no-fuel")).exitCode, 0);
});

test("compile: a proposal that is off has to be allowed, for the artifact too", async () => {
  const source = folder.write("objects.wat", `(module (type (struct)) (func (export "_start")))`);
  const out = folder.path("objects.edge");
  const refused = await runMain("compile", source, "-o", out);
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /\(gc proposal\), which are off/);
  assert.equal((await runMain("compile", source, "-o", out, "--allow", "gc")).exitCode, 0);
  assert.match((await runMain("run", out)).stderr, /\(gc proposal\), which are off/);
  assert.equal((await runMain("run", out, "--allow", "gc")).exitCode, 0);
  const inspected = await runMain("inspect", out);
  assert.match(inspected.stdout, /features {4}gc/);
});

test("compile: a changed artifact is refused by every command that takes one", async () => {
  const artifact = folder.path("tampered.edge");
  await runMain("compile", core, "-o", artifact);
  const bytes = readFileSync(artifact);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  folder.write("tampered.edge", bytes);
  const config = folder.write("tampered.toml", '[[functions]]\nname = "f"\nroute = "/"\nsource = "tampered.edge"\n');
  const commands = [
    ["run", artifact],
    ["inspect", artifact],
    ["serve", "--config", config, "--port", "0", "--log-level", "silent"],
  ];
  for (const args of commands) {
    const { exitCode, stderr } = await runMain(...args);
    assert.equal(exitCode, 2, args.join(" "));
    assert.match(stderr, /Artifact refused: it was changed/, args.join(" "));
  }
});

test("compile: never writes over its input, under whatever name", async () => {
  linkSync(core, folder.path("link.wat"));
  const before = readFileSync(core, "utf8");
  for (const output of [core, folder.path("./core.wat"), folder.path("link.wat")]) {
    const { exitCode, stderr } = await runMain("compile", core, "-o", output);
    assert.equal(exitCode, 2);
    assert.match(stderr, /is the input itself; give another file name with -o/);
  }
  assert.equal(readFileSync(core, "utf8"), before);
});

test("compile: an output that cannot be is told before the work, and nothing is left behind", async () => {
  const files = readdirSync(folder.path("."));
  assert.match((await runMain("compile", core, "-o", folder.path("."))).stderr, /is no regular file/);
  assert.match((await runMain("compile", core, "-o", folder.path("no/out.edge"))).stderr, /its folder does not exist/);
  assert.match((await runMain("compile", core)).stderr, /'-o, --output <out>' not specified; try edge-runtime compile/);
  const bad = folder.path("bad.edge");
  assert.equal((await runMain("compile", folder.path("none.wat"), "-o", bad)).exitCode, 2);
  assert.equal(existsSync(bad), false);
  assert.deepEqual(readdirSync(folder.path(".")), files);
});

test("inspect: a core module", async () => {
  const { exitCode, stdout } = await runMain("inspect", core);
  assert.equal(exitCode, 0);
  assert.match(stdout, /\n {2}kind {8}core\n {2}hash {8}sha256:[0-9a-f]{64}\n/);
  assert.match(stdout, /\n {2}memory {6}1 page \(64 KiB\), no maximum\n/);
  assert.match(stdout, /\n {4}env -> log: func\(i32, i32, i32\)\n/);
  assert.match(stdout, /\n {4}add: func\(i64, i64\) -> i64\n/);
});

test("inspect: a component with its WIT, from text too", async () => {
  const { stdout } = await runMain("inspect", worker);
  assert.match(stdout, /kind {8}component of 1 core module\n/);
  assert.match(stdout, /\n {6}export run: func\(\) -> result<_, string>;\n/);
});

test("inspect: says whether instances are restored, why, and where that shows only later", async () => {
  const start = (imported: string): string =>
    folder.write("start.wat", `(module (import ${imported} (func $f (param i32 i32 i32))) (func $s) (start $s))`);
  const inspected = async (file: string): Promise<string> => {
    const { stdout } = await runMain("inspect", file);
    return /^ {2}restorable {2}(.*)$/m.exec(stdout)?.[1] ?? "";
  };
  const restored = "yes: memories, globals and tables are restored from a snapshot";
  assert.equal(await inspected(core), restored);
  assert.equal(await inspected(start('"env" "log"')), restored);
  assert.match(await inspected(start('"env" "now"')), /^decided by observation: not, if its initialisation calls/);
  const exception = folder.write("exception.wat", "(module (global (mut exnref) (ref.null exn)))");
  assert.equal(await inspected(exception), "no: mutable global of type (ref null exn)");
});

test("inspect --json: one object", async () => {
  const { stdout } = await runMain("inspect", core, "--json");
  const inspection = JSON.parse(stdout) as Record<string, unknown>;
  assert.equal(inspection["kind"], "core");
  assert.equal(inspection["metering"], null);
  assert.equal(inspection["wit"], null);
  assert.deepEqual(inspection["memories"], [{ minPages: 1, is64: false, shared: false }]);
  assert.ok(Array.isArray(inspection["exports"]) && Array.isArray(inspection["imports"]));
});
