// Values between host and guest, and between siblings: what crosses, in which encoding, and what the guest may do
// while its realloc and post-return run.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SignatureMismatch } from "edge-runtime-common";
import { bringToLife, host, libc, rejectsWith, sync, waiting } from "../living-component.ts";

/** Answers its argument: a string of any encoding. */
function echo(encoding: string): string {
  return `
    ${libc}
    (core module $main
      (import "libc" "memory" (memory 1))
      (func (export "echo") (param i32 i32) (result i32)
        (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16)))
    (core instance $main (instantiate $main (with "libc" (instance $libc))))
    (func $echo (export "echo") (param "s" string) (result string)
      (canon lift (core func $main "echo") (memory $memory) (realloc $realloc) string-encoding=${encoding}))`;
}

const strings = ["", "ascii", "Zürich", "日本語", "🏔 mountain", "a\0b", "é".repeat(1000), "語".repeat(1000)];

for (const encoding of ["utf8", "utf16", "latin1+utf16"]) {
  test(`values: strings come back unchanged through ${encoding}`, async () => {
    const { call } = await bringToLife(`(component ${echo(encoding)})`);
    for (const text of strings) assert.equal(await call("echo", text), text);
  });
}

for (const inner of ["utf8", "utf16", "latin1+utf16"]) {
  test(`values: strings cross from a utf16 caller to a ${inner} sibling`, async () => {
    const { call } = await bringToLife(`(component
      (component $callee ${echo(inner)})
      (instance $callee (instantiate $callee))
      (component $caller
        (import "echo" (func $echo (param "s" string) (result string)))
        ${libc}
        (core func $echo (canon lower (func $echo) (memory $memory) (realloc $realloc) string-encoding=utf16))
        (core module $main
          (import "libc" "memory" (memory 1))
          (import "" "echo" (func $echo (param i32 i32 i32)))
          (func (export "run") (param i32 i32) (result i32)
            (call $echo (local.get 0) (local.get 1) (i32.const 32)) (i32.const 32)))
        (core instance $main
          (instantiate $main (with "libc" (instance $libc)) (with "" (instance (export "echo" (func $echo))))))
        (func (export "run") (param "s" string) (result string)
          (canon lift (core func $main "run") (memory $memory) (realloc $realloc) string-encoding=utf16)))
      (instance $caller (instantiate $caller (with "echo" (func $callee "echo"))))
      (export "run" (func $caller "run")))`);
    for (const text of strings) assert.equal(await call("run", text), text);
  });
}

const joiner = `(component
  (import "join" (func $join (param "parts" (list string)) (result string)))
  ${libc}
  (core func $join (canon lower (func $join) (memory $memory) (realloc $realloc)))
  (core module $main
    (import "libc" "memory" (memory 1))
    (import "" "join" (func $join (param i32 i32 i32)))
    (func (export "run") (param i32 i32) (result i32)
      (call $join (local.get 0) (local.get 1) (i32.const 32)) (i32.const 32)))
  (core instance $main
    (instantiate $main (with "libc" (instance $libc)) (with "" (instance (export "join" (func $join))))))
  (func (export "run") (param "parts" (list string)) (result string)
    (canon lift (core func $main "run") (memory $memory) (realloc $realloc))))`;

for (const [kind, wrap] of [
  ["sync", sync],
  ["async", waiting],
] as const) {
  test(`values: a ${kind} host function gets lists and its result is allocated in the guest`, async () => {
    const { call } = await bringToLife(joiner, host({ join: wrap((parts: string[]) => parts.join("+")) }));
    assert.equal(await call("run", ["a", "bc", "", "ü"]), "a+bc++ü");
    assert.equal(await call("run", []), "");
  });

  test(`values: a ${kind} host function that answers the wrong type ends the run with a typed error`, async () => {
    const { call, store } = await bringToLife(joiner, host({ join: wrap(() => 42) }));
    await assert.rejects(call("run", ["a"]), SignatureMismatch);
    assert.ok(store.outcome instanceof SignatureMismatch);
  });

  test(`values: what a ${kind} host function throws cannot be caught by the guest`, async () => {
    const fails = wrap(() => {
      throw new Error("host bug");
    });
    const component = await bringToLife(
      `(component (import "f" (func $f)) (core func $f (canon lower (func $f)))
        (core module $m (import "" "f" (func $f))
          (func (export "run") (result i32)
            block try_table (catch_all 0) call $f end end i32.const 1))
        (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
        (func (export "run") (result u32) (canon lift (core func $m "run"))))`,
      host({ f: fails }),
    );
    await rejectsWith(component.call("run"), /host/);
  });
}

test("values: an argument that does not fit is refused before anything runs, and the instance stays usable", async () => {
  const { call } = await bringToLife(`(component ${echo("utf8")})`);
  await assert.rejects(call("echo", 42), SignatureMismatch);
  assert.equal(await call("echo", "still here"), "still here");
});

test("values: a realloc that answers a pointer outside memory traps", async () => {
  const { call } = await bringToLife(`(component
    (core module $m (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0xffffff00)
      (func (export "f") (param i32 i32)))
    (core instance $m (instantiate $m))
    (alias core export $m "memory" (core memory $memory))
    (func (export "f") (param "s" string)
      (canon lift (core func $m "f") (memory $memory) (realloc (core func $m "realloc")))))`);
  await rejectsWith(call("f", "x".repeat(300)), /out-of-bounds/);
});

test("values: a guest that moves its memory in realloc is read where it is now", async () => {
  const { call } = await bringToLife(`(component
    (core module $m (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))
      (func (export "f") (param i32 i32) (result i32) (i32.load8_u (local.get 0))))
    (core instance $m (instantiate $m))
    (alias core export $m "memory" (core memory $memory))
    (func (export "f") (param "s" string) (result u8)
      (canon lift (core func $m "f") (memory $memory) (realloc (core func $m "realloc")))))`);
  assert.equal(await call("f", "A"), 65);
  assert.equal(await call("f", "B"), 66);
});

/** A component that calls its import within realloc or post-return. */
function leaves(where: "realloc" | "post-return" | "nowhere"): string {
  const call = (here: string): string => (here === where ? "(call $f)" : "");
  return `(component (import "f" (func $f)) (core func $f (canon lower (func $f)))
    (core module $m (import "" "f" (func $f)) (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) ${call("realloc")} i32.const 256)
      (func (export "run") (param i32 i32) (result i32) (call $f) i32.const 7)
      (func (export "post") (param i32) ${call("post-return")}))
    (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
    (alias core export $m "memory" (core memory $memory))
    (func (export "run") (param "s" string) (result u32)
      (canon lift (core func $m "run") (memory $memory) (realloc (core func $m "realloc"))
        (post-return (core func $m "post")))))`;
}

for (const where of ["realloc", "post-return"] as const) {
  for (const [kind, wrap] of [
    ["sync", sync],
    ["async", waiting],
  ] as const) {
    test(`values: a call of a ${kind} host function from ${where} traps`, async () => {
      const { call } = await bringToLife(leaves(where), host({ f: wrap(() => undefined) }));
      await rejectsWith(call("run", "x"), /cannot leave component instance/);
    });
  }
}

test("values: the instance may be left outside realloc and post-return", async () => {
  const { call } = await bringToLife(leaves("nowhere"), host({ f: waiting(() => undefined) }));
  assert.equal(await call("run", "x"), 7);
  assert.equal(await call("run", "y"), 7);
});

test("values: post-return gets the core result", async () => {
  const { call } = await bringToLife(`(component
    (core module $m (global $seen (mut i32) (i32.const 0))
      (func (export "run") (result i32) i32.const 41)
      (func (export "post") (param i32) (global.set $seen (i32.add (local.get 0) (i32.const 1))))
      (func (export "seen") (result i32) (global.get $seen)))
    (core instance $m (instantiate $m))
    (func (export "run") (result u32) (canon lift (core func $m "run") (post-return (core func $m "post"))))
    (func (export "seen") (result u32) (canon lift (core func $m "seen"))))`);
  assert.equal(await call("run"), 41);
  assert.equal(await call("seen"), 42);
});

test("values: more than 16 flat parameters and a large result go through memory", async () => {
  const fields = Array.from({ length: 20 }, (_, at) => `(field "f${at}" u64)`).join(" ");
  const { call } = await bringToLife(`(component
    (type $big' (record ${fields})) (export $big "big" (type $big'))
    ${libc}
    (core module $m (func (export "same") (param i32) (result i32) (local.get 0)))
    (core instance $m (instantiate $m))
    (func (export "same") (param "x" $big) (result $big)
      (canon lift (core func $m "same") (memory $memory) (realloc $realloc))))`);
  const value = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`f${at}`, BigInt(at) * 1_000_000_007n]));
  assert.deepEqual(await call("same", value), value);
});

test("values: a map is a list of pairs, a list of fixed length an array that is passed flat where it is short", async () => {
  const { call } = await bringToLife(`(component
    ${libc}
    (core module $main
      (import "libc" "memory" (memory 1))
      (func (export "sum") (param i32 i32 i32) (result i32)
        (i32.add (i32.mul (local.get 0) (i32.const 100)) (i32.add (i32.mul (local.get 1) (i32.const 10)) (local.get 2))))
      (func (export "long") (param i32) (result i32) (i32.load16_u offset=38 (local.get 0)))
      (func (export "echo") (param i32 i32) (result i32)
        (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16)))
    (core instance $main (instantiate $main (with "libc" (instance $libc))))
    (func (export "sum") (param "x" (list u8 3)) (result u32) (canon lift (core func $main "sum")))
    (func (export "long") (param "x" (list u16 20)) (result u32)
      (canon lift (core func $main "long") (memory $memory) (realloc $realloc)))
    (func (export "echo") (param "x" (map string u8)) (result (map string u8))
      (canon lift (core func $main "echo") (memory $memory) (realloc $realloc))))`);
  assert.equal(await call("sum", [1, 2, 3]), 123);
  await assert.rejects(call("sum", [1, 2]), SignatureMismatch);
  assert.equal(
    await call(
      "long",
      Array.from({ length: 20 }, (_, index) => 40_000 + index),
    ),
    40_019,
  );
  const pairs = [
    ["a", 1],
    ["b", 255],
    ["a", 2],
  ];
  assert.deepEqual(await call("echo", pairs), pairs);
});
