import assert from "node:assert/strict";
import { test } from "node:test";
import { findExport } from "../../../src/component/index.ts";
import { bringToLife, host, rejectsWith, sync } from "../living-component.ts";

const nested = `(component
  (core module $m (func (export "f") (result i32) i32.const 1))
  (core instance $m (instantiate $m))
  (func $f (result u32) (canon lift (core func $m "f")))
  (instance $run (export "run" (func $f)))
  (export "handle" (func $f))
  (export "wasi:cli/run@0.2.3" (instance $run)))`;

const paths: readonly (readonly [path: string, exists: boolean])[] = [
  ["handle", true],
  ["wasi:cli/run@0.2.3#run", true],
  ["wasi:cli/run@0.2.0#run", true],
  ["wasi:cli/run@0.3.0#run", false],
  ["wasi:cli/run@0.2.3#stop", false],
  ["wasi:cli/run@0.2.3", false],
  ["handle#handle", false],
  ["", false],
  ["#", false],
  ["__proto__", false],
];

for (const [path, exists] of paths) {
  test(`instance: ${JSON.stringify(path)} is ${exists ? "a function" : "none"}`, async () => {
    const { plan, instance } = await bringToLife(nested);
    assert.equal(instance.getFunction(path) !== undefined, exists);
    assert.deepEqual(findExport(plan, path)?.params, exists ? [] : undefined);
  });
}

test("instance: functions stay usable over resets", async () => {
  const { instance } = await bringToLife(nested);
  const handle = instance.getFunction("handle");
  assert.equal(await handle?.call([]), 1);
  instance.closeHandles();
  assert.equal(instance.reset(), true);
  assert.equal(await handle?.call([]), 1);
});

test("instance: one that owns host resources from its start cannot be reset", async () => {
  const dropped: unknown[] = [];
  const { instance } = await bringToLife(
    `(component
      (import "fs" (instance $fs (export "file" (type $file (sub resource))) (export "open" (func (result (own $file))))))
      (core func $open (canon lower (func $fs "open")))
      (core module $m (import "" "open" (func $open (result i32))) (func $start (drop (call $open))) (start $start))
      (core instance (instantiate $m (with "" (instance (export "open" (func $open)))))))`,
    host({ fs: { file: { kind: "resource", drop: (file) => void dropped.push(file) }, open: sync(() => "log.txt") } }),
  );
  instance.closeHandles();
  instance.closeHandles();
  assert.deepEqual(dropped, ["log.txt"]);
  assert.equal(instance.reset(), false);
});

test("instance: handles that the guest gave itself at its start come back with a reset", async () => {
  const { instance, call } = await bringToLife(`(component
    (type $r (resource (rep i32)))
    (core func $new (canon resource.new $r)) (core func $drop (canon resource.drop $r))
    (core func $rep (canon resource.rep $r))
    (core module $m
      (import "" "new" (func $new (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (import "" "rep" (func $rep (param i32) (result i32)))
      (func $start (drop (call $new (i32.const 10))) (drop (call $new (i32.const 20))) (call $drop (i32.const 1)))
      (start $start)
      (func (export "spoil") (call $drop (i32.const 2)) (drop (call $new (i32.const 30))) (drop (call $new (i32.const 40))))
      (func (export "rep") (param i32) (result i32) (call $rep (local.get 0))))
    (core instance $m (instantiate $m (with "" (instance
      (export "new" (func $new)) (export "drop" (func $drop)) (export "rep" (func $rep))))))
    (func (export "spoil") (canon lift (core func $m "spoil")))
    (func (export "rep") (param "index" u32) (result u32) (canon lift (core func $m "rep"))))`);
  await call("spoil");
  assert.equal(await call("rep", 2), 30);
  assert.equal(instance.reset(), true);
  assert.equal(await call("rep", 2), 20);
  await rejectsWith(call("rep", 1), /unknown handle index 1/);
});

test("instance: lifting and lowering are charged", async () => {
  const { call, store } = await bringToLife(
    `(component
      (core module $m (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 64)
        (func (export "f") (param i32 i32)))
      (core instance $m (instantiate $m))
      (alias core export $m "memory" (core memory $memory))
      (func (export "f") (param "s" string)
        (canon lift (core func $m "f") (memory $memory) (realloc (core func $m "realloc")))))`,
  );
  await call("f", "x".repeat(500));
  assert.ok(store.charged >= 500);
});
