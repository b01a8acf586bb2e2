// Modules that execute every opcode which is not about numbers and memory accesses alone: control, calls, variables,
// references, tables, bulk operations, exceptions of both kinds, garbage-collected types, waiting. Exports take an i32
// where they take anything.

export const specialModules: readonly (readonly [name: string, wat: string])[] = [
  [
    "control",
    `(module
      (type $unary (func (param i32) (result i32)))
      (import "env" "host" (func $host (param i32) (result i32)))
      (table $calls 4 4 funcref) (elem (i32.const 0) $twice $host $next)
      (global $g (mut i32) (i32.const 3)) (global $constant i32 (i32.const 4))
      (elem declare func $twice $next $host)
      (func $twice (type $unary) (i32.mul (local.get 0) (i32.const 2)))
      (func $next (type $unary) local.get 0 i32.const 1 i32.add return)
      (func (export "blocks") (param i32) (result i32) (local $x i32)
        nop
        block $out
          loop $again
            local.get $x i32.const 1 i32.add local.tee $x i32.const 10 i32.ge_u br_if $out
            local.get $x local.get 0 i32.eq if br $out else br $again end
          end
        end
        local.get $x local.set 0
        block block block local.get 0 br_table 0 1 2 end i32.const 7 return end nop end
        global.get $g global.get $constant i32.add global.set $g global.get $g)
      (func (export "either") (param i32) (result i32) local.get 0 if (result i32) i32.const 1 else i32.const 2 end)
      (func (export "multi") (param i32) (result i32)
        local.get 0 i32.const 5 block (param i32 i32) (result i32 i32) i32.add i32.const 1 end i32.sub)
      (func (export "trap") (param i32) (result i32) local.get 0 if unreachable end i32.const 1)
      (func (export "selects") (param i32) (result i32)
        i32.const 1 i32.const 2 local.get 0 select drop
        i32.const 3 i32.const 4 local.get 0 select (result i32))
      (func (export "call") (param i32) (result i32) local.get 0 call $twice call $host call $next)
      (func (export "call_indirect") (param i32) (result i32) i32.const 6 local.get 0 call_indirect (type $unary))
      (func (export "call_ref") (param i32) (result i32)
        i32.const 6 ref.func $twice ref.func $host local.get 0 select (result (ref null $unary)) call_ref $unary)
      (func (export "call_ref null") (param i32) (result i32) i32.const 6 ref.null $unary call_ref $unary)
      (func (export "return_call") (param i32) (result i32) local.get 0 return_call $twice)
      (func (export "return_call host") (param i32) (result i32) local.get 0 return_call $host)
      (func (export "return_call_indirect") (param i32) (result i32)
        i32.const 6 local.get 0 return_call_indirect (type $unary))
      (func (export "return_call_ref") (param i32) (result i32) local.get 0 ref.func $next return_call_ref $unary)
      (func $sum (export "tail recursion") (param i32) (result i32)
        local.get 0 i32.const 0xff i32.and i32.eqz if i32.const 9 return end
        local.get 0 i32.const 0xff i32.and i32.const 1 i32.sub return_call $sum)
      (func $some (param i32) (result funcref)
        ref.func $twice ref.null func local.get 0 i32.const 1 i32.and select (result funcref))
      (func (export "br_on_null") (param i32) (result i32)
        block $null local.get 0 call $some br_on_null $null ref.is_null return end i32.const 10)
      (func (export "br_on_non_null") (param i32) (result i32)
        block $there (result (ref func)) local.get 0 call $some br_on_non_null $there i32.const 11 return end
        drop i32.const 12)
      (func (export "as_non_null") (param i32) (result i32)
        ref.func $twice ref.null $unary local.get 0 select (result (ref null $unary)) ref.as_non_null drop i32.const 1))`,
  ],
  [
    "tables and bulk memory",
    `(module
      (memory $m 1 3) (memory $n 1 2) (data $d "passive data") (data (memory $n) (i32.const 5) "active")
      (table $t 8 16 funcref) (table $u 4 8 externref) (elem (table $t) (i32.const 1) func $f)
      (elem $e func $f $f $f $f)
      (func $f (result i32) i32.const 33)
      (func (export "init and drop") (param i32) (result i32)
        local.get 0 i32.const 3 i32.const 6 memory.init $m $d
        local.get 0 i32.const 7 i32.and i32.const 1 i32.const 2 table.init $t $e
        local.get 0 i32.const 1 i32.and if data.drop $d elem.drop $e end
        i32.const 0 i32.load local.get 0 i32.const 7 i32.and table.get $t ref.is_null i32.add)
      (func (export "copy") (param i32) (result i32)
        local.get 0 i32.const 4 i32.const 9 memory.copy $m $m
        i32.const 40 i32.const 5 i32.const 4 memory.copy $m $n
        i32.const 2 i32.const 1 local.get 0 i32.const 3 i32.and table.copy $t $t
        i32.const 40 i32.load)
      (func (export "fill") (param i32) (result i32)
        i32.const 100 i32.const 0xab local.get 0 memory.fill $m
        local.get 0 i32.const 3 i32.and ref.null extern i32.const 1 table.fill $u
        i32.const 100 i32.load)
      (func (export "set") (param i32 externref) (result externref)
        local.get 0 local.get 1 table.set $u local.get 0 table.get $u)
      (func (export "grow") (param i32) (result i32)
        local.get 0 i32.const 1 i32.and memory.grow $m
        ref.null func local.get 0 i32.const 3 i32.and table.grow $t i32.add
        memory.size $m i32.add table.size $t i32.add)
      (func (export "call") (param i32) (result i32) local.get 0 call_indirect $t (result i32)))`,
  ],
  [
    "bulk memory of 64 bits",
    `(module
      (memory $m i64 1 3) (data $d "passive data") (table $t i64 8 16 funcref) (elem $e func $f $f)
      (func $f (result i32) i32.const 33)
      (func (export "all") (param i32) (result i64) (local $a i64)
        local.get 0 i64.extend_i32_u local.set $a
        local.get $a i32.const 3 i32.const 6 memory.init $m $d
        local.get $a i64.const 4 i64.const 9 memory.copy $m $m
        i64.const 100 i32.const 0xab local.get $a memory.fill $m
        i64.const 1 i32.const 0 i32.const 2 table.init $t $e
        i64.const 2 i64.const 1 i64.const 2 table.copy $t $t
        i64.const 6 ref.null func i64.const 2 table.fill $t
        i64.const 5 ref.func $f table.set $t
        i64.const 1 memory.grow $m ref.null func i64.const 2 table.grow $t i64.add
        memory.size $m i64.add table.size $t i64.add)
      (func (export "call") (param i32) (result i32)
        local.get 0 i64.extend_i32_u call_indirect $t (result i32)))`,
  ],
  [
    "exceptions",
    `(module
      (import "env" "throws" (func $throws (param i32)))
      (tag $t (param i32)) (tag $u) (global $caught (mut i32) (i32.const 0))
      (func $maybe (param i32)
        local.get 0 i32.const 1 i32.and if local.get 0 throw $t end
        local.get 0 i32.const 2 i32.and if throw $u end)
      (func (export "try_table") (param i32) (result i32)
        block $t (result i32)
          block $u
            block $all
              try_table (catch $t $t) (catch $u $u) (catch_all $all) local.get 0 call $maybe local.get 0 call $throws end
              i32.const 1 return
            end
            i32.const 2 return
          end
          i32.const 3 return
        end)
      (func (export "throw_ref") (param i32) (result i32) (local $e exnref)
        block $done (result i32)
          block $again (result exnref)
            block $with (result i32 exnref)
              try_table (catch_ref $t $with) (catch_all_ref $again) local.get 0 call $maybe end
              i32.const 4 br $done
            end
            local.set $e global.set $caught
            try_table (catch_all_ref $again) local.get $e throw_ref end
            unreachable
          end
          drop global.get $caught
        end)
      (func (export "uncaught") (param i32) local.get 0 call $maybe)
      (func (export "throw_ref null") (param i32) ref.null exn throw_ref)
      (func (export "loop") (param i32) (result i32) (local $n i32)
        loop $again
          local.get $n i32.const 1 i32.add local.tee $n i32.const 20 i32.gt_u if local.get $n return end
          try_table (catch_all $again) local.get $n call $maybe end
        end
        local.get $n))`,
  ],
  [
    "legacy exceptions",
    `(module
      (import "env" "throws" (func $throws (param i32)))
      (tag $t (param i32)) (tag $u)
      (func $maybe (param i32)
        local.get 0 i32.const 1 i32.and if local.get 0 throw $t end
        local.get 0 i32.const 2 i32.and if throw $u end)
      (func (export "try") (param i32) (result i32)
        try (result i32) local.get 0 call $maybe local.get 0 call $throws i32.const 1
        catch $t i32.const 100 i32.add
        catch $u i32.const 2
        catch_all i32.const 3 end)
      (func (export "rethrow") (param i32) (result i32)
        try (result i32)
          try (result i32) local.get 0 call $maybe i32.const 1
          catch $t drop rethrow 0
          catch_all rethrow 0 end
        catch $t i32.const 10 i32.add
        catch_all i32.const 4 end)
      (func (export "delegate") (param i32) (result i32)
        try $outer (result i32)
          try (result i32)
            try (result i32) local.get 0 call $maybe i32.const 1 delegate $outer
          catch_all i32.const 5 end
        catch $t i32.const 20 i32.add
        catch_all i32.const 6 end)
      (func (export "delegate to caller") (param i32) try local.get 0 call $maybe delegate 0)
      (func (export "loop") (param i32) (result i32) (local $n i32)
        loop $again
          local.get $n i32.const 1 i32.add local.tee $n i32.const 20 i32.gt_u if local.get $n return end
          try local.get $n call $maybe catch_all br $again end
        end
        local.get $n))`,
  ],
  [
    "structures, arrays and casts",
    `(module
      (type $point (sub (struct (field $x (mut i32)) (field $b (mut i8)) (field $r (mut anyref)))))
      (type $point3 (sub $point (struct (field $x (mut i32)) (field $b (mut i8)) (field $r (mut anyref)) (field f64))))
      (type $bytes (array (mut i8))) (type $ints (array (mut i32))) (type $refs (array (mut funcref)))
      (data $d "0123456789abcdef") (elem $e funcref (ref.func $f) (ref.null func) (ref.func $f))
      (global $kept (mut (ref null $point)) (ref.null $point))
      (func $f)
      (func (export "struct") (param i32) (result i32) (local $p (ref null $point))
        local.get 0 i32.const 0xff ref.null any struct.new $point local.tee $p global.set $kept
        local.get $p local.get 0 i32.const 1 i32.add struct.set $point $x
        local.get $p local.get 0 struct.set $point $b
        local.get $p local.get $p struct.set $point $r
        local.get $p struct.get $point $x
        local.get $p struct.get_s $point $b i32.add local.get $p struct.get_u $point $b i32.add
        struct.new_default $point struct.get $point $x i32.add)
      (func (export "struct null") (param i32) (result i32) ref.null $point struct.get $point $x)
      (func (export "array") (param i32) (result i32) (local $a (ref null $ints)) (local $b (ref null $bytes))
        i32.const 7 local.get 0 i32.const 15 i32.and array.new $ints local.set $a
        local.get 0 i32.const 15 i32.and array.new_default $bytes local.set $b
        local.get $a local.get 0 i32.const 7 i32.and i32.const 5 array.set $ints
        local.get $b i32.const 0 i32.const 200 array.set $bytes
        local.get $b i32.const 0 array.get_s $bytes local.get $b i32.const 0 array.get_u $bytes i32.add
        local.get $a i32.const 0 array.get $ints i32.add local.get $a array.len i32.add)
      (func (export "array bulk") (param i32) (result i32) (local $a (ref null $ints)) (local $b (ref null $bytes))
        i32.const 1 i32.const 2 i32.const 3 i32.const 4 array.new_fixed $ints 4 local.set $a
        i32.const 2 i32.const 6 array.new_data $bytes $d local.set $b
        i32.const 0 i32.const 3 array.new_elem $refs $e array.len drop
        local.get $a i32.const 1 local.get 0 i32.const 2 array.fill $ints
        local.get $a i32.const 0 local.get $a i32.const 1 local.get 0 i32.const 3 i32.and array.copy $ints $ints
        local.get $b i32.const 1 i32.const 3 local.get 0 i32.const 3 i32.and array.init_data $bytes $d
        ref.null func i32.const 3 array.new $refs i32.const 0 i32.const 0 i32.const 2 array.init_elem $refs $e
        local.get $a i32.const 0 array.get $ints local.get $b i32.const 1 array.get_u $bytes i32.add)
      (func $pick (param i32) (result anyref)
        block block block local.get 0 i32.const 3 i32.and br_table 0 1 2 end
        local.get 0 ref.i31 return end
        local.get 0 i32.const 1 ref.null any struct.new $point return end
        local.get 0 i32.const 1 ref.null any f64.const 2 struct.new $point3)
      (func (export "test and cast") (param i32) (result i32)
        local.get 0 call $pick ref.test (ref i31) local.get 0 call $pick ref.test (ref null $point) i32.add
        local.get 0 call $pick ref.cast (ref null eq) local.get 0 call $pick ref.cast (ref eq) ref.eq i32.add
        local.get 0 i32.const 2 i32.or call $pick ref.cast (ref $point) struct.get $point $x i32.add)
      (func (export "cast fails") (param i32) (result i32) local.get 0 call $pick ref.cast (ref i31) i31.get_s)
      (func (export "branches") (param i32) (result i32)
        block $i31 (result (ref i31))
          block $struct (result anyref)
            local.get 0 call $pick br_on_cast $i31 anyref (ref i31) br_on_cast_fail $struct anyref (ref $point)
            struct.get $point $x return
          end
          drop i32.const -1 return
        end
        i31.get_u)
      (func (export "i31") (param i32) (result i32)
        local.get 0 ref.i31 i31.get_s local.get 0 ref.i31 i31.get_u i32.xor)
      (func (export "convert") (param externref) (result externref) local.get 0 any.convert_extern extern.convert_any))`,
  ],
  [
    "waiting",
    `(module
      (memory 1 2 shared)
      (func (export "wait32") (param i32) (result i32) i32.const 8 local.get 0 i64.const 0 memory.atomic.wait32)
      (func (export "wait64") (param i32) (result i32)
        i32.const 16 local.get 0 i64.extend_i32_u i64.const 0 memory.atomic.wait64)
      (func (export "notify") (param i32) (result i32) i32.const 8 local.get 0 memory.atomic.notify)
      (func (export "fence") (param i32) (result i32)
        atomic.fence i32.const 8 local.get 0 i32.atomic.rmw.add i32.const 8 i32.atomic.load i32.add))`,
  ],
];
