// What a run changes is gone in the next one, whatever kind of state it is; what cannot be put back is discarded.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostImports } from "../../src/index.ts";
import { hostInstance } from "../../src/index.ts";
import { countsOf, createRunner, generous, run, settle, valueOf } from "../support/runs.ts";

interface Row {
  readonly name: string;
  /** Module fields. */
  readonly state: string;
  /** Changes the state. */
  readonly set: string;
  /** Results that show it. */
  readonly get: string;
  readonly types: string;
  /** Pages to try after the run; the instance cannot be restored. */
  readonly discards?: boolean;
}

const restored: readonly Row[] = [
  {
    name: "bytes anywhere in memory",
    state: `(memory 3) (data (i32.const 10) "abc")`,
    set: "i32.const 0 i32.const 9 i32.const 196608 memory.fill",
    get: "i32.const 8 i64.load i32.const 196600 i64.load i32.const 100000 i64.load",
    types: "i64 i64 i64",
  },
  {
    name: "a second memory",
    state: `(memory 1) (memory $b 1) (data (memory $b) (i32.const 0) "x")`,
    set: "i32.const 0 i32.const 7 i32.store8 $b i32.const 65535 i32.const 7 i32.store8 $b",
    get: "i32.const 0 i32.load8_u $b i32.const 65535 i32.load8_u $b",
    types: "i32 i32",
  },
  {
    name: "an i32 global",
    state: "(global $g (mut i32) (i32.const -5))",
    set: "i32.const 9 global.set $g",
    get: "global.get $g",
    types: "i32",
  },
  {
    name: "an i64 global",
    state: "(global $g (mut i64) (i64.const -9223372036854775808))",
    set: "i64.const 9 global.set $g",
    get: "global.get $g",
    types: "i64",
  },
  {
    name: "the payload of a NaN in an f32 global",
    state: "(global $g (mut f32) (f32.const -nan:0x200001))",
    set: "f32.const nan:0x400002 global.set $g",
    get: "global.get $g i32.reinterpret_f32",
    types: "i32",
  },
  {
    name: "the payload of a signalling NaN in an f64 global",
    state: "(global $g (mut f64) (f64.const nan:0x4000000000001))",
    set: "f64.const 1.5 global.set $g",
    get: "global.get $g i64.reinterpret_f64",
    types: "i64",
  },
  {
    name: "a v128 global",
    state: "(global $g (mut v128) (v128.const i32x4 1 2 3 0xffffffff))",
    set: "v128.const i64x2 7 8 global.set $g",
    get: "global.get $g i64x2.extract_lane 0 global.get $g i64x2.extract_lane 1",
    types: "i64 i64",
  },
  {
    name: "a funcref global",
    state: "(func $a) (global $g (mut funcref) (ref.null func)) (elem declare func $a)",
    set: "ref.func $a global.set $g",
    get: "global.get $g ref.is_null",
    types: "i32",
  },
  {
    name: "an externref global",
    state: `(import "env" "secret" (func $secret (result externref))) (global $g (mut externref) (ref.null extern))`,
    set: "call $secret global.set $g",
    get: "global.get $g ref.is_null",
    types: "i32",
  },
  {
    name: "a global set from another one",
    state: "(global $c i32 (i32.const 4)) (global $g (mut i32) (global.get $c)) (global $h (mut i32) (i32.const 1))",
    set: "i32.const 9 global.set $g i32.const 9 global.set $h",
    get: "global.get $g global.get $h",
    types: "i32 i32",
  },
  {
    name: "a table written by table.set",
    state: "(func $a) (table $t 3 funcref) (elem (table $t) (i32.const 1) func $a)",
    set: "i32.const 0 ref.func $a table.set $t i32.const 1 ref.null func table.set $t",
    get: "i32.const 0 table.get $t ref.is_null i32.const 1 table.get $t ref.is_null",
    types: "i32 i32",
  },
  {
    name: "a table written by table.fill",
    state: `(import "env" "secret" (func $secret (result externref))) (table $t 100 externref)`,
    set: "i32.const 5 call $secret i32.const 90 table.fill $t",
    get: "i32.const 5 table.get $t ref.is_null i32.const 94 table.get $t ref.is_null",
    types: "i32 i32",
  },
  {
    name: "tables written by table.copy and table.init",
    state:
      "(func $a) (table $t 4 funcref) (table $u 4 funcref) (elem $e func $a $a) (elem (table $u) (i32.const 0) func $a)",
    set: "i32.const 0 i32.const 0 i32.const 1 table.copy $t $u i32.const 2 i32.const 0 i32.const 2 table.init $t $e",
    get: "i32.const 0 table.get $t ref.is_null i32.const 3 table.get $t ref.is_null",
    types: "i32 i32",
  },
  {
    name: "growth by nothing",
    state: "(memory 1) (table $t 1 funcref)",
    set: "i32.const 0 memory.grow drop ref.null func i32.const 0 table.grow $t drop i32.const 0 i32.const 5 i32.store",
    get: "memory.size table.size $t i32.const 0 i32.load",
    types: "i32 i32 i32",
  },
  {
    name: "an exported mutable global",
    state: `(global $g (export "g") (mut i32) (i32.const 3))`,
    set: "i32.const 4 global.set $g",
    get: "global.get $g",
    types: "i32",
  },
  {
    name: "a global of a typed reference",
    state: "(type $f (func)) (func $a (type $f)) (elem declare func $a) (global $g (mut (ref null $f)) (ref.null $f))",
    set: "ref.func $a global.set $g",
    get: "global.get $g ref.is_null",
    types: "i32",
  },
  {
    name: "a writable table of typed references",
    state: "(type $f (func)) (func $a (type $f)) (elem declare func $a) (table $t 1 (ref null $f))",
    set: "i32.const 0 ref.func $a table.set $t",
    get: "i32.const 0 table.get $t ref.is_null",
    types: "i32",
  },
  {
    name: "a global of a typed reference that is never null",
    state: `(type $f (func (result i32))) (func $a (type $f) (i32.const 1)) (func $b (type $f) (i32.const 2))
      (elem declare func $a $b) (global $g (mut (ref $f)) (ref.func $a))`,
    set: "ref.func $b global.set $g",
    get: "global.get $g call_ref $f",
    types: "i32",
  },
];

const discarded: readonly Row[] = [
  {
    name: "a grown memory",
    state: "(memory 1)",
    set: "i32.const 1 memory.grow drop",
    get: "memory.size",
    types: "i32",
  },
  {
    name: "a memory grown from nothing",
    state: "(memory 0)",
    set: "i32.const 1 memory.grow drop",
    get: "memory.size",
    types: "i32",
  },
  {
    name: "a grown table",
    state: "(table $t 1 externref)",
    set: "ref.null extern i32.const 1 table.grow $t drop",
    get: "table.size $t",
    types: "i32",
  },
  {
    name: "a dropped data segment",
    state: `(memory 1) (data $d "abcd")`,
    set: "data.drop $d",
    get: "i32.const 0 i32.const 0 i32.const 4 memory.init $d i32.const 0 i32.load",
    types: "i32",
  },
  {
    name: "a dropped element segment",
    state: "(func $a) (table $t 1 funcref) (elem $e func $a)",
    set: "elem.drop $e",
    get: "i32.const 0 i32.const 0 i32.const 1 table.init $t $e i32.const 0 table.get $t ref.is_null",
    types: "i32",
  },
  {
    name: "a global of an exception",
    state: "(tag $t) (global $g (mut exnref) (ref.null exn))",
    set: "block $h (result exnref) try_table (catch_all_ref $h) throw $t end unreachable end global.set $g",
    get: "global.get $g ref.is_null",
    types: "i32",
  },
  {
    name: "a field of an object in an immutable global",
    state: "(type $s (struct (field (mut i32)))) (global $g (ref $s) (struct.new_default $s))",
    set: "global.get $g i32.const 7 struct.set $s 0",
    get: "global.get $g struct.get $s 0",
    types: "i32",
  },
  {
    name: "a mutable global of an object",
    state: "(type $s (struct (field (mut i32)))) (global $g (mut (ref null $s)) (ref.null $s))",
    set: "struct.new_default $s global.set $g",
    get: "global.get $g ref.is_null",
    types: "i32",
  },
  {
    name: "an element of an array in a table",
    state: "(type $a (array (mut i8))) (table $t 1 (ref $a) (array.new_default $a (i32.const 4)))",
    set: "i32.const 0 table.get $t i32.const 1 i32.const 9 array.set $a",
    get: "i32.const 0 table.get $t i32.const 1 array.get_u $a",
    types: "i32",
  },
  {
    name: "an object in an element segment",
    state:
      "(type $s (struct (field (mut i32)))) (type $a (array (mut (ref null $s)))) (elem $e (ref $s) (struct.new_default $s))",
    set: "i32.const 0 i32.const 1 array.new_elem $a $e i32.const 0 array.get $a i32.const 5 struct.set $s 0",
    get: "i32.const 0 i32.const 1 array.new_elem $a $e i32.const 0 array.get $a struct.get $s 0",
    types: "i32",
  },
  {
    name: "an object behind an externref",
    state: "(type $s (struct (field (mut i32)))) (global $g (mut externref) (ref.null extern))",
    set: "struct.new_default $s extern.convert_any global.set $g",
    get: "global.get $g ref.is_null",
    types: "i32",
  },
  {
    name: "a shared memory",
    state: "(memory 1 1 shared)",
    set: "i32.const 0 i32.const 9 i32.atomic.store",
    get: "i32.const 0 i32.atomic.load",
    types: "i32",
  },
];

const imports: HostImports = new Map([
  ["env", hostInstance({ secret: { kind: "sync", call: () => ({ of: "another tenant" }) } })],
]);

for (const row of [...restored, ...discarded]) {
  const discards = discarded.includes(row);
  for (const poolingAllocator of [true, false]) {
    const how = poolingAllocator ? (discards ? "by a new instance" : "in the same instance") : "without a pool";
    test(`restore: ${row.name} is as it was, ${how}`, async () => {
      const wat = `(module ${row.state} (func (export "set") ${row.set})
        (func (export "get") (result ${row.types}) ${row.get})
        (func (export "both") (result ${row.types}) ${row.set} ${row.get}))`;
      const runner = await createRunner(wat, { engine: { poolingAllocator }, execution: generous, imports });
      const before = valueOf(await run(runner, "get"));
      valueOf(await run(runner, "set"));
      assert.deepEqual(valueOf(await run(runner, "get")), before);
      // The other way to a reset: off the request's path.
      valueOf(await run(runner, "set"));
      await settle();
      assert.deepEqual(valueOf(await run(runner, "get")), before);
      await settle();
      const { discarded: dropped, live } = runner.stats();
      if (!poolingAllocator) assert.deepEqual([dropped, live], [0, 0]);
      else if (discards) assert.ok(dropped >= 2);
      else assert.deepEqual([dropped, live], [0, 1]);
    });
  }

  test(`restore: ${row.name} would be seen if it stayed`, async () => {
    const wat = `(module ${row.state} (func (export "get") (result ${row.types}) ${row.get})
      (func (export "both") (result ${row.types}) ${row.set} ${row.get}))`;
    const runner = await createRunner(wat, { execution: generous, imports });
    const before = valueOf(await run(runner, "get"));
    const changed = await run(runner, "both");
    if (changed.kind === "success" && row.name !== "growth by nothing") assert.notDeepEqual(changed.value, before);
  });
}

test("restore: what start functions left is the snapshot", async () => {
  const wat = `(module (memory 1) (data $d "ab") (global $g (mut i32) (i32.const 0)) (table $t 2 funcref)
    (func $s i32.const 7 global.set $g i32.const 0 i32.const 5 i32.store i32.const 1 memory.grow drop
      i32.const 0 ref.func $s table.set $t data.drop $d)
    (elem declare func $s) (start $s)
    (func (export "f") (result i32 i32 i32 i32)
      global.get $g i32.const 0 i32.load memory.size i32.const 0 table.get $t ref.is_null
      i32.const 1 global.set $g i32.const 0 i32.const 1 i32.store i32.const 0 ref.null func table.set $t))`;
  const runner = await createRunner(wat);
  for (let count = 0; count < 3; count++) {
    // oxlint-disable-next-line no-await-in-loop
    assert.deepEqual(valueOf(await run(runner, "f")), [7, 5, 2, 0]);
  }
  assert.equal(runner.stats().discarded, 0);
});

const failures = ["unreachable", "loop br 0 end", "throw $t", "call $again"];

for (const failure of failures) {
  test(`restore: an instance whose run ended by ${failure} is discarded`, async () => {
    const wat = `(module (memory 1) (tag $t) (func $again (export "fail") i32.const 0 i32.const 1 i32.store ${failure})
      (func (export "get") (result i32) i32.const 0 i32.load))`;
    const runner = await createRunner(wat, { execution: { maxFuel: 100_000 } });
    assert.equal((await run(runner, "fail")).kind, "trap");
    assert.deepEqual([runner.stats().live, runner.stats().discarded], [0, 1]);
    await settle();
    assert.deepEqual(countsOf(runner.stats()), { live: 1, idle: 1, running: 0, discarded: 1 });
    assert.deepEqual(valueOf(await run(runner, "get")), [0]);
  });
}
