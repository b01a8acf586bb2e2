// Core modules and resources that a component imports at its root.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CompilationFailed, ImportNotFound } from "edge-runtime-common";
import { parseWat } from "edge-runtime-testing";
import type { HostModule } from "../../src/engine/host-functions.ts";
import { createHostModule } from "../../src/engine/host-module.ts";
import { CompiledModule } from "../../src/engine/compiled-module.ts";
import { createEngine, createRunner, run, valueOf } from "../support/runs.ts";
import { bringToLife, host, rejectsWith, sync } from "./living-component.ts";

async function hostModule(text: string): Promise<HostModule> {
  return createHostModule(createEngine(), await parseWat(text));
}

const counting = `(module (memory (export "memory") 1)
  (func (export "next") (result i32)
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))) (i32.load (i32.const 0))))`;

/** Makes two instances of the module and answers what the first has counted to, times 10, and the second. */
const counters = `(component
  (import "counter" (core module $c (export "next" (func (result i32)))))
  (core instance $a (instantiate $c)) (core instance $b (instantiate $c))
  (core module $m (import "a" "next" (func $a (result i32))) (import "b" "next" (func $b (result i32)))
    (func (export "run") (result i32)
      (drop (call $a)) (i32.add (i32.mul (call $a) (i32.const 10)) (call $b))))
  (core instance $m (instantiate $m (with "a" (instance $a)) (with "b" (instance $b))))
  (func (export "run") (result u32) (canon lift (core func $m "run"))))`;

test("host module: each instance of a component has instances of its own, which are reset and metered", async () => {
  const imports = host({ counter: await hostModule(counting) });
  const runner = await createRunner(counters, { imports });
  const fuel = new Set<number>();
  for (let turn = 0; turn < 3; turn++) {
    const result = await run(runner, "run", []);
    assert.equal(valueOf(result), 21);
    fuel.add(result.metrics.fuelConsumed);
  }
  assert.equal(fuel.size, 1);
  assert.ok(
    [...fuel].every((units) => units > 3 * 5),
    "the module of the host is metered",
  );
  assert.equal(runner.stats().discarded, 0);
  runner.dispose();
});

test("host module: a plan with one survives in an artifact", async () => {
  const engine = createEngine();
  const compiled = await CompiledModule.fromWat(engine, counters);
  const again = await CompiledModule.fromPrecompiled(engine, compiled.toArtifact());
  const imports = host({ counter: await hostModule(counting) });
  assert.equal(again.link(imports).cores.length, 2);
  assert.deepEqual(again.describe().imports, [{ name: "counter", kind: "module", type: "core module" }]);
});

for (const [what, text, message] of [
  ["lacks an export", `(module)`, /missing expected export "next"/],
  ["has another type", `(module (func (export "next") (result i64) i64.const 1))`, /expected \(\) -> \(i32\)/],
  [
    "needs an import that the component does not give",
    `(module (import "x" "y" (func)) (func (export "next") (result i32) i32.const 1))`,
    /missing expected import "x" "y"/,
  ],
] as const) {
  test(`host module: one that ${what} is refused when it is linked`, async () => {
    const compiled = await CompiledModule.fromWat(createEngine(), counters);
    const imports = host({ counter: await hostModule(text) });
    assert.throws(
      () => compiled.link(imports),
      (error) => error instanceof ImportNotFound && message.test(error.message),
    );
  });
}

test("host module: an absent one and a function in its place are refused by path", async () => {
  const compiled = await CompiledModule.fromWat(createEngine(), counters);
  assert.throws(() => compiled.link(new Map()), /Import not found: counter/);
  assert.throws(() => compiled.link(host({ counter: sync(() => 1) })), /a module is needed, the host has a function/);
});

test("host module: a component is none", async () => {
  await assert.rejects(hostModule("(component)"), CompilationFailed);
});

test("imports: a component that imports a component is valid, and nobody offers what it imports", async () => {
  const text = `(component (import "c" (component $c (export "f" (func (result u32)))))
    (instance $i (instantiate $c)) (core func $f (canon lower (func $i "f"))) (export "f" (func $i "f")))`;
  const compiled = await CompiledModule.fromWat(createEngine(), text);
  assert.throws(() => compiled.link(host({ c: sync(() => 1) })), ImportNotFound);
});

const resource = { kind: "resource", drop: () => {} } as const;

/** Is given an owned resource under one name and passes it on under another. */
const aliased = (second: string): string => `(component
  (import "i" (instance $i
    (export "r" (type $r (sub resource)))
    (export "again" (type $again ${second}))
    (export "make" (func (result (own $r))))
    (export "take" (func (param "x" (own $again))))))
  (core func $make (canon lower (func $i "make"))) (core func $take (canon lower (func $i "take")))
  (core module $m (import "" "make" (func $make (result i32))) (import "" "take" (func $take (param i32)))
    (func (export "run") (call $take (call $make))))
  (core instance $m (instantiate $m (with "" (instance (export "make" (func $make)) (export "take" (func $take))))))
  (func (export "run") (canon lift (core func $m "run"))))`;

for (const second of ["(eq $r)", "(sub resource)"]) {
  const items = { r: resource, make: sync(() => "it"), take: sync((value: string) => assert.equal(value, "it")) };

  test(`imports: a resource of the host under two names, the second ${second}, is one`, async () => {
    const { call } = await bringToLife(aliased(second), host({ i: { ...items, again: resource } }));
    assert.equal(await call("run"), undefined);
  });

  test(`imports: two resources of the host, the second ${second}, are not one`, async () => {
    const living = bringToLife(aliased(second), host({ i: { ...items, again: { ...resource } } }));
    if (second === "(eq $r)") await assert.rejects(living, /i -> again \(mismatched resource types\)/);
    else await rejectsWith((await living).call("run"), /used with the wrong type/);
  });
}
