// The canonical ABI vectors, where they are beside the checkout, and what the runner must find.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { conformanceRoot, needs } from "../packages/edge-runtime-core/test/support/conformance.ts";
import { printAbiVectors, runAbiVectors } from "../scripts/conformance/abi-vectors/abi-vectors.ts";

const folder = "component/abi-vectors";
const scratch = mkdtempSync(join(tmpdir(), "abi-vectors-"));
after(() => rmSync(scratch, { recursive: true }));

test("ABI vectors: types, signatures, loads and stores are the reference implementation's", needs(folder), (t) => {
  const tallies = runAbiVectors(join(conformanceRoot, "component"));
  t.diagnostic(printAbiVectors(tallies));
  assert.deepEqual(
    [...new Set(tallies.map(({ kind }) => kind))],
    ["types", "functions", "lift", "lift-flat", "lower", "lower-flat"],
  );
  for (const { kind, passed, failures } of tallies) {
    assert.deepEqual(failures.slice(0, 3), [], kind);
    assert.ok(passed > 500, `${kind}: ${passed}`);
  }
});

const lift = { t: "u16", enc: "utf8", ptr: 2, memSize: 8, mem: "00000102", v: { type: "u16", value: "513" } };
const lower = { t: { list: "u8" }, v: { type: "list", value: [{ type: "u8", value: "7" }] }, ptr: 0, heap: 8 };
const stored = { ...lower, memSize: 16, mem: "080000000100000007", realloc: [[0, 0, 1, 1, 8]] };

/** What is wrong with each, or nothing. */
const vectors: readonly (readonly [kind: string, vector: unknown, finding?: RegExp])[] = [
  ["lift", lift],
  ["lift", { ...lift, v: { type: "u16", value: "514" } }, /513/],
  ["lift", { ...lift, v: undefined, trap: true }, /Missing expected exception/],
  ["lift", { ...lift, t: "string", ptr: 0, mem: "00000000ff000000" }, /out-of-bounds/],
  ["lower", stored],
  ["lower", { ...stored, mem: "080000000100000008" }, /07/],
  ["lower", { ...stored, realloc: [[0, 0, 1, 2, 8]] }, /1/],
  ["types", { t: "u16", size: 2, align: 4, flat: ["i32"] }, /alignment/],
  ["functions", { params: [], result: null, lift: { params: [], results: ["i32"] }, lower: {} }, /i32/],
];

for (const [kind, vector, finding] of vectors) {
  test(`ABI vectors: ${finding === undefined ? "holds" : `finds ${finding.source} in`} ${JSON.stringify(vector)}`, () => {
    const made = join(scratch, "abi-vectors/made");
    mkdirSync(made, { recursive: true });
    writeFileSync(join(made, `${kind}.jsonl`), `${JSON.stringify(vector)}\n`);
    const tallies = runAbiVectors(scratch);
    rmSync(made, { recursive: true });
    assert.equal(tallies.length, 1);
    const [tally] = tallies;
    assert.equal(tally?.passed, finding === undefined ? 1 : 0);
    if (finding === undefined) return;
    assert.equal(tally?.failures[0]?.line, 1);
    assert.match(printAbiVectors(tallies), finding);
  });
}

test("ABI vectors: the command runs them, and fails where one does not hold", () => {
  const data = join(scratch, "data");
  mkdirSync(join(data, "abi-vectors/made"), { recursive: true });
  const command = (vector: unknown): { status: number | null; stdout: string } => {
    writeFileSync(join(data, "abi-vectors/made/lift.jsonl"), JSON.stringify(vector));
    const args = ["scripts/conformance.ts", "component", "--data", data];
    return spawnSync(process.execPath, args, { cwd: join(import.meta.dirname, ".."), encoding: "utf8" });
  };
  const holds = command(lift);
  assert.match(holds.stdout, /^lift +1 passed +0 failed$/m);
  assert.equal(holds.status, 0);
  const fails = command({ ...lift, v: { type: "u16", value: "514" } });
  assert.match(fails.stdout, /^ {2}lift:1 /m);
  assert.equal(fails.status, 1);
});
