// Ways out that a guest might try: each ends by fuel, by the deadline with fuel counted, and by the deadline alone, in
// instances that are kept and in instances that are not. Without the limit each would run for ever, or for hours.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExecutionConfig } from "edge-runtime-common";
import { fakePlatform } from "edge-runtime-testing";
import type { HostImports } from "../../src/index.ts";
import { hostInstance } from "../../src/index.ts";
import { createRunner, errorOf, run, settle } from "../support/runs.ts";

interface Escape {
  readonly name: string;
  /** Declarations, and the body of the exported function. */
  readonly declarations?: string;
  readonly body: string;
}

const hosts = `(import "env" "now" (func $now)) (import "env" "soon" (func $soon)) (import "env" "settled" (func $settled))`;

/** `$tree` calls itself twice at each of 60 levels: 2^60 calls, not one loop. */
const tree = `(func $tree (param i32) local.get 0 if
  local.get 0 i32.const 1 i32.sub call $tree local.get 0 i32.const 1 i32.sub call $tree end)`;
const types = "(type $v (func)) (type $p (func (param i32)))";
const twiceIndirect = (callee: number): string =>
  `local.get 0 i32.const 1 i32.sub i32.const ${callee} call_indirect (type $p) `.repeat(2);
const twiceByReference = "local.get 0 i32.const 1 i32.sub ref.func $r call_ref $p ".repeat(2);

const escapes: readonly Escape[] = [
  { name: "br_if", body: "loop i32.const 1 br_if 0 end" },
  { name: "br_table with a computed index", body: "(local i32) loop local.get 0 br_table 0 0 0 0 end" },
  { name: "br_on_null", body: "loop ref.null func br_on_null 0 drop end" },
  { name: "br_on_non_null", body: "loop (result funcref) ref.func $noop br_on_non_null 0 ref.null func end drop" },
  { name: "a loop with a value", body: "i32.const 0 loop (param i32) (result i32) i32.const 1 i32.add br 0 end drop" },
  { name: "recursion that doubles", declarations: tree, body: "i32.const 60 call $tree" },
  {
    name: "mutual recursion through a table",
    declarations: `(table $t funcref (elem $a $b))
      (func $a (type $p) local.get 0 if ${twiceIndirect(1)} end)
      (func $b (type $p) local.get 0 if ${twiceIndirect(0)} end)`,
    body: "i32.const 60 call $a",
  },
  {
    name: "recursion by reference",
    declarations: `(elem declare func $r) (func $r (type $p) local.get 0 if ${twiceByReference} end)`,
    body: "i32.const 60 call $r",
  },
  {
    name: "tail calls by reference",
    declarations: `(elem declare func $r) (func $r (type $v) ref.func $r return_call_ref $v)`,
    body: "call $r",
  },
  {
    name: "mutual tail calls through a table",
    declarations: `(table $t funcref (elem $a $b)) (func $a i32.const 1 return_call_indirect (type $v))
      (func $b i32.const 0 return_call_indirect (type $v))`,
    body: "call $a",
  },
  { name: "a loop around a host call", body: "loop call $now br 0 end" },
  { name: "a loop around a host call that answers at once", body: "loop call $soon br 0 end" },
  { name: "a loop around promises that are settled", body: "loop call $settled br 0 end" },
  {
    name: "a loop around host calls, all caught",
    body: "loop $l block $h try_table (catch_all $h) call $now call $soon end end br $l end",
  },
  {
    name: "catch_all around everything",
    declarations: "(func $spin block $h try_table (catch_all $h) loop br 0 end end end call $noop)",
    body: "loop $l block $h try_table (catch_all $h) call $spin end end br $l end",
  },
  {
    name: "legacy catch_all around everything",
    declarations: "(func $spin try loop br 0 end catch_all call $noop end call $noop)",
    body: "loop try call $spin catch_all end br 0 end",
  },
  {
    name: "legacy delegate and rethrow",
    body: "loop $l try try try throw $e delegate 0 catch_all rethrow 0 end catch_all end br $l end",
  },
  {
    name: "growth by steps, then for ever",
    declarations: "(memory 0)",
    body: "loop i32.const 1 memory.grow drop br 0 end",
  },
  {
    name: "growth of a table by steps, then for ever",
    declarations: "(table 0 externref)",
    body: "loop ref.null extern i32.const 1 table.grow drop br 0 end",
  },
  {
    name: "growth of many memories",
    declarations: "(memory 0) ".repeat(16),
    body: `loop ${Array.from({ length: 16 }, (_, index) => `i32.const 1 memory.grow ${index} drop`).join(" ")} br 0 end`,
  },
  {
    name: "a fill of 100 MiB",
    declarations: "(memory 1600)",
    body: "loop i32.const 0 i32.const 1 i32.const 0x6400000 memory.fill br 0 end",
  },
  {
    name: "a copy of 100 MiB",
    declarations: "(memory 1601)",
    body: "loop i32.const 8 i32.const 0 i32.const 0x6400000 memory.copy br 0 end",
  },
  {
    name: "small fills",
    declarations: "(memory 1)",
    body: "loop i32.const 0 i32.const 1 i32.const 100 memory.fill br 0 end",
  },
  {
    name: "a table filled and copied",
    declarations: "(table 900000 externref)",
    body: `loop i32.const 0 ref.null extern i32.const 900000 table.fill
      i32.const 1 i32.const 0 i32.const 899999 table.copy br 0 end`,
  },
  {
    name: "segments",
    declarations: `(memory 40) (table 40000 funcref) (data $d "${"x".repeat(2_100_000)}")
      (elem $e func ${"$noop ".repeat(40_000)})`,
    body: `loop i32.const 0 i32.const 0 i32.const 2100000 memory.init $d
      i32.const 0 i32.const 0 i32.const 40000 table.init $e br 0 end`,
  },
  { name: "dropped segments", declarations: "(elem $e funcref)", body: "loop elem.drop $e br 0 end" },
  { name: "vectors", body: "(local v128) loop local.get 0 f64x2.sqrt local.set 0 br 0 end" },
];

const imports: HostImports = new Map([
  [
    "env",
    hostInstance({
      now: { kind: "sync", call: () => {} },
      soon: { kind: "async", call: () => {} },
      settled: { kind: "async", call: () => Promise.resolve() },
    }),
  ],
]);

function moduleOf({ declarations = "", body }: Escape): string {
  return `(module ${types} ${hosts} (tag $e) (func $noop) (elem declare func $noop) ${declarations}
    (func (export "f") ${body}))`;
}

const endings: readonly (readonly [name: string, execution: Partial<ExecutionConfig>, code: string])[] = [
  ["fuel", { maxFuel: 50_000, timeoutMs: 1e12 }, "ERR_EDGE_FUEL_EXHAUSTED"],
  ["the deadline", { maxFuel: 1e15, timeoutMs: 60 }, "ERR_EDGE_EXECUTION_TIMEOUT"],
  ["the deadline without fuel", { fuelMetering: false, timeoutMs: 60 }, "ERR_EDGE_EXECUTION_TIMEOUT"],
];

for (const escape of escapes) {
  test(`escapes: ${escape.name} ends by each limit, pooled or not`, async () => {
    for (const poolingAllocator of [true, false]) {
      for (const [ending, execution, code] of endings) {
        // Every look at the clock takes a millisecond.
        const platform = fakePlatform({ msPerReading: 1 });
        const engine = { poolingAllocator, instanceMemoryMb: 128 };
        const setUp = { platform, engine, imports, execution: { maxMemoryMb: 128, ...execution } };
        const runner = await createRunner(moduleOf(escape), setUp);
        const what = `${ending}, pooling ${poolingAllocator}`;
        const result = await run(runner, "f");
        assert.equal(errorOf(result).code, code, what);
        if (ending === "fuel") assert.equal(result.metrics.fuelConsumed, execution.maxFuel, what);
        await settle();
        assert.equal(runner.stats().running, 0, what);
        runner.dispose();
      }
    }
  });
}

test("escapes: start functions end by each limit, whatever they catch, pooled or not", async () => {
  const start = `(module (func $spin loop br 0 end)
    (func $s loop $l block $h try_table (catch_all $h) call $spin end end br $l end) (start $s) (func (export "f")))`;
  for (const poolingAllocator of [true, false]) {
    for (const [ending, execution, code] of endings) {
      const platform = fakePlatform({ msPerReading: 1 });
      const runner = await createRunner(start, { platform, engine: { poolingAllocator }, execution });
      assert.equal(errorOf(await run(runner, "f")).code, code, ending);
      assert.equal(runner.stats().live, 0, ending);
    }
  }
});
