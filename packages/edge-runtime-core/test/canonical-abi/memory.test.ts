import assert from "node:assert/strict";
import { test } from "node:test";
import { LinearMemory } from "../../src/canonical-abi/index.ts";

test("memory: the views are kept as long as the buffer is the same", () => {
  const memory = new LinearMemory(new WebAssembly.Memory({ initial: 1 }));
  assert.equal(memory.current(), memory.current());
});

test("memory: after growth the views span the new memory", () => {
  const raw = new WebAssembly.Memory({ initial: 1 });
  const memory = new LinearMemory(raw);
  const before = memory.current();
  raw.grow(1);
  assert.equal(before.bytes.length, 0, "detached");
  assert.equal(memory.current().bytes.length, 2 * 65_536);
  assert.equal(memory.current().view.byteLength, 2 * 65_536);
});

test("memory: growth by nothing detaches too", () => {
  const raw = new WebAssembly.Memory({ initial: 1 });
  const memory = new LinearMemory(raw);
  memory.current().bytes[0] = 7;
  raw.grow(0);
  assert.equal(memory.current().bytes[0], 7);
});
