// Calls between components: who may enter whom, waiting inside, exceptions, and lifted functions that are trampolines.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bringToLife, host, libc, rejectsWith, sync, waiting } from "../living-component.ts";

/** Two components in a row around the import `f`, each adding 1 to what comes back. */
const chain = `(component
  (import "f" (func $f (param "x" u64) (result u64)))
  (component $link
    (import "f" (func $f (param "x" u64) (result u64)))
    (core func $f (canon lower (func $f)))
    (core module $m (import "" "f" (func $f (param i64) (result i64)))
      (func (export "f") (param i64) (result i64) (i64.add (i64.const 1) (call $f (local.get 0)))))
    (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
    (func (export "f") (param "x" u64) (result u64) (canon lift (core func $m "f"))))
  (instance $a (instantiate $link (with "f" (func $f))))
  (instance $b (instantiate $link (with "f" (func $a "f"))))
  (export "f" (func $b "f")))`;

for (const [kind, wrap] of [
  ["sync", sync],
  ["async", waiting],
] as const) {
  test(`siblings: a call passes through two components to a ${kind} host function`, async () => {
    const { call } = await bringToLife(chain, host({ f: wrap((x: bigint) => x * 2n) }));
    assert.equal(await call("f", 20n), 42n);
    assert.equal(await call("f", 2n ** 63n - 2n), 2n ** 64n - 2n);
  });
}

test("siblings: an instance cannot be entered while a call is in it", async () => {
  const { instance } = await bringToLife(chain, host({ f: waiting((x: bigint) => x) }));
  const f = instance.getFunction("f");
  assert.ok(f !== undefined);
  const first = f.call([1n]);
  await assert.rejects(f.call([2n]), WebAssembly.RuntimeError);
  assert.equal(await first, 3n);
});

const constant = `(core module $m (func (export "f") (result i32) i32.const 5))
  (core instance $m (instantiate $m))`;
const caller = `(core module $n (import "" "f" (func $f (result i32))) (func (export "g") (result i32) (call $f)))
  (core instance $n (instantiate $n (with "" (instance (export "f" (func $f))))))`;

for (const [what, text] of [
  [
    "a component calls one that it holds",
    `(component
      (component $child ${constant} (func (export "f") (result u32) (canon lift (core func $m "f"))))
      (instance $child (instantiate $child))
      (core func $f (canon lower (func $child "f"))) ${caller}
      (func (export "g") (result u32) (canon lift (core func $n "g"))))`,
  ],
  [
    "a component calls the one that holds it",
    `(component ${constant} (func $f (result u32) (canon lift (core func $m "f")))
      (component $child (import "f" (func $f (result u32)))
        (core func $f (canon lower (func $f))) ${caller}
        (func (export "g") (result u32) (canon lift (core func $n "g"))))
      (instance $child (instantiate $child (with "f" (func $f))))
      (export "g" (func $child "g")))`,
  ],
  [
    "a component calls itself",
    `(component ${constant} (func $f (result u32) (canon lift (core func $m "f")))
      (core func $f (canon lower (func $f))) ${caller}
      (func (export "g") (result u32) (canon lift (core func $n "g"))))`,
  ],
] as const) {
  test(`siblings: it traps where ${what}`, async () => {
    const { call } = await bringToLife(text);
    await rejectsWith(call("g"), /cannot enter component instance/);
  });
}

test("siblings: an exception that leaves a component ends the guest, a caller's catch_all notwithstanding", async () => {
  const { call } = await bringToLife(`(component
    (component $thrower
      (core module $m (tag $t) (func (export "f") (throw $t)))
      (core instance $m (instantiate $m))
      (func (export "f") (canon lift (core func $m "f"))))
    (instance $thrower (instantiate $thrower))
    (alias export $thrower "f" (func $f))
    (component $catcher (import "f" (func $f))
      (core func $f (canon lower (func $f)))
      (core module $m (import "" "f" (func $f))
        (func (export "run") (result i32) block try_table (catch_all 0) call $f end end i32.const 1))
      (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
      (func (export "run") (result u32) (canon lift (core func $m "run"))))
    (instance $catcher (instantiate $catcher (with "f" (func $f))))
    (export "run" (func $catcher "run")))`);
  await rejectsWith(call("run"), /uncaught exception/);
});

test("siblings: a callee's realloc and post-return may not call out", async () => {
  const { call } = await bringToLife(
    `(component
    (import "out" (func $out))
    (component $callee (import "out" (func $out))
      (core func $out (canon lower (func $out)))
      (core module $m (import "" "out" (func $out)) (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call $out) i32.const 0)
        (func (export "f") (param i32 i32)))
      (core instance $m (instantiate $m (with "" (instance (export "out" (func $out))))))
      (alias core export $m "memory" (core memory $memory))
      (func (export "f") (param "s" string)
        (canon lift (core func $m "f") (memory $memory) (realloc (core func $m "realloc")))))
    (instance $callee (instantiate $callee (with "out" (func $out))))
    (alias export $callee "f" (func $f))
    (component $caller (import "f" (func $f (param "s" string)))
      ${libc}
      (core func $f (canon lower (func $f) (memory $memory)))
      (core module $m (import "" "f" (func $f (param i32 i32)))
        (func (export "run") (call $f (i32.const 0) (i32.const 4))))
      (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
      (func (export "run") (canon lift (core func $m "run"))))
    (instance $caller (instantiate $caller (with "f" (func $f))))
    (export "run" (func $caller "run")))`,
    host({ out: sync(() => undefined) }),
  );
  await rejectsWith(call("run"), /cannot leave component instance/);
});

test("siblings: lifting a lowered function works from the host", async () => {
  const { call } = await bringToLife(
    `(component (import "f" (func $f (param "x" u32) (result u32)))
      (core func $core (canon lower (func $f)))
      (func (export "f") (param "x" u32) (result u32) (canon lift (core func $core))))`,
    host({ f: waiting((x: number) => x + 1) }),
  );
  assert.equal(await call("f", 1), 2);
});

test("siblings: an imported function that is exported again is the host's", async () => {
  const { call } = await bringToLife(
    `(component (import "f" (func $f (param "x" u32) (result u32))) (export "g" (func $f)))`,
    host({ f: sync((x: number) => x + 1) }),
  );
  assert.equal(await call("g", 1), 2);
});
