// A guest that writes everywhere, and a reset after it: the store is what it was, byte for byte. A leak that is
// planted on purpose is found, so that the comparison is known to see one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate } from "../../src/engine/instantiate.ts";
import { runLimits } from "../../src/engine/limits.ts";
import { CompiledModule, hostInstance } from "../../src/index.ts";
import type { HostImports } from "../../src/index.ts";
import type { PooledInstance } from "../../src/pool/instance-pool.ts";
import {
  createEngine,
  createRunner,
  engineDefaults,
  executionDefaults,
  generous,
  newContext,
  run,
  valueOf,
} from "../support/runs.ts";
import { captureState, stateDifferences } from "../support/store-state.ts";

const secret = { of: "another tenant" };
const imports: HostImports = new Map([["env", hostInstance({ secret: { kind: "sync", call: () => secret } })]]);

/** Three pages, tables of both types, globals of all types that JavaScript can see. */
const wat = `(module
  (import "env" "secret" (func $secret (result externref)))
  (memory $m (export "m") 3) (memory $n (export "n") 1) (data (i32.const 70000) "initial")
  (table $f (export "f") 50 funcref) (table $x 50 externref) (elem (table $f) (i32.const 3) func $a)
  (global $i (export "gi") (mut i32) (i32.const 1)) (global $l (export "gl") (mut i64) (i64.const 2))
  (global $s (export "gs") (mut f32) (f32.const 3)) (global $d (export "gd") (mut f64) (f64.const 4))
  (global $r (export "gr") (mut externref) (ref.null extern)) (global $p (export "gp") (mut funcref) (ref.null func))
  (func $a)
  (func (export "everywhere") (local i32)
    loop $bytes
      local.get 0 i32.const 0xa5 i32.store8 $m
      local.get 0 i32.const 1 i32.add local.tee 0 i32.const 196608 i32.lt_u br_if $bytes
    end
    i32.const 0 i32.const 0x5a i32.const 65536 memory.fill $n
    i32.const 0 ref.func $a i32.const 50 table.fill $f
    i32.const 0 call $secret i32.const 50 table.fill $x
    i32.const -1 global.set $i i64.const -1 global.set $l f32.const -1 global.set $s f64.const -1 global.set $d
    call $secret global.set $r ref.func $a global.set $p)
  (func (export "seen") (result i32) (local i32 i32)
    loop $bytes
      local.get 1 local.get 0 i32.load8_u $m i32.const 0xa5 i32.eq i32.add local.set 1
      local.get 0 i32.const 1 i32.add local.tee 0 i32.const 196608 i32.lt_u br_if $bytes
    end
    i32.const 0 local.set 0
    loop $slots
      local.get 1 local.get 0 table.get $x ref.is_null i32.eqz i32.add local.set 1
      local.get 0 i32.const 1 i32.add local.tee 0 i32.const 50 i32.lt_u br_if $slots
    end
    local.get 1 global.get $i i32.const -1 i32.eq i32.add global.get $r ref.is_null i32.eqz i32.add))`;

const execution = { ...executionDefaults, ...generous };

async function newInstance(): Promise<PooledInstance> {
  const engine = createEngine();
  const module = await CompiledModule.fromWat(engine, wat);
  return instantiate(engine, module.link(imports), runLimits(engineDefaults, execution));
}

async function writeEverywhere({ store, guest }: PooledInstance): Promise<void> {
  store.startRun(runLimits(engineDefaults, execution), newContext());
  await guest.entry("everywhere")?.([]);
  store.endRun();
}

test("isolation: a guest that writes everywhere leaves nothing", async () => {
  const instance = await newInstance();
  const before = captureState(instance.store);
  for (let round = 0; round < 3; round++) {
    // oxlint-disable-next-line no-await-in-loop
    await writeEverywhere(instance);
    assert.equal(stateDifferences(before, captureState(instance.store)).length, 4 + 6);
    assert.equal(instance.guest.reset() && instance.store.reset(), true);
    assert.deepEqual(stateDifferences(before, captureState(instance.store)), []);
  }
});

test("isolation: the next run sees nothing, pooled or not", async () => {
  for (const poolingAllocator of [true, false]) {
    // oxlint-disable-next-line no-await-in-loop
    const runner = await createRunner(wat, { engine: { poolingAllocator }, execution, imports });
    for (let round = 0; round < 3; round++) {
      // oxlint-disable-next-line no-await-in-loop
      valueOf(await run(runner, "everywhere"));
      // oxlint-disable-next-line no-await-in-loop
      assert.deepEqual(valueOf(await run(runner, "seen")), [0]);
    }
  }
});

interface Leak {
  readonly name: string;
  /** Puts one thing back to what the run before left. */
  readonly plant: (instance: PooledInstance) => void;
  readonly found: string;
}

function globalOf(instance: PooledInstance, name: string): WebAssembly.Global {
  const item = instance.store.instances[0]?.getExport(name);
  assert.ok(item instanceof WebAssembly.Global);
  return item;
}

function memoryOf(instance: PooledInstance, index: number): Uint8Array {
  const memory = instance.store.instances[0]?.memories[index];
  assert.ok(memory !== undefined);
  return new Uint8Array(memory.buffer);
}

const leaks: readonly Leak[] = [
  { name: "a byte", plant: (leaky) => memoryOf(leaky, 0).fill(0xa5, 196_607), found: "memory 0[196607]" },
  { name: "a page", plant: (leaky) => memoryOf(leaky, 0).fill(0xa5, 65_536, 131_072), found: "memory 0[65536]" },
  { name: "a page of another memory", plant: (leaky) => memoryOf(leaky, 1).fill(0x5a), found: "memory 1[0]" },
  {
    name: "a table slot",
    plant: (leaky) => leaky.store.instances[0]?.tables[1]?.set(49, secret),
    found: "table 1[49]",
  },
  { name: "a global", plant: (leaky) => (globalOf(leaky, "gs").value = -1), found: "global 0.gs" },
  {
    name: "a reference in a global",
    plant: (leaky) => ((globalOf(leaky, "gr") as { value: unknown }).value = secret),
    found: "global 0.gr",
  },
];

for (const { name, plant, found } of leaks) {
  test(`isolation: ${name} that a reset skips is found`, async () => {
    const instance = await newInstance();
    const before = captureState(instance.store);
    await writeEverywhere(instance);
    assert.equal(instance.guest.reset() && instance.store.reset(), true);
    plant(instance);
    assert.deepEqual(stateDifferences(before, captureState(instance.store)), [found]);
  });
}
