// One image of the initial memory serves all instances of a program that begin alike; others are not kept. What the
// host writes is put back like what the guest writes, and a large reset is done in parts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { testPlatform } from "edge-runtime-testing";
import { createPool } from "../../src/engine/instantiate.ts";
import { runLimits } from "../../src/engine/limits.ts";
import { differingReason } from "../../src/engine/memory-image.ts";
import type { HostFunction, HostImports } from "../../src/index.ts";
import { CompiledModule, hostInstance } from "../../src/index.ts";
import type { PooledInstance } from "../../src/pool/instance-pool.ts";
import { markedFromPages } from "../../src/instrument/dirty-pages.ts";
import { ProgramImages } from "../../src/engine/memory-image.ts";
import { parseWat } from "edge-runtime-testing";
import { instantiateMarked } from "../support/marked-instance.ts";
import {
  createEngine,
  createRunner,
  engineDefaults,
  executionDefaults,
  generous,
  newContext,
  run,
  settle,
  valueOf,
} from "../support/runs.ts";

const limits = runLimits(engineDefaults, { ...executionDefaults, ...generous });
const marked = markedFromPages + 4;

/** Each instance gets another number from `next` while it starts. */
function numbering(): HostImports {
  let last = 0;
  const next: HostFunction = { kind: "sync", reads: "nothing", call: () => ++last };
  return new Map([["env", hostInstance({ next })]]);
}

const differing: readonly (readonly [what: string, pages: number, start: string])[] = [
  ["a small memory", 1, "i32.const 40000 call $next i32.store"],
  ["a marked memory", marked, "i32.const 1000000 call $next i32.store"],
  ["a memory that the start grew", marked, "i32.const 9000 call $next i32.store i32.const 1 memory.grow drop"],
  ["a memory by its size", 1, "call $next memory.grow drop"],
];

for (const [what, pages, start] of differing) {
  test(`images: instances that begin with different contents of ${what} are not kept`, async () => {
    const wat = `(module (import "env" "next" (func $next (result i32))) (memory ${pages}) (func $s ${start}) (start $s)
      (func (export "f") i32.const 0 i32.const 1 i32.store))`;
    const runner = await createRunner(wat, { execution: generous, imports: numbering() });
    await runner.warmUp(1);
    assert.equal(runner.stats().notRestorable, undefined);
    await runner.warmUp(2);
    assert.equal(runner.stats().notRestorable, differingReason);
  });

  test(`images: instances that begin with the same contents of ${what} are kept`, async () => {
    const same: HostFunction = { kind: "sync", reads: "nothing", call: () => 3 };
    const wat = `(module (import "env" "next" (func $next (result i32))) (memory ${pages}) (func $s ${start}) (start $s)
      (func (export "f") (result i32) i32.const 0 i32.load i32.const 0 i32.const 1 i32.store))`;
    const runner = await createRunner(wat, {
      execution: generous,
      imports: new Map([["env", hostInstance({ next: same })]]),
    });
    await runner.warmUp(3);
    assert.equal(runner.stats().notRestorable, undefined);
    for (let count = 0; count < 9; count++) {
      // oxlint-disable-next-line no-await-in-loop
      assert.deepEqual(valueOf(await run(runner, "f")), [0]);
    }
    assert.equal(runner.stats().discarded, 0);
  });
}

test("images: a second instance is restored to the image of the first", async () => {
  const bytes = await parseWat(`(module (memory 20) (data (i32.const 70000) "contents")
    (func (export "f") i32.const 70000 i32.const 0 i32.const 8 memory.fill))`);
  const images = new ProgramImages();
  const guests = [instantiateMarked(bytes, {}, images), instantiateMarked(bytes, {}, images)];
  for (const guest of guests) guest.call("f");
  for (const guest of guests) guest.reset();
  assert.deepEqual(
    guests.map((guest) => guest.difference()),
    [undefined, undefined],
  );
});

for (const pages of [1, marked]) {
  test(`images: what a host function writes to a memory of ${pages} pages is put back`, async () => {
    const write: HostFunction = {
      kind: "sync",
      call() {
        throw new Error("replaced below");
      },
    };
    const writes: HostFunction = {
      ...write,
      call: (call) => {
        const bytes = call.memory();
        bytes?.fill(9, bytes.length - 70);
        return bytes?.length ?? 0;
      },
    };
    const wat = `(module (import "env" "write" (func $write (result i32))) (memory (export "memory") ${pages})
      (func (export "f") (result i32) (local $end i32) (local $before i32)
        (local.set $end (i32.mul (memory.size) (i32.const 65536)))
        (local.set $before (i32.load (i32.sub (local.get $end) (i32.const 4))))
        (drop (call $write))
        (i32.add (local.get $before) (i32.load8_u (i32.sub (local.get $end) (i32.const 1))))))`;
    const runner = await createRunner(wat, { imports: new Map([["env", hostInstance({ write: writes })]]) });
    for (let count = 0; count < 3; count++) {
      // oxlint-disable-next-line no-await-in-loop
      assert.deepEqual(valueOf(await run(runner, "f")), [9]);
    }
    await settle();
    assert.deepEqual([runner.stats().discarded, runner.stats().faultyResets], [0, 0]);
  });
}

test("images: a write that nobody noted is found by verification", async () => {
  const engine = createEngine();
  const module = await CompiledModule.fromWat(
    engine,
    `(module (memory ${marked}) (func (export "f") i32.const 0 i32.const 1 i32.store))`,
  );
  assert.equal(module.cores[0]?.plan.marksPages, true);
  const faults: string[] = [];
  const pool = createPool(engine, module.link(new Map()), limits, {
    onResetFault: (found) => void faults.push(...found),
  });
  const instance = await pool.make();
  const memory = instance.store.instances[0]?.memories[0];
  new Uint8Array(memory?.buffer ?? new ArrayBuffer(0))[200_000] = 1;
  pool.release(instance);
  assert.equal(pool.take(), undefined);
  assert.deepEqual(faults, ["core instance 0: memory 0 page 3 at byte 200000"]);
});

test("images: a large reset is done in parts, and at once where a request needs the instance", async () => {
  const turns: (() => void)[] = [];
  const platform = {
    ...testPlatform(),
    yieldToEventLoop: () => new Promise<void>((resolve) => void turns.push(resolve)),
  };
  const engine = createEngine({ platform, engine: { verifyResets: 0 } });
  const pages = 100;
  const module = await CompiledModule.fromWat(engine, `(module (memory ${pages}))`);
  const pool = createPool(engine, module.link(new Map()), limits);
  const dirtyPages = ({ store }: PooledInstance): number => {
    const bytes = new Uint8Array(store.instances[0]?.memories[0]?.buffer ?? new ArrayBuffer(0));
    return Array.from({ length: pages * 16 }, (_, page) => bytes[page * 4096 + 2048] ?? 0).reduce(
      (sum, byte) => sum + byte,
      0,
    );
  };
  const runOne = async (): Promise<PooledInstance> => {
    const instance = pool.take() ?? (await pool.make());
    instance.store.startRun(limits, newContext());
    const memory = instance.store.instances[0]?.guestMemories[0];
    if (memory === undefined) throw new Error("the guest has no memory");
    new Uint8Array(memory.memory.buffer).fill(1);
    memory.wrote(0, memory.bytes);
    instance.store.endRun();
    pool.release(instance);
    return instance;
  };
  const turn = async (): Promise<void> => {
    for (const resolve of turns.splice(0)) resolve();
    await Promise.resolve();
    await Promise.resolve();
  };
  const instance = await runOne();
  const left = [dirtyPages(instance)];
  while (turns.length > 0) {
    // oxlint-disable-next-line no-await-in-loop
    await turn();
    left.push(dirtyPages(instance));
  }
  assert.equal(left[0], pages * 16);
  assert.equal(left.at(-1), 0);
  for (const [index, count] of left.slice(1).entries()) assert.ok((left[index] ?? 0) - count <= 256, String(left));
  assert.ok(left.length >= pages / 16);
  await runOne();
  await turn();
  assert.ok(dirtyPages(instance) > 0);
  assert.equal(pool.take(), instance);
  assert.equal(dirtyPages(instance), 0);
});

test("images: small memories are not marked, and a component's modules mark all or none", async () => {
  const engine = createEngine();
  const plansOf = async (wat: string): Promise<boolean[]> =>
    (await CompiledModule.fromWat(engine, wat)).cores.map(({ plan }) => plan.marksPages);
  assert.deepEqual(await plansOf(`(module (memory ${markedFromPages - 1}))`), [false]);
  assert.deepEqual(await plansOf(`(module (memory ${markedFromPages}))`), [true]);
  const component = (pages: number): string => `(component
    (core module $a (memory (export "m") ${pages}))
    (core module $b (import "a" "m" (memory 1)) (func (export "f") i32.const 70000 i32.const 7 i32.store))
    (core instance $ia (instantiate $a)) (core instance $ib (instantiate $b (with "a" (instance $ia))))
    (func (export "f") (canon lift (core func $ib "f"))))`;
  assert.deepEqual(await plansOf(component(2)), [false, false]);
  assert.deepEqual(await plansOf(component(markedFromPages)), [true, true]);
  const unpooled = createEngine({ engine: { poolingAllocator: false } });
  assert.equal((await CompiledModule.fromWat(unpooled, `(module (memory 40))`)).cores[0]?.plan.marksPages, false);
});

test("images: what a module writes to a memory that it imports is put back", async () => {
  const engine = createEngine();
  const module = await CompiledModule.fromWat(
    engine,
    `(component
      (core module $a (memory (export "m") ${marked}))
      (core module $b (import "a" "m" (memory 1)) (global $g (mut i32) (i32.const 5))
        (func (export "f") (result i32) i32.const 70000 i32.load global.get $g i32.add i32.const 70000 i32.const 7 i32.store))
      (core instance $ia (instantiate $a)) (core instance $ib (instantiate $b (with "a" (instance $ia))))
      (func (export "f") (result u32) (canon lift (core func $ib "f"))))`,
  );
  const runner = await createRunner(module, {}, engine);
  for (let count = 0; count < 3; count++) {
    // oxlint-disable-next-line no-await-in-loop
    assert.equal(valueOf(await run(runner, "f")), 5);
  }
  assert.deepEqual([runner.stats().discarded, runner.stats().faultyResets], [0, 0]);
});

test("images: arguments and results that the host writes are put back", async () => {
  const get: HostFunction = { kind: "sync", call: () => "from the host" };
  const wat = `(component
    (import "test:host/text" (instance $host (export "get" (func (result string)))))
    (core module $libc (memory (export "memory") ${marked})
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.add (i32.const 400000) (i32.mul (local.get 3) (i32.const 1000)))))
    (core instance $libc (instantiate $libc))
    (core func $get (canon lower (func $host "get") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
    (core module $m (import "libc" "memory" (memory 1)) (import "host" "get" (func $get (param i32)))
      (func (export "f") (param i32 i32) (result i32)
        (call $get (i32.const 300000))
        (i32.add (i32.load offset=4 (i32.const 300000)) (local.get 1))))
    (core instance $m (instantiate $m (with "libc" (instance $libc)) (with "host" (instance (export "get" (func $get))))))
    (func (export "f") (param "text" string) (result u32)
      (canon lift (core func $m "f") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))`;
  const engine = createEngine();
  const imports: HostImports = new Map([["test:host/text", hostInstance({ get })]]);
  const runner = await createRunner(await CompiledModule.fromWat(engine, wat), { imports }, engine);
  for (let count = 0; count < 3; count++) {
    // oxlint-disable-next-line no-await-in-loop
    assert.equal(valueOf(await run(runner, "f", ["an argument"])), 24);
  }
  await settle();
  const { verifiedResets, faultyResets, discarded } = runner.stats();
  assert.deepEqual([verifiedResets, faultyResets, discarded], [3, 0, 0]);
});
