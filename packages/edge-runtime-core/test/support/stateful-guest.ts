// Random guests full of state: what each request does to memories, globals, tables and segments depends on the request
// and on what is there, and the answer on all of it. As text of a core module, or of a component around it.

import fc from "fast-check";

export interface StatefulGuest {
  readonly core: string;
  readonly component: string;
}

export interface GuestRequest {
  readonly operation: number;
  readonly argument: number;
}

/** Functions among which a request chooses. */
const operations = 5;

const constant = fc.oneof(fc.integer({ min: -9, max: 99 }), fc.integer()).map((value) => `(i32.const ${value})`);

/** Addresses are within the first page, or (where `wide`) up to the second, which traps unless memory has grown. */
function address(value: string, wide: boolean): string {
  return `(i32.and ${value} (i32.const ${wide ? 0x1fff8 : 0xfff0}))`;
}

function masked(value: string, mask: number): string {
  return `(i32.and ${value} (i32.const ${mask}))`;
}

const { value, statements } = fc.letrec<{ value: string; statement: string; statements: string }>((tie) => {
  const two = fc.tuple(tie("value"), tie("value"));
  return {
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      constant,
      fc.constantFrom(
        "(local.get $x)",
        "(global.get $a)",
        "(i32.wrap_i64 (global.get $b))",
        "(i32.wrap_i64 (i64.reinterpret_f64 (global.get $c)))",
        "(i32x4.extract_lane 1 (global.get $v))",
        "(memory.size $m)",
        "(table.size $t)",
        "(ref.is_null (global.get $p))",
      ),
      two.map(([left, right]) => `(i32.add ${left} ${right})`),
      two.map(([left, right]) => `(i32.xor ${left} ${right})`),
      two.map(([left, right]) => `(i32.rotl ${left} ${right})`),
      tie("value").map((at) => `(i32.load $m ${address(at, false)})`),
      tie("value").map((at) => `(i32.load8_u $n ${address(at, false)})`),
      tie("value").map((at) => `(ref.is_null (table.get $t ${masked(at, 7)}))`),
    ),
    statement: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc
        .tuple(tie("value"), tie("value"), fc.boolean())
        .map(([at, what, wide]) => `(i32.store $m ${address(at, wide)} ${what})`),
      two.map(([at, what]) => `(i64.store $n ${address(at, false)} (i64.extend_i32_s ${what}))`),
      two.map(([at, what]) => `(memory.fill $m ${address(at, false)} ${what} (i32.const 8))`),
      tie("value").map((at) => `(memory.copy $n $m ${address(at, false)} (i32.const 96) (i32.const 16))`),
      tie("value").map((at) => `(memory.init $m $d ${address(at, false)} (i32.const 2) (i32.const 9))`),
      tie("value").map((what) => `(global.set $a ${what})`),
      tie("value").map((what) => `(global.set $b (i64.mul (global.get $b) (i64.extend_i32_s ${what})))`),
      // Any bits, NaN with payloads among them.
      two.map(
        ([high, low]) =>
          `(global.set $c (f64.reinterpret_i64 (i64.or (i64.shl (i64.extend_i32_u ${high}) (i64.const 40)) (i64.extend_i32_u ${low}))))`,
      ),
      tie("value").map((what) => `(global.set $v (i32x4.replace_lane 1 (global.get $v) ${what}))`),
      fc.constantFrom("(global.set $p (ref.func $one))", "(global.set $p (ref.null func))"),
      tie("value").map((at) => `(table.set $t ${masked(at, 7)} (ref.func $two))`),
      tie("value").map((at) => `(table.set $t ${masked(at, 7)} (ref.null func))`),
      tie("value").map((at) => `(table.copy $t $t ${masked(at, 3)} (i32.const 2) (i32.const 4))`),
      tie("value").map((at) => `(table.init $t $e ${masked(at, 3)} (i32.const 0) (i32.const 2))`),
      tie("value").map((at) => `(global.set $a (call_indirect $t (type $f) ${masked(at, 7)}))`),
      tie("value").map((what) => `(global.set $a (call $wait ${masked(what, 0xffff)}))`),
      tie("value").map((what) => `(if ${masked(what, 3)} (then) (else (drop (memory.grow $m (i32.const 1)))))`),
      tie("value").map(
        (what) => `(if ${masked(what, 3)} (then) (else (drop (table.grow $t (ref.null func) (i32.const 2)))))`,
      ),
      tie("value").map((what) => `(if ${masked(what, 3)} (then) (else (data.drop $d) (elem.drop $e)))`),
      tie("value").map((what) => `(if ${masked(what, 7)} (then) (else unreachable))`),
      tie("value").map((what) => `(if ${masked(what, 7)} (then) (else (throw $tag)))`),
      tie("value").map((what) => `(if ${masked(what, 7)} (then) (else (loop $spin (br $spin))))`),
      tie("statements").map((body) => `(block $h (try_table (catch_all $h) ${body} (throw $tag)))`),
      fc
        .tuple(tie("value"), tie("statements"), tie("statements"))
        .map(([what, then, other]) => `(if ${masked(what, 1)} (then ${then}) (else ${other}))`),
      // An inner loop counts with the same variable: some never end.
      fc
        .tuple(tie("value"), tie("statements"))
        .map(
          ([times, body]) =>
            `(local.set $i ${masked(times, 7)}) (loop $l ${body} (br_if $l (i32.gt_s (local.tee $i (i32.sub (local.get $i) (i32.const 1))) (i32.const 0))))`,
        ),
    ),
    statements: fc.array(tie("statement"), { minLength: 1, maxLength: 4 }).map((list) => list.join(" ")),
  };
});

/** Hash over everything that guest code can read. */
const digest = `(func $digest (result i64) (local $i i32) (local $h i64)
  (local.set $h (i64.xor (global.get $b) (i64.reinterpret_f64 (global.get $c))))
  (local.set $h (i64.add (i64.rotl (local.get $h) (i64.const 7)) (i64.extend_i32_u (global.get $a))))
  (local.set $h (i64.add (i64.rotl (local.get $h) (i64.const 7)) (i64x2.extract_lane 0 (global.get $v))))
  (local.set $h (i64.add (i64.rotl (local.get $h) (i64.const 7)) (i64x2.extract_lane 1 (global.get $v))))
  (local.set $h (i64.add (local.get $h) (i64.extend_i32_u (ref.is_null (global.get $p)))))
  (loop $slots
    (local.set $h (i64.add (i64.rotl (local.get $h) (i64.const 1))
      (i64.extend_i32_u (ref.is_null (table.get $t (local.get $i))))))
    (br_if $slots (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (table.size $t))))
  (local.set $i (i32.const 0))
  (loop $words
    (local.set $h (i64.xor (i64.mul (local.get $h) (i64.const 0x100000001b3)) (i64.load $m (local.get $i))))
    (br_if $words (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.shl (memory.size $m) (i32.const 16)))))
  (local.set $i (i32.const 0))
  (loop $others
    (local.set $h (i64.xor (i64.mul (local.get $h) (i64.const 0x100000001b3)) (i64.load $n (local.get $i))))
    (br_if $others (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 0x10000))))
  (local.get $h))`;

function moduleText(name: string, start: string, bodies: readonly string[]): string {
  const locals = "(param $x i32) (local $i i32)";
  const functions = bodies.map((body, index) => `(func $op${index} ${locals} ${body})`);
  const cases = bodies.map(
    (_, index) => `(if (i32.eq (local.get $op) (i32.const ${index})) (then (call $op${index} (local.get $x))))`,
  );
  return `module ${name} (type $f (func (result i32)))
    (import "env" "wait" (func $wait (param i32) (result i32)))
    (memory $m 1 5) (memory $n 1) (data (memory $m) (i32.const 96) "sixteen bytes or") (data $d "passive content")
    (table $t 8 16 funcref) (elem (table $t) (i32.const 1) func $one $two) (elem $e func $two $one)
    (elem declare func $one $two)
    (global $a (mut i32) (i32.const 1)) (global $b (mut i64) (i64.const 3)) (global $c (mut f64) (f64.const nan:0x4000000000001))
    (global $v (mut v128) (v128.const i32x4 1 2 3 4)) (global $p (mut funcref) (ref.null func)) (tag $tag)
    (func $one (type $f) (global.set $b (i64.add (global.get $b) (i64.const 1))) (i32.wrap_i64 (global.get $b)))
    (func $two (type $f) (i32.store $m (i32.const 8) (i32.const 77)) (i32.load $m (i32.const 4)))
    (func $init ${locals} ${start}) (func $start (block $h (try_table (catch_all $h) (call $init (i32.const 5))))) (start $start)
    ${functions.join("\n")} ${digest}
    (func (export "run") (param $op i32) (param $x i32) (result i64)
      (call $digest) ${cases.join(" ")} (i64.rotl (i64.const 13)) (i64.xor (call $digest)))`;
}

function component(core: string): string {
  return `(component (import "env" (instance $env (export "wait" (func (param "x" u32) (result u32)))))
    (core func $wait (canon lower (func $env "wait")))
    (core ${core})
    (core instance $i (instantiate $guest (with "env" (instance (export "wait" (func $wait))))))
    (func (export "run") (param "op" u32) (param "x" s32) (result u64) (canon lift (core func $i "run"))))`;
}

/** Traps of the start function are no guest: what it may do is limited to what cannot trap. */
const initial = fc
  .array(
    fc.oneof(
      constant.map((what) => `(global.set $a ${what})`),
      constant.map((what) => `(i32.store $m (i32.const 40000) ${what})`),
      constant.map((at) => `(table.set $t ${masked(at, 7)} (ref.func $one))`),
      fc.constantFrom("(drop (memory.grow $m (i32.const 1)))", "(drop (table.grow $t (ref.null func) (i32.const 1)))"),
      value.map((what) => `(global.set $v (i32x4.replace_lane 3 (global.get $v) ${what}))`),
    ),
    { maxLength: 3 },
  )
  .map((list) => list.join(" "));

export const statefulGuests: fc.Arbitrary<StatefulGuest> = fc
  .tuple(initial, fc.array(statements, { minLength: operations, maxLength: operations }))
  .map(([start, bodies]) => {
    const guest = moduleText("$guest", start, bodies);
    return { core: `(${guest})`, component: component(guest) };
  });

export const guestRequests: fc.Arbitrary<GuestRequest[]> = fc.array(
  fc.record({ operation: fc.nat(operations - 1), argument: fc.integer() }),
  { minLength: 6, maxLength: 12 },
);
