// Mutated modules: each is refused by a typed error or rewritten to a module that V8 accepts. The rewriter is also
// given what V8 would refuse first, since it must not depend on that for its own safety.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CompilationFailed } from "edge-runtime-common";
import { parseWat } from "edge-runtime-testing";
import { Random } from "../../../../scripts/fuzz/random.ts";
import { corrupt } from "../../../../scripts/fuzz/sources/mutants.ts";
import { rewriteProgram } from "../../src/engine/compile.ts";
import type { Metering } from "../../src/instrument/plan.ts";
import { rewriteModule } from "../../src/instrument/rewrite-module.ts";

/** Mutants; EDGE_FUZZ_RUNS sets another number for longer runs. */
const runs = Number(process.env["EDGE_FUZZ_RUNS"] ?? 10_000);

const seeds: readonly string[] = [
  `(module (func $fib (export "fib") (param i32) (result i32)
     local.get 0 i32.const 2 i32.lt_s if (result i32) local.get 0 else
     local.get 0 i32.const 1 i32.sub call $fib local.get 0 i32.const 2 i32.sub call $fib i32.add end))`,
  `(module (import "env" "log" (func $log (param i32 i32 i32))) (memory (export "memory") 1 4)
     (data (i32.const 0) "Hello") (data $p "passive") (global $g (mut i64) (i64.const -1))
     (table $t 4 8 funcref) (elem (i32.const 0) $log $f) (elem $e declare func $f)
     (func $f (param i32 i32 i32) local.get 0 i32.const 0 i32.const 3 memory.init $p data.drop $p
       i32.const 0 i32.const 1 i32.const 2 memory.copy i32.const 1 memory.grow drop)
     (func $s i32.const 1 i32.const 0 i32.const 5 call $log) (start $s)
     (func (export "f") (param i32) i32.const 1 i32.const 2 i32.const 3 local.get 0 call_indirect (param i32 i32 i32)
       i32.const 1 ref.func $f table.set $t ref.null func i32.const 1 table.grow $t drop))`,
  `(module (tag $t (param i32)) (type $r (func (result i32)))
     (func $throws (param i32) local.get 0 throw $t)
     (func (export "f") (param i32) (result i32) (local f64 v128)
       loop $again block $h (result i32) try_table (catch $t $h) (catch_all $again) local.get 0 call $throws end
       local.get 0 return end i32.const 1 i32.sub local.tee 0 br_if $again end
       block block block local.get 0 br_table 0 1 2 end nop end end
       v128.const i64x2 1 2 local.set 2 f64.const 1.5 i64.trunc_sat_f64_s drop
       i32.const 3 i32.const 4 i32.const 5 select)
     (func (export "tail") (param i32) (result i32) local.get 0 return_call $same)
     (func $same (param i32) (result i32) local.get 0))`,
];

/** True where it was accepted. Anything but a typed error fails the test, with the mutant in hand. */
function accepts(bytes: Uint8Array, compile: () => readonly Uint8Array[]): boolean {
  let rewritten: readonly Uint8Array[];
  try {
    rewritten = compile();
  } catch (error) {
    if (error instanceof CompilationFailed) return false;
    throw new Error(`mutant ${Buffer.from(bytes).toString("hex")}`, { cause: error });
  }
  for (const module of rewritten) {
    assert.equal(WebAssembly.validate(module), true, `mutant ${Buffer.from(bytes).toString("hex")}`);
  }
  return true;
}

const meterings: readonly Metering[] = ["fuel", "deadline", "none"];

test("fuzz: every mutant is refused by a typed error or stays a valid module", async (t) => {
  const random = new Random(1);
  const originals = await Promise.all(seeds.map(parseWat));
  let accepted = 0;
  for (let run = 0; run < runs; run++) {
    const original = originals[run % originals.length];
    const metering = meterings[random.below(3)];
    if (original === undefined || metering === undefined) continue;
    const bytes = corrupt(original, random);
    const compiled = accepts(bytes, () => rewriteProgram(bytes, metering).cores.map((core) => core.bytes));
    if (compiled) accepted += 1;
  }
  t.diagnostic(`${runs} mutants, ${accepted} accepted`);
  assert.ok(accepted > runs / 100);
});

test("fuzz: the rewriter alone bears what validation would have refused", async () => {
  const random = new Random(2);
  const originals = await Promise.all(seeds.map(parseWat));
  for (let run = 0; run < runs; run++) {
    const original = originals[run % originals.length];
    if (original === undefined) continue;
    const bytes = corrupt(original, random);
    accepts(bytes, () => {
      rewriteModule(bytes, {
        metering: meterings[random.below(3)] ?? "fuel",
        counter: random.oneIn(2) ? "own" : "imported",
      });
      return [];
    });
  }
});
