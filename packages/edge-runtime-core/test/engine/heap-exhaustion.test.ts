// No guest ends the process by filling V8's heap, which no handler could prevent once it is full. The control shows
// that the same guest does, where nothing is charged.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../support/heap-exhaustion.ts", import.meta.url));

function runChild(heapMb: number, ...args: readonly string[]) {
  return spawnSync(process.execPath, [`--max-old-space-size=${heapMb}`, program, ...args], { encoding: "utf8" });
}

test("heap exhaustion: hostile guests, alone and together, end with the memory limit and nothing else does", () => {
  const { status, stdout, stderr } = runChild(96);
  assert.equal(status, 0, stderr);
  const lines = stdout.trim().split("\n");
  assert.equal(lines.length, 6);
  for (const line of lines) assert.match(line, /: (ERR_EDGE_TRAP,)?ERR_EDGE_MEMORY_LIMIT_EXCEEDED$/);
});

test("heap exhaustion: without charges the same guest ends the process", () => {
  const { status, stderr } = runChild(32, "plain");
  assert.notEqual(status, 0);
  assert.match(stderr, /heap out of memory|heap limit/);
});
