// Modules made to get at the counter, to be left without a check, or to make compiling expensive.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWat } from "edge-runtime-testing";
import { maxFunctionLocals, maxUnchecked } from "../../src/instrument/cost-table.ts";
import { absentPrefix } from "../../src/instrument/injection.ts";
import { readCoreModule } from "../../src/binary/module.ts";
import { rewriteModule } from "../../src/instrument/rewrite-module.ts";
import type { Bytes } from "../support/module-builder.ts";
import { leb, moduleBytes } from "../support/module-builder.ts";
import { instantiateRewritten } from "../support/rewritten-instance.ts";

const noop = [0x60, 0, 0];

function moduleWithNames(imports: readonly (readonly [string, string])[], exports: readonly string[]): Uint8Array {
  return moduleBytes({
    types: [noop],
    imports: imports.map(([module, name]) => [module, name, [0, 0]] as const),
    functions: [0],
    exports: exports.map((name) => [name, 0, imports.length] as const),
    bodies: [{ code: [0x0b] }],
  });
}

const hostileNames: readonly (readonly [
  name: string,
  imports: readonly (readonly [string, string])[],
  exports: readonly string[],
])[] = [
  ["none", [], []],
  ["the prefix as a module", [["$edge", "check"]], []],
  ["the prefix as an import", [["env", "$edge"]], []],
  ["the counter's export", [], ["$edgecounter"]],
  [
    "injected exports of all kinds",
    [["$edge", "counter"]],
    ["$edgecounter", "$edgerestore", "$edgesave", "$edgememory0"],
  ],
  ["longer prefixes", [["$edge$", "x"]], ["$edge$$$counter", "$edge$$"]],
  ["names of objects' own", [["__proto__", "constructor"]], ["__proto__", "constructor", "toString", "hasOwnProperty"]],
  ["empty names", [["", ""]], [""]],
  ["names of many dollars", [["$".repeat(100), "$edge" + "$".repeat(1000)]], ["$edge".repeat(20)]],
];

for (const [name, imports, exports] of hostileNames) {
  test(`hostile names: ${name} leave the injected ones out of reach`, () => {
    const bytes = moduleWithNames(imports, exports);
    for (const counter of ["own", "imported"] as const) {
      const { bytes: rewritten, plan } = rewriteModule(bytes, { metering: "fuel", counter });
      const module = new WebAssembly.Module(rewritten);
      const injected = WebAssembly.Module.imports(module).filter((entry) => entry.module === plan.prefix);
      const names = counter === "own" ? ["grow", "check", "yield"] : ["grow", "check", "yield", "counter"];
      assert.deepEqual(
        injected.map((entry) => entry.name),
        names,
      );
      for (const [from, item] of imports) {
        assert.ok(!from.startsWith(plan.prefix) && !item.startsWith(plan.prefix));
      }
      for (const entry of plan.exports) assert.ok(!entry.name.startsWith(plan.prefix));
      const added = WebAssembly.Module.exports(module).filter((entry) => !exports.includes(entry.name));
      assert.ok(added.every((entry) => entry.name.startsWith(plan.prefix)));
      assert.deepEqual(
        plan.exports.map((entry) => entry.name),
        exports,
      );
    }
  });
}

test("hostile names: the prefix is found in one pass, not by trial", () => {
  // By trial this took seconds for each name: every candidate is as long as the names.
  const long = "$edge" + "$".repeat(90_000);
  const shape = readCoreModule(
    moduleWithNames(
      Array.from({ length: 4 }, () => [long, long] as const),
      [long],
    ),
  );
  assert.equal(absentPrefix(shape), `${long}$`);
});

/** A function of `locals` i64 locals that loops `i32.const 5` times down in its last i32 one. */
function looping(locals: number): Uint8Array {
  const counter = leb(locals - 1);
  const code: Bytes = [
    [0x41, 5, 0x21, ...counter],
    [0x03, 0x40, 0x20, ...counter, 0x41, 1, 0x6b, 0x22, ...counter, 0x0d, 0, 0x0b],
    [0x10, 1, 0x0b],
  ].flat();
  return moduleBytes({
    types: [noop],
    functions: [0, 0],
    exports: [["f", 0, 0]],
    bodies: [
      {
        locals: [
          [locals - 1, 0x7e],
          [1, 0x7f],
        ],
        code,
      },
      { code: [0x01, 0x0b] },
    ],
  });
}

for (const locals of [maxFunctionLocals - 2, maxFunctionLocals - 1, maxFunctionLocals]) {
  test(`locals: a function of ${locals} is metered`, () => {
    const bytes = looping(locals);
    assert.equal(WebAssembly.validate(bytes), true);
    for (const counter of ["own", "imported"] as const) {
      const instance = instantiateRewritten(bytes, { counter });
      instance.call("f");
      assert.equal(instance.consumed(), 1 + 2 + 5 * 5 + 1 + 1);
      const stopped = instantiateRewritten(bytes, { counter, slice: 1, onCheck: () => true });
      assert.throws(() => stopped.call("f"), /unreachable/);
    }
    const deadline = instantiateRewritten(bytes, { metering: "deadline", slice: 1, onCheck: () => true });
    assert.throws(() => deadline.call("f"), /unreachable/);
  });
}

test("locals: V8 itself refuses one more", () => {
  assert.equal(WebAssembly.validate(looping(maxFunctionLocals + 1)), false);
});

/** Operators whose repetition needs no other between them, with what must stand around. */
const chains: readonly (readonly [name: string, wat: (repeat: (text: string) => string) => string])[] = [
  ["constants", (repeat) => `(func (export "f") ${repeat("i32.const 1 drop ")})`],
  ["data.drop", (repeat) => `(data $d "x") (func (export "f") ${repeat("data.drop $d ")})`],
  ["elem.drop", (repeat) => `(elem $e funcref) (func (export "f") ${repeat("elem.drop $e ")})`],
  [
    "br_on_null",
    (repeat) => `(elem declare func $f) (func $f (export "f") block ref.func $f ${repeat("br_on_null 0 ")} drop end)`,
  ],
  ["try_table", (repeat) => `(func (export "f") ${repeat("try_table end ")})`],
  ["legacy try", (repeat) => `(func (export "f") ${repeat("try end ")})`],
  ["memory.grow 0", (repeat) => `(memory 1) (func (export "f") ${repeat("i32.const 0 memory.grow drop ")})`],
  ["host calls", (repeat) => `(import "env" "host" (func $host)) (func (export "f") ${repeat("call $host ")})`],
  [
    "indirect host calls",
    (repeat) => `(import "env" "host" (func $host)) (table funcref (elem $host))
      (func (export "f") ${repeat("i32.const 0 call_indirect ")})`,
  ],
  [
    "host calls by reference",
    (repeat) => `(import "env" "host" (func $host)) (type $t (func)) (elem declare func $host)
      (func (export "f") ${repeat("ref.func $host call_ref $t ")})`,
  ],
];

const length = 6000;

for (const [name, wat] of chains) {
  test(`straight lines: ${length} of ${name} are checked on the way`, async () => {
    let checks = 0;
    const onCheck = (): boolean => {
      checks += 1;
      return false;
    };
    const host = (() => {}) as unknown as WebAssembly.ExportValue;
    const bytes = await parseWat(`(module ${wat((text) => text.repeat(length))})`);
    instantiateRewritten(bytes, { imports: { env: { host } }, slice: 1, onCheck }).call("f");
    assert.ok(checks >= Math.floor(length / (maxUnchecked + 1)), `${checks} checks`);
  });
}

const two = "i32.const 1 drop ".repeat(200);

/** Ways through which little is checked only where the longest path to a join is forgotten. Parameter 0 is 0. */
const joins: readonly (readonly [name: string, body: string])[] = [
  ["an if without else that is passed by", `local.get 0 if ${two}${two} end ${two}`],
  ["an if whose else is long before its check", `local.get 0 if ${two}${two} else ${two} end`],
  ["an else that is short", `local.get 0 i32.eqz if ${two} else ${two}${two} end`],
  ["a branch past a check", `block ${two} local.get 0 i32.eqz br_if 0 ${two}${two} end`],
  [
    "a branch with a value past a check",
    `block (result i32) ${two} i32.const 1 local.get 0 i32.eqz br_if 0 ${two}${two} end drop`,
  ],
  ["a br_table past a check", `block block ${two} local.get 0 br_table 1 0 end ${two}${two} end`],
  ["an if without else whose arm ends in a call", `local.get 0 if call $g end ${two}`],
  ["a branch past a call", `block ${two} local.get 0 i32.eqz br_if 0 call $g end`],
  ["a br past dead code", `block ${two} br 0 ${two} end`],
  ["a loop that is left", `block loop ${two} local.get 0 i32.eqz br_if 1 ${two}${two} end end`],
  ["blocks in blocks", `block block ${two} local.get 0 i32.eqz br_if 1 end ${two}${two} end`],
];

for (const [name, body] of joins) {
  test(`joins: ${name}, again and again, is checked on the way`, async () => {
    let checks = 0;
    const onCheck = (): boolean => {
      checks += 1;
      return false;
    };
    const bytes = await parseWat(`(module (func $g) (func (export "f") (param i32) ${`${body} `.repeat(50)}))`);
    const instance = instantiateRewritten(bytes, { slice: 1, onCheck });
    instance.call("f", 0);
    // Two hundred operators fit between a check and the next join, not four hundred.
    assert.ok(checks >= instance.consumed() / (2 * 210), `${checks} checks, ${instance.consumed()} operators`);
  });
}

for (const metering of ["fuel", "deadline"] as const) {
  for (const [name, wat] of chains.slice(-3)) {
    test(`straight lines: with ${metering} metering the check after a slow one of ${name} can end the guest`, async () => {
      let calls = 0;
      const host = (() => {
        calls += 1;
        instance.expire();
      }) as unknown as WebAssembly.ExportValue;
      const bytes = await parseWat(`(module ${wat((text) => text.repeat(100))})`);
      const onCheck = (): boolean => calls > 0;
      const instance = instantiateRewritten(bytes, { metering, imports: { env: { host } }, onCheck });
      assert.throws(() => instance.call("f"), /unreachable/);
      assert.equal(calls, 1);
    });
  }
}

test("counter: deep recursion followed by straight lines does not wrap it", async () => {
  // 12,000 frames of 180,000 operators each: without checks the counter would pass 2^31.
  const wat = `(module (data $d "x") (func $f (export "f") (param i32)
    local.get 0 if local.get 0 i32.const 1 i32.sub call $f end ${"data.drop $d ".repeat(180_000)}))`;
  let lowest = 0;
  const instance = instantiateRewritten(await parseWat(wat), {
    onCheck: (left) => {
      lowest = Math.min(lowest, left);
      return instance.consumed() > 20_000_000;
    },
  });
  assert.throws(() => instance.call("f", 12_000), /unreachable/);
  assert.ok(lowest > -10_000, `${lowest}`);
});

test("dead code: it is renumbered, kept valid and charged nothing", async () => {
  const wat = `(module (import "env" "host" (func $host)) (global $g (mut i32) (i32.const 0)) (memory 1) (tag $t)
    (func $g1 (result i32) (i32.const 1))
    (func (export "f") (result i32)
      block (result i32)
        i32.const 7 br 0
        call $g1 global.set $g call $host memory.grow
        loop br 0 end
        block $h try_table (catch_all $h) throw $t end end
        if call $host else unreachable end
        i32.const 0 i32.const 0 i32.const 0 memory.fill
        call $g1
      end))`;
  const bytes = await parseWat(wat);
  for (const counter of ["own", "imported"] as const) {
    const host = (() => assert.fail("dead code ran")) as unknown as WebAssembly.ExportValue;
    const instance = instantiateRewritten(bytes, { counter, imports: { env: { host } } });
    assert.equal(instance.call("f"), 7);
    assert.equal(instance.consumed(), 3);
  }
});

test("nesting: 20,000 blocks deep neither overflow the rewriter's stack nor lose the count", () => {
  const depth = 20_000;
  const code = [
    Array.from({ length: depth }, () => [0x02, 0x40]).flat(),
    [0x41, 1, 0x0d, ...leb(depth - 1)],
    Array.from({ length: depth + 1 }, () => 0x0b),
  ].flat();
  const bytes = moduleBytes({ types: [noop], functions: [0], exports: [["f", 0, 0]], bodies: [{ code }] });
  const instance = instantiateRewritten(bytes);
  instance.call("f");
  assert.equal(instance.consumed(), 3);
});
