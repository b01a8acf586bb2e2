// Handles: ownership, borrows, destructors, and what the host sees of resources on both sides.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SignatureMismatch } from "edge-runtime-common";
import { GuestResource } from "../../../src/component/index.ts";
import type { HostImports } from "../../../src/engine/host-functions.ts";
import { bringToLife, host, rejectsWith, sync, waiting } from "../living-component.ts";

/** A component with a resource `thing` of its own; its destructor counts up. */
const things = `(component
  (core module $dtor (global $count (mut i32) (i32.const 0)) (global $last (mut i32) (i32.const 0))
    (func (export "dtor") (param i32)
      (global.set $last (local.get 0)) (global.set $count (i32.add (global.get $count) (i32.const 1))))
    (func (export "count") (result i32) (global.get $count))
    (func (export "last") (result i32) (global.get $last)))
  (core instance $dtor (instantiate $dtor))
  (type $thing' (resource (rep i32) (dtor (core func $dtor "dtor"))))
  (export $thing "thing" (type $thing'))
  (core func $new (canon resource.new $thing'))
  (core func $drop (canon resource.drop $thing'))
  (core func $rep (canon resource.rep $thing'))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (import "" "rep" (func $rep (param i32) (result i32)))
    (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "take") (param i32) (result i32)
      (call $rep (local.get 0)) (call $drop (local.get 0)))
    (func (export "peek") (param i32) (result i32) (local.get 0))
    (func (export "give") (param i32) (result i32) (local.get 0))
    (func (export "drop-index") (param i32) (call $drop (local.get 0)))
    (func (export "rep-index") (param i32) (result i32) (call $rep (local.get 0))))
  (core instance $m (instantiate $m (with "" (instance
    (export "new" (func $new)) (export "drop" (func $drop)) (export "rep" (func $rep))))))
  (func (export "make") (param "rep" u32) (result (own $thing)) (canon lift (core func $m "make")))
  (func (export "take") (param "x" (own $thing)) (result u32) (canon lift (core func $m "take")))
  (func (export "peek") (param "x" (borrow $thing)) (result u32) (canon lift (core func $m "peek")))
  (func (export "give") (param "x" (own $thing)) (result (own $thing)) (canon lift (core func $m "give")))
  (func (export "make-index") (param "rep" u32) (result u32) (canon lift (core func $m "make")))
  (func (export "drop-index") (param "index" u32) (canon lift (core func $m "drop-index")))
  (func (export "rep-index") (param "index" u32) (result u32) (canon lift (core func $m "rep-index")))
  (func (export "count") (result u32) (canon lift (core func $dtor "count")))
  (func (export "last") (result u32) (canon lift (core func $dtor "last"))))`;

test("resources: the host holds a guest's resource, lends it and gives it back", async () => {
  const { call } = await bringToLife(things);
  const thing = await call("make", 77);
  assert.ok(thing instanceof GuestResource);
  assert.equal(await call("peek", thing), 77);
  const given = await call("give", thing);
  await assert.rejects(call("peek", thing), SignatureMismatch);
  assert.equal(await call("take", given), 77);
  assert.equal(await call("count"), 1);
});

test("resources: disposing runs the destructor once", async () => {
  const { call } = await bringToLife(things);
  const thing = (await call("make", 5)) as GuestResource;
  await thing.dispose();
  await thing.dispose();
  assert.equal(await call("count"), 1);
  assert.equal(await call("last"), 5);
});

test("resources: a resource of one instance is not taken by another", async () => {
  const [one, other] = [await bringToLife(things), await bringToLife(things)];
  const thing = await one.call("make", 1);
  await assert.rejects(other.call("take", thing), SignatureMismatch);
  assert.equal(await other.call("count"), 0);
});

test("resources: a reset voids what the host holds and empties the table", async () => {
  const { call, instance } = await bringToLife(things);
  const thing = (await call("make", 1)) as GuestResource;
  assert.equal(await call("make-index", 2), 1);
  instance.closeHandles();
  assert.equal(instance.reset(), true);
  await assert.rejects(call("peek", thing), SignatureMismatch);
  await thing.dispose();
  assert.equal(await call("count"), 0);
  assert.equal(await call("make-index", 3), 1);
});

test("resources: indices start at 1 and are used again, the latest first", async () => {
  const { call } = await bringToLife(things);
  for (const index of [1, 2, 3]) assert.equal(await call("make-index", index * 10), index);
  await call("drop-index", 2);
  await call("drop-index", 1);
  assert.equal(await call("make-index", 40), 1);
  assert.equal(await call("make-index", 50), 2);
  assert.equal(await call("rep-index", 2), 50);
});

for (const index of [0, 1, 2 ** 31, 2 ** 32 - 1]) {
  test(`resources: handle ${index} that was never made traps`, async () => {
    await rejectsWith(
      (await bringToLife(things)).call("drop-index", index),
      new RegExp(`unknown handle index ${index}`),
    );
    await rejectsWith(
      (await bringToLife(things)).call("rep-index", index),
      new RegExp(`unknown handle index ${index}`),
    );
  });
}

test("resources: a table over its limit traps", async () => {
  const { call } = await bringToLife(`(component
    (type $r (resource (rep i32)))
    (core func $new (canon resource.new $r))
    (core module $m (import "" "new" (func $new (param i32) (result i32)))
      (func (export "run") (loop (drop (call $new (i32.const 0))) (br 0))))
    (core instance $m (instantiate $m (with "" (instance (export "new" (func $new))))))
    (func (export "run") (canon lift (core func $m "run"))))`);
  await rejectsWith(call("run"), /resource table has no free keys/);
});

/** A component that uses the host's resource `file`. */
const user = `(component
  (import "fs" (instance $fs
    (export "file" (type $file (sub resource)))
    (export "open" (func (param "n" u32) (result (own $file))))
    (export "size" (func (param "x" (borrow $file)) (result u32)))
    (export "close" (func (param "x" (own $file))))))
  (alias export $fs "file" (type $file))
  (core func $open (canon lower (func $fs "open")))
  (core func $size (canon lower (func $fs "size")))
  (core func $close (canon lower (func $fs "close")))
  (core func $drop (canon resource.drop $file))
  (core module $m
    (import "" "open" (func $open (param i32) (result i32)))
    (import "" "size" (func $size (param i32) (result i32)))
    (import "" "close" (func $close (param i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "leak") (param i32) (result i32) (call $open (local.get 0)))
    (func (export "use") (param i32) (result i32) (local i32)
      (local.set 1 (call $open (local.get 0)))
      (call $size (local.get 1)) (call $drop (local.get 1)))
    (func (export "pass") (param i32) (call $close (call $open (local.get 0))))
    (func (export "twice") (param i32) (local i32)
      (local.set 1 (call $open (local.get 0))) (call $close (local.get 1)) (call $close (local.get 1)))
    (func (export "keep") (param i32) (result i32) (call $size (local.get 0)))
    (func (export "drop") (param i32) (result i32) (call $size (local.get 0)) (call $drop (local.get 0)))
    (func (export "steal") (param i32) (call $close (local.get 0))))
  (core instance $m (instantiate $m (with "" (instance (export "open" (func $open)) (export "size" (func $size))
    (export "close" (func $close)) (export "drop" (func $drop))))))
  (func (export "leak") (param "n" u32) (result u32) (canon lift (core func $m "leak")))
  (func (export "use") (param "n" u32) (result u32) (canon lift (core func $m "use")))
  (func (export "pass") (param "n" u32) (canon lift (core func $m "pass")))
  (func (export "twice") (param "n" u32) (canon lift (core func $m "twice")))
  (func (export "keep") (param "x" (borrow $file)) (result u32) (canon lift (core func $m "keep")))
  (func (export "drop") (param "x" (borrow $file)) (result u32) (canon lift (core func $m "drop")))
  (func (export "steal") (param "x" (borrow $file)) (canon lift (core func $m "steal"))))`;

interface File {
  readonly size: number;
}

function fileSystem(dropped: File[], closed: File[] = [], wrap = sync): HostImports {
  return host({
    fs: {
      file: { kind: "resource", drop: (file) => void dropped.push(file as File) },
      open: wrap((size: number): File => ({ size })),
      size: wrap((file: File) => file.size),
      close: wrap((file: File) => void closed.push(file)),
    },
  });
}

for (const [kind, wrap] of [
  ["sync", sync],
  ["async", waiting],
] as const) {
  test(`resources: a guest borrows, drops and gives away the host's values (${kind})`, async () => {
    const [dropped, closed]: [File[], File[]] = [[], []];
    const { call } = await bringToLife(user, fileSystem(dropped, closed, wrap));
    assert.equal(await call("use", 12), 12);
    assert.deepEqual(dropped, [{ size: 12 }]);
    await call("pass", 3);
    assert.deepEqual(closed, [{ size: 3 }]);
    assert.equal(dropped.length, 1, "what the guest gave away is not dropped");
  });
}

test("resources: what the guest left is dropped when the run ends, once", async () => {
  const dropped: File[] = [];
  const { call, instance } = await bringToLife(user, fileSystem(dropped));
  assert.equal(await call("leak", 1), 1);
  assert.equal(await call("leak", 2), 2);
  instance.closeHandles();
  instance.closeHandles();
  assert.deepEqual(dropped, [{ size: 1 }, { size: 2 }]);
  assert.equal(instance.reset(), true);
  assert.equal(await call("leak", 3), 1);
});

test("resources: a drop that throws does not keep the others from being dropped", async () => {
  const dropped: unknown[] = [];
  const drop = (file: unknown): void => {
    dropped.push(file);
    throw new Error("broken");
  };
  const imports = fileSystem([]).get("fs");
  assert.ok(imports?.kind === "instance");
  const items = new Map([...imports.items, ["file", { kind: "resource", drop }]] as const);
  const { call, instance } = await bringToLife(user, new Map([["fs", { kind: "instance", items }]]));
  await call("leak", 1);
  await call("leak", 2);
  instance.closeHandles();
  assert.equal(dropped.length, 2);
});

test("resources: a handle that was given away is unknown", async () => {
  await rejectsWith((await bringToLife(user, fileSystem([]))).call("twice", 1), /unknown handle index 1/);
});

test("resources: a borrowed handle must be dropped before the call returns", async () => {
  const dropped: File[] = [];
  const kept = await bringToLife(user, fileSystem(dropped));
  await rejectsWith(kept.call("keep", { size: 4 }), /borrow handles still remain at the end of the call/);
  const { call } = await bringToLife(user, fileSystem(dropped));
  assert.equal(await call("drop", { size: 4 }), 4);
  assert.deepEqual(dropped, [], "a borrow does not own");
});

test("resources: a borrowed handle cannot be given away", async () => {
  const { call } = await bringToLife(user, fileSystem([]));
  await rejectsWith(call("steal", { size: 4 }), /cannot lift own resource from a borrow/);
});

test("resources: a destructor in a sibling runs when another component drops, and may wait", async () => {
  const seen: number[] = [];
  const { call } = await bringToLife(
    `(component
    (import "log" (func $log (param "rep" u32)))
    (component $owner (import "log" (func $log (param "rep" u32)))
      (core func $log (canon lower (func $log)))
      (core module $d (import "" "log" (func $log (param i32))) (func (export "dtor") (param i32) (call $log (local.get 0))))
      (core instance $d (instantiate $d (with "" (instance (export "log" (func $log))))))
      (type $r' (resource (rep i32) (dtor (core func $d "dtor"))))
      (export $r "r" (type $r'))
      (core func $new (canon resource.new $r'))
      (func (export "make") (param "rep" u32) (result (own $r)) (canon lift (core func $new))))
    (instance $owner (instantiate $owner (with "log" (func $log))))
    (alias export $owner "r" (type $r))
    (alias export $owner "make" (func $make))
    (component $user
      (import "r" (type $r (sub resource)))
      (import "make" (func $make (param "rep" u32) (result (own $r))))
      (core func $make (canon lower (func $make)))
      (core func $drop (canon resource.drop $r))
      (core module $m (import "" "make" (func $make (param i32) (result i32))) (import "" "drop" (func $drop (param i32)))
        (func (export "run") (param i32) (result i32)
          (call $drop (call $make (local.get 0)))
          (call $make (i32.add (local.get 0) (i32.const 1)))))
      (core instance $m (instantiate $m (with "" (instance (export "make" (func $make)) (export "drop" (func $drop))))))
      (func (export "run") (param "rep" u32) (result u32) (canon lift (core func $m "run"))))
    (instance $user (instantiate $user (with "r" (type $r)) (with "make" (func $make))))
    (export "run" (func $user "run")))`,
    host({ log: waiting((rep: number) => void seen.push(rep)) }),
  );
  assert.equal(await call("run", 9), 1);
  assert.deepEqual(seen, [9]);
});

test("resources: an owned handle cannot be given away while it is lent", async () => {
  // One call lends the handle and passes on its ownership.
  const { call } = await bringToLife(`(component
    (component $owner
      (type $r' (resource (rep i32)))
      (export $r "r" (type $r'))
      (core func $new (canon resource.new $r'))
      (core module $m (import "" "new" (func $new (param i32) (result i32)))
        (func (export "make") (result i32) (call $new (i32.const 3)))
        (func (export "f") (param i32 i32)))
      (core instance $m (instantiate $m (with "" (instance (export "new" (func $new))))))
      (func (export "make") (result (own $r)) (canon lift (core func $m "make")))
      (func (export "f") (param "x" (borrow $r)) (param "y" (own $r)) (canon lift (core func $m "f"))))
    (instance $owner (instantiate $owner))
    (alias export $owner "r" (type $r))
    (component $user
      (import "r" (type $r (sub resource)))
      (import "make" (func $make (result (own $r))))
      (import "f" (func $f (param "x" (borrow $r)) (param "y" (own $r))))
      (core func $make (canon lower (func $make)))
      (core func $f (canon lower (func $f)))
      (core module $m
        (import "" "make" (func $make (result i32))) (import "" "f" (func $f (param i32 i32)))
        (func (export "run") (local $r i32)
          (local.set $r (call $make))
          (call $f (local.get $r) (local.get $r))))
      (core instance $m (instantiate $m (with "" (instance (export "make" (func $make)) (export "f" (func $f))))))
      (func (export "run") (canon lift (core func $m "run"))))
    (instance $user (instantiate $user (with "r" (type $r))
      (with "make" (func $owner "make")) (with "f" (func $owner "f"))))
    (export "run" (func $user "run")))`);
  await rejectsWith(call("run"), /cannot remove owned resource while borrowed/);
});
