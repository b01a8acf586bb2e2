// `run --profile`: the file, and what keeps it from being written.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, test } from "node:test";
import type { CpuProfile } from "edge-runtime-core";
import { runMain } from "./captured-terminal.ts";
import { createGuestFolder } from "./guest-files.ts";

const folder = createGuestFolder();
after(folder.remove);
const guest = folder.write(
  "burn.wat",
  `(module
    (func $burn (param i32) (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func $main (export "_start") (loop $once) (call $burn (i32.const 50000)) (call $burn (i32.const 50000))))`,
);

const read = (file: string): CpuProfile => JSON.parse(readFileSync(file, "utf8")) as CpuProfile;

test("run --profile: writes a CPU profile of the run's fuel, the same each time", async () => {
  const out = folder.path("out.cpuprofile");
  const { exitCode, stdout } = await runMain("run", guest, "--profile", out, "--timeout-ms", "60000", "--json");
  assert.equal(exitCode, 0);
  const { fuelConsumed } = JSON.parse(stdout) as { readonly fuelConsumed: number };
  const profile = read(out);
  assert.equal(profile.endTime - profile.startTime, fuelConsumed);
  const names = profile.nodes.map((node) => node.callFrame.functionName);
  assert.deepEqual(names, ["(root)", "main", "burn"]);
  assert.ok((profile.nodes[2]?.hitCount ?? 0) * 1000 > fuelConsumed * 0.98);
  const first = readFileSync(out, "utf8");
  await runMain("run", guest, "--profile", out, "--timeout-ms", "60000");
  assert.equal(readFileSync(out, "utf8"), first);
});

test("run --profile: a run that fails leaves its profile too", async () => {
  const out = folder.path("failed.cpuprofile");
  const { exitCode } = await runMain("run", guest, "--profile", out, "--fuel", "30000", "--timeout-ms", "60000");
  assert.equal(exitCode, 1);
  const profile = read(out);
  assert.equal(profile.endTime - profile.startTime, 30_000);
});

const refused: readonly (readonly [what: string, args: readonly string[], reason: RegExp])[] = [
  ["without fuel", ["--profile", folder.path("no.cpuprofile"), "--no-fuel"], /--profile: shows where fuel went/],
  ["to a folder that does not exist", ["--profile", folder.path("absent/x.cpuprofile")], /its folder does not exist/],
  ["over a folder", ["--profile", folder.path(".")], /is no regular file/],
];

for (const [what, args, reason] of refused) {
  test(`run --profile: ${what} is told before the run`, async () => {
    const { exitCode, stderr } = await runMain("run", guest, ...args);
    assert.equal(exitCode, 2);
    assert.match(stderr, reason);
    assert.equal(existsSync(folder.path("no.cpuprofile")), false);
  });
}
