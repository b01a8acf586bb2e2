import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CompilationFailed } from "edge-runtime-common";
import { parseWat } from "edge-runtime-testing";
import type { CounterPlace, Metering } from "../../src/instrument/plan.ts";
import { rewriteModule } from "../../src/instrument/rewrite-module.ts";
import { conformanceFiles, needs } from "../support/conformance.ts";
import { instantiateRewritten } from "../support/rewritten-instance.ts";

const meterings: readonly Metering[] = ["fuel", "deadline", "none"];
const places: readonly CounterPlace[] = ["own", "imported"];
const ways = meterings.flatMap((metering) => places.map((counter) => ({ metering, counter })));

/** False where the rewriter refuses what V8 accepts. */
function rewrites(bytes: Uint8Array, way: (typeof ways)[number]): boolean {
  let rewritten: Uint8Array;
  try {
    rewritten = rewriteModule(bytes, way).bytes;
  } catch (error) {
    assert.ok(error instanceof CompilationFailed, String(error));
    return false;
  }
  assert.equal(WebAssembly.validate(rewritten), true);
  return true;
}

test("rewriter: every valid module of the specification is rewritten and stays valid", needs("core"), (t) => {
  let rewritten = 0;
  for (const file of conformanceFiles("core/**/*.wasm")) {
    const bytes = new Uint8Array(readFileSync(file));
    if (!WebAssembly.validate(bytes)) continue;
    for (const way of ways) assert.ok(rewrites(bytes, way), `${file} ${way.metering} ${way.counter}`);
    rewritten += 1;
  }
  t.diagnostic(`${rewritten} modules in ${ways.length} ways`);
  assert.ok(rewritten > 1000);
});

test("rewriter: the start function is taken out and exported", async () => {
  const wat = `(module (global $g (mut i32) (i32.const 0)) (export "g" (global $g))
    (func $start (global.set $g (i32.const 7))) (start $start))`;
  const instance = instantiateRewritten(await parseWat(wat));
  const global = instance.exports["g"] as WebAssembly.Global;
  assert.equal(global.value, 0);
  (instance.injected("start") as unknown as () => void)();
  assert.equal(global.value, 7);
  assert.equal(instance.plan.hasStart, true);
});

test("rewriter: growth asks for consent with what is grown and by how much", async () => {
  const wat = `(module (type $f (func)) (memory 1) (table 2 funcref) (table $typed 1 (ref null $f))
    (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "table") (param i32) (result i32) (table.grow 0 (ref.null func) (local.get 0)))
    (func (export "typed") (param i32) (result i32) (table.grow $typed (ref.null $f) (local.get 0))))`;
  const asked: [kind: number, delta: number][] = [];
  const instance = instantiateRewritten(await parseWat(wat), {
    mayGrow: (kind, delta) => {
      asked.push([kind, delta]);
      return delta < 10;
    },
  });
  assert.equal(instance.call("memory", 3), 1);
  assert.equal(instance.call("memory", 10), -1);
  assert.equal(instance.call("memory", -1), -1);
  assert.equal(instance.call("table", 4), 2);
  assert.equal(instance.call("table", 11), -1);
  assert.equal(instance.call("typed", 4), 1);
  assert.deepEqual(asked, [
    [0, 3],
    [0, 10],
    [0, 0xffff_ffff],
    [8, 4],
    [8, 11],
    [8, 4],
  ]);
});

test("rewriter: without metering there is no counter and no check", async () => {
  const { bytes, plan } = rewriteModule(await parseWat('(module (func (export "f") (loop (br 0))))'), {
    metering: "none",
    counter: "own",
  });
  const names = WebAssembly.Module.imports(new WebAssembly.Module(bytes)).map((entry) => entry.name);
  assert.deepEqual(names, ["grow"]);
  assert.equal(plan.metering, "none");
});
