// Components in the real engine: everything that runs on a guest's behalf is metered and can be stopped, wherever it
// runs, and runs share nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ExecutionTimeout, FuelExhausted, Trap } from "edge-runtime-common";
import { createRunner, errorOf, run, settle, valueOf } from "../support/runs.ts";
import { host, sync, waiting } from "./living-component.ts";

const loop = "(loop (br 0))";

/** Spins where it is told: in its realloc (for arguments or results), post-return, a sibling, or a destructor. */
function spinner(where: string): string {
  const here = (place: string): string => (place === where ? loop : "");
  return `(component
    (import "text" (func $text (result string)))
    (component $sibling
      (core module $m (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) ${here("sibling realloc")} i32.const 64)
        (func (export "f") (param i32 i32) ${here("sibling")})
        (func (export "post") ${here("sibling post-return")})
        (func (export "dtor") (param i32) ${here("destructor")}))
      (core instance $m (instantiate $m))
      (alias core export $m "memory" (core memory $memory))
      (type $r' (resource (rep i32) (dtor (core func $m "dtor"))))
      (export $r "r" (type $r'))
      (core func $new (canon resource.new $r'))
      (func (export "make") (param "rep" u32) (result (own $r)) (canon lift (core func $new)))
      (func (export "f") (param "s" string) (canon lift (core func $m "f") (memory $memory)
        (realloc (core func $m "realloc")) (post-return (core func $m "post")))))
    (instance $sibling (instantiate $sibling))
    (alias export $sibling "r" (type $r))
    (component $caller
    (import "text" (func $text (result string)))
    (import "r" (type $r (sub resource)))
    (import "f" (func $f (param "s" string)))
    (import "make" (func $make (param "rep" u32) (result (own $r))))
    (core module $memory (memory (export "memory") 1) (global $calls (mut i32) (i32.const 0))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (if (i32.eq (global.get $calls) (i32.const 1)) (then ${here("realloc of an argument")}))
        (if (i32.eq (global.get $calls) (i32.const 2)) (then ${here("realloc of a result")}))
        i32.const 1024))
    (core instance $libc (instantiate $memory))
    (alias core export $libc "memory" (core memory $memory))
    (alias core export $libc "realloc" (core func $realloc))
    (core func $text (canon lower (func $text) (memory $memory) (realloc $realloc)))
    (core func $f (canon lower (func $f) (memory $memory)))
    (core func $make (canon lower (func $make)))
    (core func $drop (canon resource.drop $r))
    (core module $main
      (import "" "text" (func $text (param i32))) (import "" "f" (func $f (param i32 i32)))
      (import "" "make" (func $make (param i32) (result i32))) (import "" "drop" (func $drop (param i32)))
      (func (export "run") (param i32 i32) (result i32)
        (call $text (i32.const 16)) (call $f (i32.const 0) (i32.const 8))
        (call $drop (call $make (i32.const 1))) (i32.const 5))
      (func (export "post") (param i32) ${here("post-return")}))
    (core instance $main (instantiate $main (with "" (instance (export "text" (func $text)) (export "f" (func $f))
      (export "make" (func $make)) (export "drop" (func $drop))))))
    (func (export "run") (param "s" string) (result u32)
      (canon lift (core func $main "run") (memory $memory) (realloc $realloc) (post-return (core func $main "post")))))
    (instance $caller (instantiate $caller (with "text" (func $text)) (with "r" (type $r))
      (with "f" (func $sibling "f")) (with "make" (func $sibling "make"))))
    (export "run" (func $caller "run")))`;
}

const places = [
  "realloc of an argument",
  "realloc of a result",
  "post-return",
  "sibling",
  "sibling realloc",
  "sibling post-return",
  "destructor",
];

for (const [kind, wrap] of [
  ["sync", sync],
  ["async", waiting],
] as const) {
  const imports = host({ text: wrap(() => "from the host") });

  test(`engine: the component that spins nowhere answers (${kind} host function)`, async () => {
    const runner = await createRunner(spinner("nowhere"), { imports });
    for (let turn = 0; turn < 3; turn++) assert.equal(valueOf(await run(runner, "run", ["x"])), 5);
    runner.dispose();
  });

  for (const where of places) {
    test(`engine: an infinite loop in ${where} runs out of fuel (${kind} host function)`, async () => {
      const execution = { timeoutMs: 60_000, maxFuel: 1_000_000 };
      const runner = await createRunner(spinner(where), { imports, execution });
      const result = await run(runner, "run", ["x"]);
      assert.ok(errorOf(result) instanceof FuelExhausted, errorOf(result).message);
      assert.equal(result.metrics.fuelConsumed, 1_000_000);
      runner.dispose();
    });
  }
}

for (const where of places) {
  test(`engine: an infinite loop in ${where} meets the deadline and lets others run meanwhile`, async () => {
    for (const [fuelMetering, poolingAllocator] of [
      [true, true],
      [false, true],
      [false, false],
    ] as const) {
      const imports = host({ text: sync(() => "from the host") });
      const execution = { timeoutMs: 50, maxFuel: 1e15, fuelMetering };
      const runner = await createRunner(spinner(where), { imports, execution, engine: { poolingAllocator } });
      const order: string[] = [];
      const spinning = run(runner, "run", ["x"]).then((result) => {
        order.push("spinner");
        return result;
      });
      setImmediate(() => order.push("other"));
      assert.ok(errorOf(await spinning) instanceof ExecutionTimeout);
      assert.deepEqual(order, ["other", "spinner"]);
      runner.dispose();
    }
  });
}

const leaker = `(component
  (import "fs" (instance $fs
    (export "file" (type $file (sub resource)))
    (export "open" (func (result (own $file))))))
  (alias export $fs "file" (type $file))
  (core func $open (canon lower (func $fs "open")))
  (core func $drop (canon resource.drop $file))
  (core module $m
    (import "" "open" (func $open (result i32))) (import "" "drop" (func $drop (param i32)))
    (func (export "leak") (result i32) (call $open))
    (func (export "drop") (param i32) (call $drop (local.get 0))))
  (core instance $m (instantiate $m (with "" (instance (export "open" (func $open)) (export "drop" (func $drop))))))
  (func (export "leak") (result u32) (canon lift (core func $m "leak")))
  (func (export "drop") (param "index" u32) (canon lift (core func $m "drop"))))`;

for (const poolingAllocator of [true, false]) {
  const pooling = poolingAllocator ? "on" : "off";
  test(`engine: handles of one run are unknown to the next, and dropped once (pooling ${pooling})`, async () => {
    let opened = 0;
    const dropped: unknown[] = [];
    const imports = host({
      fs: {
        file: { kind: "resource", drop: (file) => void dropped.push(file) },
        open: sync(() => (opened += 1)),
      },
    });
    const runner = await createRunner(leaker, { imports, engine: { poolingAllocator } });
    assert.equal(valueOf(await run(runner, "leak")), 1);
    await settle();
    assert.deepEqual(dropped, [1]);
    const error = errorOf(await run(runner, "drop", [1]));
    assert.ok(error instanceof Trap && error.trapCode === "unknown_handle", error.message);
    assert.equal(valueOf(await run(runner, "leak")), 1);
    await settle();
    assert.deepEqual(dropped, [1, 2]);
    runner.dispose();
  });
}

test("engine: a run that is cut off while it waits drops its handles, and its host call's late answer changes nothing", async () => {
  const dropped: unknown[] = [];
  let answer = (_value: unknown): void => undefined;
  const imports = host({
    fs: {
      file: { kind: "resource", drop: (file) => void dropped.push(file) },
      open: { kind: "async", call: () => new Promise((resolve) => (answer = resolve)) },
    },
  });
  const runner = await createRunner(leaker, { imports, execution: { timeoutMs: 20 } });
  assert.ok(errorOf(await run(runner, "leak")) instanceof ExecutionTimeout);
  answer("late");
  await settle();
  assert.deepEqual(dropped, []);
  runner.dispose();
});

test("engine: strings that cross cost fuel", async () => {
  const echo = `(component
    (core module $m (memory (export "memory") 3)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
      (func (export "f") (param i32 i32)))
    (core instance $m (instantiate $m))
    (alias core export $m "memory" (core memory $memory))
    (func (export "f") (param "s" string)
      (canon lift (core func $m "f") (memory $memory) (realloc (core func $m "realloc")))))`;
  const runner = await createRunner(echo);
  const [short, long] = [await run(runner, "f", ["x"]), await run(runner, "f", ["x".repeat(100_001)])];
  assert.equal(long.metrics.fuelConsumed - short.metrics.fuelConsumed, 100_000);
  runner.dispose();
});
