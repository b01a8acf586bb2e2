import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { CompilationFailed } from "edge-runtime-common";
import type { ComponentPlan } from "../../../src/component/index.ts";
import { linkComponent } from "../../../src/component/index.ts";
import { libc } from "../living-component.ts";

async function link(text: string): Promise<ComponentPlan> {
  return linkComponent(await parse(text)).plan;
}

async function refuses(text: string, message: RegExp): Promise<void> {
  const bytes = await parse(text);
  assert.throws(
    () => linkComponent(bytes),
    (error) => error instanceof CompilationFailed && error.cause === undefined && message.test(error.message),
  );
}

const answer = `(core module $m (func (export "f") (result i32) i32.const 42))`;

test("link: a module instantiated twice is one module of the plan", async () => {
  const plan = await link(`(component ${answer}
    (core instance $a (instantiate $m)) (core instance $b (instantiate $m))
    (func (export "a") (result u32) (canon lift (core func $a "f")))
    (func (export "b") (result u32) (canon lift (core func $b "f"))))`);
  assert.equal(plan.coreModules, 1);
  assert.deepEqual(plan.initializers, [
    { kind: "instantiate", module: 0, args: [] },
    { kind: "instantiate", module: 0, args: [] },
    { kind: "function", slot: 0, item: { kind: "export", instance: 0, name: "f" } },
    { kind: "function", slot: 1, item: { kind: "export", instance: 1, name: "f" } },
  ]);
});

test("link: nested components become instances with their parents", async () => {
  const plan = await link(`(component
    (component $c (component $d) (instance (instantiate $d)))
    (instance (instantiate $c)) (instance (instantiate $c)))`);
  assert.deepEqual(
    plan.instances.map(({ parent }) => parent),
    [undefined, 0, 1, 0, 3],
  );
});

test("link: each instance of a component has resource types of its own", async () => {
  const plan = await link(`(component
    (component $c (type $r (resource (rep i32))) (export "r" (type $r)))
    (instance $a (instantiate $c)) (instance $b (instantiate $c))
    (export "a" (instance $a)) (export "b" (instance $b)))`);
  assert.deepEqual(plan.resources, [
    { kind: "defined", instance: 1, dtor: undefined, name: "r" },
    { kind: "defined", instance: 2, dtor: undefined, name: "r" },
  ]);
});

test("link: equal function types are one type of the plan", async () => {
  const plan = await link(`(component
    (import "a" (func (param "x" (list u8)))) (import "b" (func (param "x" (list u8)))) (import "c" (func)))`);
  assert.equal(plan.funcTypes.length, 2);
  assert.deepEqual(
    plan.importedFunctions.map(({ type }) => type),
    [0, 0, 1],
  );
});

test("link: imported resources are numbered by import, aliases of them share the number", async () => {
  const plan = await link(`(component
    (import "a" (instance $a (export "r" (type $r (sub resource)))))
    (alias export $a "r" (type $r))
    (import "b" (instance (export "r" (type (eq $r))) (export "f" (func (param "x" (borrow $r)))))))`);
  assert.deepEqual(plan.resources, [{ kind: "imported", path: ["a", "r"] }]);
  assert.deepEqual(plan.funcTypes[0]?.params, [{ name: "x", type: { kind: "borrow", resource: 0 } }]);
});

test("link: plans are plain data", async () => {
  const plan = await link(`(component
    (import "a" (func $a (param "x" string) (result (option (result u8 (error string))))))
    ${libc}
    (core func (canon lower (func $a) (memory $memory) (realloc $realloc)))
    (export "a" (func $a)))`);
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), JSON.parse(JSON.stringify(structuredClone(plan))));
});

const mismatches: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  [
    "a lifted function of the wrong core type",
    `(component ${answer} (core instance $i (instantiate $m)) (func (result u64) (canon lift (core func $i "f"))))`,
    /canon lift: core function 0 has type \(\) -> \(i32\), expected \(\) -> \(i64\)/,
  ],
  [
    "a core import of another signature than the lowered function",
    `(component (import "f" (func $f (param "x" u64))) (core func $f (canon lower (func $f)))
      (core module $m (import "" "f" (func (param i32))))
      (core instance (instantiate $m (with "" (instance (export "f" (func $f)))))))`,
    /import "" "f" of core module 0: type mismatch: expected \(i32\) -> \(\), found \(i64\) -> \(\)/,
  ],
  [
    "a core import that is not given",
    `(component (core module $m (import "a" "f" (func))) (core instance (instantiate $m)))`,
    /import "a" "f" of core module 0: no argument has this name/,
  ],
  [
    "a core import that the argument does not export",
    `(component (core module $e) (core instance $e (instantiate $e)) (core module $m (import "a" "f" (func)))
      (core instance (instantiate $m (with "a" (instance $e)))))`,
    /import "a" "f" of core module 1: the argument does not export it/,
  ],
  [
    "a core import of another sort",
    `(component (core module $e (memory (export "f") 1)) (core instance $e (instantiate $e))
      (core module $m (import "a" "f" (func))) (core instance (instantiate $m (with "a" (instance $e)))))`,
    /expected a core func, found a core memory/,
  ],
  [
    "a lift without the memory that it needs",
    `(component (core module $m (func (export "f") (result i32) i32.const 0)) (core instance $i (instantiate $m))
      (func (result string) (canon lift (core func $i "f"))))`,
    /canon lift: the canonical option memory is required/,
  ],
  [
    "a lower without the realloc that it needs",
    `(component (import "f" (func $f (result (list u8)))) (core module $m (memory (export "m") 1))
      (core instance $i (instantiate $m)) (alias core export $i "m" (core memory $memory))
      (core func (canon lower (func $f) (memory $memory))))`,
    /canon lower: the canonical option realloc is required/,
  ],
  [
    "a realloc of the wrong type",
    `(component (import "f" (func $f (result (list u8))))
      (core module $m (memory (export "m") 1) (func (export "r") (param i32) (result i32) i32.const 0))
      (core instance $i (instantiate $m)) (alias core export $i "m" (core memory $memory))
      (core func (canon lower (func $f) (memory $memory) (realloc (core func $i "r")))))`,
    /canon lower: realloc: core function 0 has type/,
  ],
  [
    "a 64-bit memory",
    `(component (core module $m (memory (export "m") i64 1) (func (export "f") (result i32) i32.const 0))
      (core instance $i (instantiate $m)) (alias core export $i "m" (core memory $memory))
      (func (result string) (canon lift (core func $i "f") (memory $memory))))`,
    /64-bit memory in canonical options, which is not supported/,
  ],
  [
    "resource.new of a resource that another component defines",
    `(component (import "r" (type $r (sub resource))) (core func (canon resource.new $r)))`,
    /resource-new: the resource is not defined by this component/,
  ],
  [
    "resource.rep of a child's resource",
    `(component (component $c (type $r (resource (rep i32))) (export "r" (type $r)))
      (instance $i (instantiate $c)) (alias export $i "r" (type $r)) (core func (canon resource.rep $r)))`,
    /resource-rep: the resource is not defined by this component/,
  ],
  [
    "a destructor of the wrong type",
    `(component ${answer} (core instance $i (instantiate $m))
      (type (resource (rep i32) (dtor (core func $i "f")))))`,
    /resource destructor: core function 0 has type/,
  ],
  [
    "an argument that is missing",
    `(component (component $c (import "f" (func))) (instance (instantiate $c)))`,
    /missing func named "f"/,
  ],
  [
    "an argument of another sort",
    `(component (component $c (import "f" (func))) (component $d) (instance (instantiate $c (with "f" (component $d)))))`,
    /"f" is expected to be a func, but is a component/,
  ],
  [
    "a function with another parameter name",
    `(component (import "g" (func $g (param "y" u8))) (component $c (import "f" (func (param "x" u8))))
      (instance (instantiate $c (with "f" (func $g)))))`,
    /type mismatch for func "f": expected parameter named "x", found "y"/,
  ],
  [
    "a function with another result",
    `(component (import "g" (func $g (result (list u8)))) (component $c (import "f" (func (result (list s8)))))
      (instance (instantiate $c (with "f" (func $g)))))`,
    /type mismatch for func "f": expected s8, found u8/,
  ],
  [
    "a record with another field",
    `(component (type $a' (record (field "a" u8))) (import "a" (type $a (eq $a')))
      (import "g" (func $g (param "x" $a)))
      (component $c (type $b' (record (field "b" u8))) (import "b" (type $b (eq $b')))
        (import "f" (func (param "x" $b))))
      (instance (instantiate $c (with "b" (type $a)) (with "f" (func $g)))))`,
    /type mismatch for "b": expected record field named "b", found "a"/,
  ],
  [
    "handles of different resources",
    `(component (import "r" (type $r (sub resource))) (import "s" (type $s (sub resource)))
      (import "g" (func $g (param "x" (own $r))))
      (component $c (import "t" (type $t (sub resource))) (import "f" (func (param "x" (own $t)))))
      (instance (instantiate $c (with "t" (type $s)) (with "f" (func $g)))))`,
    /resource types are not the same/,
  ],
  [
    "an export that the import's type does not declare",
    `(component (component $c (import "i" (instance $i)) (alias export $i "f" (func $f)))
      (import "f" (func $f)) (instance $i (export "f" (func $f)))
      (instance (instantiate $c (with "i" (instance $i)))))`,
    /the instance has no export "f"/,
  ],
  [
    "a nested component that is wrong though it is never instantiated",
    `(component (component $c (import "f" (func $f (param "x" u64))) (core func $f (canon lower (func $f)))
      (core module $m (import "" "f" (func (param i32))))
      (core instance (instantiate $m (with "" (instance (export "f" (func $f))))))))`,
    /type mismatch: expected \(i32\) -> \(\), found \(i64\) -> \(\)/,
  ],
  [
    "an instance type that is wrong though nothing has it",
    `(component (type (instance (export "a" (func (type 7))))))`,
    /unknown type 7/,
  ],
  [
    "a resource type of an outer component",
    `(component (import "r" (type $r (sub resource))) (component $c (alias outer 1 $r (type $s)) (export "s" (type $s))))`,
    /refers to resources not defined in the current component/,
  ],
  [
    "a method of a resource that has no name here",
    `(component (import "[method]r.m" (func)))`,
    /the resource of "\[method\]r.m" is not known in this context/,
  ],
  [
    "a method without self",
    `(component (import "r" (type $r (sub resource))) (import "[method]r.m" (func (param "x" (borrow $r)))))`,
    /first argument called `self`/,
  ],
  [
    "a constructor of something else",
    `(component (import "r" (type $r (sub resource))) (import "[constructor]r" (func (result u32))))`,
    /should return `\(own \$T\)`/,
  ],
  [
    "a core module of another type than its import",
    `(component (core module $m (func (export "f") (param i32)))
      (component $c (import "m" (core module (export "f" (func (param i64))))))
      (instance (instantiate $c (with "m" (core module $m)))))`,
    /type mismatch for core module "m": export "f": type mismatch: expected \(i64\) -> \(\), found \(i32\) -> \(\)/,
  ],
  [
    "a memory that is smaller than its import",
    `(component (core module $e (memory (export "m") 1)) (core instance $e (instantiate $e))
      (core module $m (import "e" "m" (memory 2))) (core instance (instantiate $m (with "e" (instance $e)))))`,
    /import "e" "m" of core module 1: mismatch in limits/,
  ],
  [
    "two exports of one name",
    `(component (import "f" (func $f)) (export "g" (func $f)) (export "G" (func $f)))`,
    /the name "G" conflicts/,
  ],
];

for (const [what, text, message] of mismatches) {
  // wasm-tools would refuse most of these when validating; its parser does not validate.
  test(`link: refuses ${what}`, () => refuses(text, message));
}

/** Doubles something at each of 60 levels. */
function bomb(level: (inner: string, depth: number) => string, innermost: string): string {
  return Array.from({ length: 60 }).reduce<string>((inner, _, depth) => level(inner, depth), innermost);
}

test("link: lists of fixed length count by their elements, once for each instance of their component", async () => {
  const long = "(type (list u8 90000))";
  await refuses(`(component ${long.repeat(3)})`, /more than 200000 definitions/);
  await refuses(
    `(component (component $c ${long}) ${"(instance (instantiate $c))".repeat(30)})`,
    /more than 2000000 steps of linking/,
  );
  await refuses(`(component (type $t (list u8 1000)) (type (list $t 1000)))`, /more than 100000 nodes/);
  assert.equal((await link(`(component ${long})`)).coreModules, 0);
});

test("link: a component that would be instantiated 2^60 times is refused", () =>
  refuses(
    `(component ${bomb(
      (inner) => `(component $c ${inner} (instance (instantiate $c)) (instance (instantiate $c)))`,
      "(component $c)",
    )} (instance (instantiate $c)))`,
    /more than 256 component instances/,
  ));

test("link: a type of 2^60 nodes is refused", () => {
  const types = Array.from({ length: 60 }, (_, at) => `(type $t${at + 1} (tuple $t${at} $t${at}))`);
  return refuses(`(component (type $t0 (tuple u8 u8)) ${types.join(" ")})`, /more than 100000 nodes/);
});

test("link: a type that nests without end is refused", () => {
  const types = Array.from({ length: 200 }, (_, at) => `(type $t${at + 1} (list $t${at}))`);
  return refuses(`(component (type $t0 (list u8)) ${types.join(" ")})`, /nests more than 100 deep/);
});

test("link: instances that double at each level of nesting are refused", () => {
  const levels = Array.from(
    { length: 60 },
    (_, at) => `(instance $i${at + 1} (export "a" (instance $i${at})) (export "b" (instance $i${at})))`,
  );
  return refuses(`(component (instance $i0) ${levels.join(" ")} (export "i" (instance $i60)))`, /steps of linking/);
});

test("link: 65 core instances are refused", () => {
  const instances = Array.from({ length: 65 }, () => "(core instance (instantiate $m))").join(" ");
  return refuses(`(component (core module $m) ${instances})`, /more than 64 core instances/);
});

test("link: memories and tables count over all instances", async () => {
  const times = (count: number): string =>
    Array.from({ length: count }, () => "(core instance (instantiate $m))").join(" ");
  await refuses(`(component (core module $m (memory 0)) ${times(17)})`, /more than 16 memories/);
  await refuses(`(component (core module $m (table 1 funcref)) ${times(17)})`, /more than 16 tables/);
  await refuses(`(component (core module $m (table 400000 funcref)) ${times(3)})`, /more than 1000000 table elements/);
});

test("link: a component cannot instantiate itself through an outer alias", () =>
  refuses(
    `(component (component $c (alias outer 1 0 (component $self)) (instance (instantiate $self)))
      (instance (instantiate $c)))`,
    /unknown outer component 0/,
  ));
