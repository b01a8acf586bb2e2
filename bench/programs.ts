// Guests of different shapes for the metering bench: calls, tight loops over memory, floating point, branches.

export interface BenchProgram {
  readonly name: string;
  readonly wat: string;
  readonly entry: string;
  readonly args: readonly unknown[];
  /** The results, joined: a metered guest must answer the same. */
  readonly answer: string;
}

const fib = `(module (func $fib (export "fib") (param i32) (result i32)
  (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
    (then (local.get 0))
    (else (i32.add
      (call $fib (i32.sub (local.get 0) (i32.const 1)))
      (call $fib (i32.sub (local.get 0) (i32.const 2))))))))`;

const sieve = `(module (memory 2)
  (func (export "sieve") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $count i32)
    (local.set $i (i32.const 2))
    (loop $next
      (if (i32.eqz (i32.load8_u (local.get $i)))
        (then
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $j (i32.mul (local.get $i) (i32.const 2)))
          (block $done (loop $mark
            (br_if $done (i32.ge_u (local.get $j) (local.get $n)))
            (i32.store8 (local.get $j) (i32.const 1))
            (local.set $j (i32.add (local.get $j) (local.get $i)))
            (br $mark)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $count)))`;

const mandelbrot = `(module
  (func $point (param $cx f64) (param $cy f64) (result i32) (local $x f64) (local $y f64) (local $t f64) (local $i i32)
    (block $out (loop $step
      (br_if $out (f64.gt
        (f64.add (f64.mul (local.get $x) (local.get $x)) (f64.mul (local.get $y) (local.get $y))) (f64.const 4)))
      (local.set $t (f64.add (f64.sub
        (f64.mul (local.get $x) (local.get $x)) (f64.mul (local.get $y) (local.get $y))) (local.get $cx)))
      (local.set $y (f64.add (f64.mul (f64.mul (f64.const 2) (local.get $x)) (local.get $y)) (local.get $cy)))
      (local.set $x (local.get $t))
      (br_if $step (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 200)))))
    (local.get $i))
  (func (export "mandelbrot") (param $n i32) (result i32) (local $r i32) (local $c i32) (local $sum i32)
    (loop $rows
      (local.set $c (i32.const 0))
      (loop $columns
        (local.set $sum (i32.add (local.get $sum) (call $point
          (f64.sub (f64.div (f64.mul (f64.convert_i32_s (local.get $c)) (f64.const 3)) (f64.convert_i32_s (local.get $n))) (f64.const 2))
          (f64.sub (f64.div (f64.mul (f64.convert_i32_s (local.get $r)) (f64.const 2)) (f64.convert_i32_s (local.get $n))) (f64.const 1)))))
        (br_if $columns (i32.lt_u (local.tee $c (i32.add (local.get $c) (i32.const 1))) (local.get $n))))
      (br_if $rows (i32.lt_u (local.tee $r (i32.add (local.get $r) (i32.const 1))) (local.get $n))))
    (local.get $sum)))`;

const hash = `(module (memory 1) (data (i32.const 0) "the quick brown fox jumps over the lazy dog")
  (func (export "hash") (param $rounds i32) (result i32) (local $h i32) (local $i i32)
    (local.set $h (i32.const 0x811c9dc5))
    (loop $again
      (local.set $i (i32.const 0))
      (loop $bytes
        (local.set $h (i32.mul (i32.xor (local.get $h) (i32.load8_u (local.get $i))) (i32.const 0x01000193)))
        (br_if $bytes (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 43))))
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $h)))`;

const dispatch = `(module (type $op (func (param i32) (result i32)))
  (table funcref (elem $inc $dbl $neg $shr))
  (func $inc (type $op) (i32.add (local.get 0) (i32.const 1)))
  (func $dbl (type $op) (i32.shl (local.get 0) (i32.const 1)))
  (func $neg (type $op) (i32.sub (i32.const 0) (local.get 0)))
  (func $shr (type $op) (i32.shr_u (local.get 0) (i32.const 3)))
  (func (export "dispatch") (param $n i32) (result i32) (local $v i32)
    (local.set $v (i32.const 12345))
    (loop $next
      (local.set $v (call_indirect (type $op) (local.get $v)
        (i32.and (i32.xor (local.get $v) (local.get $n)) (i32.const 3))))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $v)))`;

export const programs: readonly BenchProgram[] = [
  { name: "fib", wat: fib, entry: "fib", args: [24], answer: "46368" },
  { name: "sieve", wat: sieve, entry: "sieve", args: [100_000], answer: "9592" },
  { name: "mandelbrot", wat: mandelbrot, entry: "mandelbrot", args: [60], answer: "201527" },
  { name: "hash", wat: hash, entry: "hash", args: [20_000], answer: "-276631835" },
  { name: "dispatch", wat: dispatch, entry: "dispatch", args: [200_000], answer: "1" },
];
