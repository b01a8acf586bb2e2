import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { WasiError } from "edge-runtime-common";
import { InstanceRunner, WorkerContext } from "edge-runtime-core";
import { fakePlatform } from "edge-runtime-testing";
import { createHostImports } from "../../../src/index.ts";
import { BytePipe } from "../../../src/wasi/io/byte-pipe.ts";
import { createPollable } from "../../../src/wasi/io/io-resources.ts";
import { callHost, fakeHostCall } from "../../fake-host-call.ts";
import { compileGuest } from "../compile-guest.ts";
import { bytes } from "./byte-source.contract.ts";

const imports = createHostImports({ platform: fakePlatform() });
const poll = (name: string, ...args: readonly unknown[]): unknown =>
  callHost(imports, `wasi:io/poll@0.2.12#${name}`, fakeHostCall(), ...args);

const ready = createPollable({ isReady: () => true, onReady: () => assert.fail("nobody needs to wait") });
const never = createPollable({ isReady: () => false, onReady: () => () => undefined });

test("poll: gives the indices of all that are ready, without waiting", () => {
  assert.deepEqual(poll("poll", [never, ready, never, ready]), Uint32Array.of(1, 3));
});

test("poll: waits for the first of many", async () => {
  const pipes = Array.from({ length: 1000 }, () => new BytePipe());
  const waiting = poll(
    "poll",
    pipes.map(({ source }) => createPollable(source)),
  );
  assert.ok(waiting instanceof Promise);
  pipes[700]?.sink.write(bytes(1));
  pipes[3]?.sink.write(bytes(1));
  assert.deepEqual(await waiting, Uint32Array.of(3, 700));
});

test("poll: an empty list traps", () => {
  assert.throws(() => poll("poll", []), WasiError);
});

test("poll: long lists cost fuel", () => {
  const call = fakeHostCall();
  callHost(
    imports,
    "wasi:io/poll@0.2.12#poll",
    call,
    Array.from({ length: 400 }, () => ready),
  );
  assert.equal(call.fuelCharged(), 100);
});

test("pollable: ready says so, block waits", async () => {
  const pipe = new BytePipe();
  const pollable = createPollable(pipe.source);
  assert.equal(poll("[method]pollable.ready", pollable), false);
  const blocked = poll("[method]pollable.block", pollable);
  pipe.sink.write(bytes(1));
  await blocked;
  assert.equal(poll("[method]pollable.ready", pollable), true);
  assert.equal(poll("[method]pollable.block", pollable), undefined);
});

/** Waits 10 ms or 1 s, whichever is first, and answers which. */
const SLEEPER = `(component
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $p (sub resource)))
    (export "poll" (func (param "in" (list (borrow $p))) (result (list u32))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $p'))
    (export "pollable" (type $p (eq $p')))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (core module $libc
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias core export $libc "realloc" (core func $realloc))
  (core func $poll (canon lower (func $poll "poll") (memory $memory) (realloc $realloc)))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core module $m
    (import "" "memory" (memory 1))
    (import "" "poll" (func $poll (param i32 i32 i32)))
    (import "" "subscribe" (func $subscribe (param i64) (result i32)))
    (func (export "run") (result i32)
      (i32.store (i32.const 0) (call $subscribe (i64.const 1000000000)))
      (i32.store (i32.const 4) (call $subscribe (i64.const 10000000)))
      (call $poll (i32.const 0) (i32.const 2) (i32.const 8))
      (i32.load (i32.load (i32.const 8)))))
  (core instance $i (instantiate $m (with "" (instance
    (export "memory" (memory $memory))
    (export "poll" (func $poll))
    (export "subscribe" (func $subscribe))))))
  (func (export "run") (result u32) (canon lift (core func $i "run"))))`;

test("poll: a thousand guests wait at no cost, and all wake", async () => {
  const fake = fakePlatform();
  let readings = 0;
  const platform = {
    ...fake,
    now: () => {
      readings += 1;
      return fake.now();
    },
  };
  const { engine, module } = await compileGuest(SLEEPER, platform);
  const execution = { maxFuel: 1_000_000, fuelMetering: true, timeoutMs: 5000, maxMemoryMb: 1 };
  const runner = await InstanceRunner.create(engine, module, { execution, imports: createHostImports({ platform }) });
  let ended = 0;
  const runs = Array.from({ length: 1000 }, async () => {
    const result = await runner.run("run", [], { context: new WorkerContext({ requestId: "r", startedAtMs: 0 }) });
    ended += 1;
    return result.kind === "success" ? result.value : result.message;
  });
  // Each waits for its deadline and its two times.
  while (fake.pendingTimers() < 3000) {
    // oxlint-disable-next-line no-await-in-loop
    await nextTurn();
  }
  const before = { readings, yields: fake.yieldCount() };
  for (let turn = 0; turn < 100; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop
    await nextTurn();
  }
  assert.deepEqual({ readings, yields: fake.yieldCount() }, before, "nothing looks at a clock while all wait");
  assert.equal(ended, 0);
  fake.advance(10);
  assert.deepEqual(new Set(await Promise.all(runs)), new Set([1]));
  assert.equal(fake.pendingTimers(), 0, "the other time's timers are gone");
  runner.dispose();
});
