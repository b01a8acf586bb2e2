// Whatever a guest wrote, a reset puts it back: every store operator at every kind of address, straddling pages, behind
// wrap-around and traps, bulk operations, and random programs of stores between branches. That a write which nobody
// marked would be seen is tested first.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseWat } from "edge-runtime-testing";
import { readCoreModule } from "../../src/binary/module.ts";
import { Reader } from "../../src/binary/reader.ts";
import { bodyRanges } from "../../src/instrument/code-scan.ts";
import { slackBytes } from "../../src/instrument/dirty-pages.ts";
import { rewriteModule } from "../../src/instrument/rewrite-module.ts";
import { storeOperator } from "../../src/instrument/store-operators.ts";
import { instantiateMarked, markedFromWat } from "../support/marked-instance.ts";
import { storingModule, storingProgram } from "../support/storing-program.ts";

interface Operator {
  readonly name: string;
  readonly type: "i32" | "i64" | "f32" | "f64" | "v128";
  readonly bytes: number;
  readonly operands: 1 | 2;
  readonly results: 0 | 1;
  readonly lane?: boolean;
}

const plain: readonly Operator[] = (
  [
    ["i32.store", "i32", 4],
    ["i64.store", "i64", 8],
    ["f32.store", "f32", 4],
    ["f64.store", "f64", 8],
    ["i32.store8", "i32", 1],
    ["i32.store16", "i32", 2],
    ["i64.store8", "i64", 1],
    ["i64.store16", "i64", 2],
    ["i64.store32", "i64", 4],
    ["v128.store", "v128", 16],
  ] as const
).map(([name, type, bytes]) => ({ name, type, bytes, operands: 1, results: 0 }));

const lanes: readonly Operator[] = [8, 16, 32, 64].map((bits) => ({
  name: `v128.store${bits}_lane`,
  type: "v128",
  bytes: bits / 8,
  operands: 1,
  results: 0,
  lane: true,
}));

const forms = [
  ["i32", "", 4],
  ["i64", "", 8],
  ["i32", "8", 1],
  ["i32", "16", 2],
  ["i64", "8", 1],
  ["i64", "16", 2],
  ["i64", "32", 4],
] as const;

const atomics: readonly Operator[] = forms.flatMap(([type, width, bytes]) => [
  { name: `${type}.atomic.store${width}`, type, bytes, operands: 1, results: 0 } as const,
  ...["add", "sub", "and", "or", "xor", "xchg", "cmpxchg"].map((operation): Operator => ({
    name: `${type}.atomic.rmw${width}.${operation}${width === "" ? "" : "_u"}`,
    type,
    bytes,
    operands: operation === "cmpxchg" ? 2 : 1,
    results: 1,
  })),
]);

const operators = [...plain, ...lanes, ...atomics];

function clears(name: string): boolean {
  return /\.and(_u)?$/.test(name);
}

function value({ type, name }: Operator, which: number): string {
  // A compare-exchange expects the zero that is there; `and` clears what `clears` put there.
  const number = clears(name) || (name.includes("cmpxchg") && which === 0) ? "0" : "-1";
  if (type === "v128") return "(v128.const i64x2 -1 -1)";
  return `(${type}.const ${number})`;
}

/** Stores through a known local, an unknown address and a constant, from the same function. */
function moduleOf(operator: Operator, offset: number, is64: boolean): string {
  const address = is64 ? "i64" : "i32";
  const { name, bytes, operands, results } = operator;
  const align = `align=${bytes}`;
  const operation = `${name} offset=${offset} ${align}${operator.lane === true ? " 0" : ""}`;
  const values = Array.from({ length: operands }, (_, which) => value(operator, which)).join(" ");
  const dropped = results === 1 ? "drop" : "";
  return `(module (memory ${is64 ? "i64" : ""} 4) (data (${address}.const 0) "${"\\55".repeat(64)}")
    (func (export "local") (param ${address}) (local.get 0) ${values} ${operation} ${dropped})
    (func (export "unknown") (param ${address}) (call $id (local.get 0)) ${values} ${operation} ${dropped})
    (func (export "constant") (${address}.const 131072) ${values} ${operation} ${dropped})
    (func $id (param ${address}) (result ${address}) local.get 0))`;
}

test("marks: every store operator of the opcode tables is in these tests", () => {
  const codes = [
    ...Array.from({ length: 256 }, (_, code) => storeOperator(code, 0)).filter((_, code) => code < 0xfb),
    ...Array.from({ length: 512 }, (_, code) => storeOperator(0xfd, code)),
    ...Array.from({ length: 512 }, (_, code) => storeOperator(0xfe, code)),
  ].filter((operator) => operator !== undefined);
  const shape = (one: { bytes: number; operands: number; results: number }): string =>
    `${one.bytes} ${one.operands} ${one.results}`;
  assert.deepEqual(
    codes.map(({ bytes, operands, results }) => shape({ bytes, operands: operands.length, results })).toSorted(),
    operators.map(shape).toSorted(),
  );
});

test("marks: a write that nobody marked is not put back, and these tests see it", async () => {
  const guest = await markedFromWat(`(module (memory 4) (func (export "f") (i32.store (i32.const 8) (i32.const 1))))`);
  guest.call("f");
  guest.bytes(0)[100_000] = 1;
  guest.reset();
  assert.equal(guest.difference(), "memory 0 byte 100000");
});

for (const is64 of [false, true]) {
  for (const operator of operators) {
    test(`marks: ${operator.name} in a ${is64 ? 64 : 32}-bit memory`, async () => {
      for (const offset of [0, 4095, 70_000]) {
        // oxlint-disable-next-line no-await-in-loop
        const guest = await markedFromWat(moduleOf(operator, offset, is64), {
          prepare: (bytes) => void (clears(operator.name) && bytes.fill(0x55)),
        });
        let written = 0;
        const atomic = operator.name.includes("atomic");
        // Atomic operators trap where they are not aligned.
        const starts = [0, 4096 - offset, 8192 - offset, 65_536, 4 * 65_536 - 16].map((start) => Math.max(0, start));
        for (const start of starts) {
          for (const shift of atomic ? [0] : [0, -1, -3, -7, -15]) {
            const at = Math.max(0, start + shift);
            const aligned = atomic ? at + ((16 - ((at + offset) % 16)) % 16) : at;
            const address = is64 ? BigInt(aligned) : aligned;
            for (const name of ["local", "unknown", "constant"]) {
              guest.call(name, address);
              if (guest.difference() !== undefined) written += 1;
              guest.reset();
              assert.equal(guest.difference(), undefined, `${name} ${at} offset ${offset}`);
            }
          }
        }
        assert.ok(written > 0, `offset ${offset}: nothing was written`);
      }
    });
  }
}

test("marks: an address that wraps around writes where it wraps to", async () => {
  const guest = await markedFromWat(`(module (memory 2)
    (func (export "f") (param $p i32)
      (i32.store (local.get $p) (i32.const 1))
      (i32.store (i32.add (local.get $p) (i32.const 4096)) (i32.const 2))
      (i32.store (i32.sub (local.get $p) (i32.const -70000)) (i32.const 3))))`);
  guest.call("f", 0);
  assert.equal(guest.bytes(0)[4096], 2);
  guest.reset();
  assert.equal(guest.difference(), undefined);
  const wrapping = await markedFromWat(`(module (memory 2) (func (export "f") (param $p i32)
    (i32.store (i32.add (local.get $p) (i32.const 5000)) (i32.const 2))))`);
  wrapping.call("f", -5000 + 9000);
  assert.equal(wrapping.bytes(0)[9000], 2);
  wrapping.call("f", -3000);
  assert.equal(wrapping.bytes(0)[2000], 2);
  wrapping.reset();
  assert.equal(wrapping.difference(), undefined);
});

test("marks: stores near one another through one base are marked once, and put back at both ends of the slack", async () => {
  const near = slackBytes - 3;
  const wat = (offsets: readonly number[]): string => `(module (memory 4) (func (export "f") (param $p i32)
    ${offsets.map((offset) => `(i32.store (i32.add (local.get $p) (i32.const ${offset})) (i32.const -1))`).join(" ")}))`;
  // The instruction that sets a mark, array.set, stands nowhere else.
  const marks = (original: Uint8Array): number => {
    const { bytes } = rewriteModule(original, { metering: "none", counter: "own", marksPages: true });
    return bytes.reduce((count, byte, at) => count + (byte === 0xfb && bytes[at + 1] === 14 ? 1 : 0), 0);
  };
  const one = marks(await parseWat(wat([0])));
  assert.equal(marks(await parseWat(wat([0, near, -slackBytes, 8]))), one);
  assert.ok(marks(await parseWat(wat([0, near + 1]))) > one);
  assert.ok(marks(await parseWat(wat([0, -slackBytes - 1]))) > one);
  const guest = await markedFromWat(wat([0, near, -slackBytes, 8, near + 1, -slackBytes - 1]));
  for (const page of [4096, 65_536, 131_072]) {
    for (let at = page - slackBytes - 8; at < page + slackBytes + 8; at++) {
      guest.call("f", at);
      guest.reset();
      assert.equal(guest.difference(), undefined, `at ${at}`);
    }
  }
});

test("marks: a reset copies what is marked and its slack, not the rest", async () => {
  const guest = await markedFromWat(
    `(module (memory 8) (func (export "f") (i32.store (i32.const 40960) (i32.const 1))))`,
  );
  const probes = [40_960 - slackBytes - 1, 40_960 - slackBytes, 45_055, 45_055 + slackBytes, 45_056 + slackBytes];
  for (const at of probes) guest.bytes(0)[at] = 7;
  guest.call("f");
  guest.reset();
  assert.deepEqual(
    probes.map((at) => guest.bytes(0)[at]),
    [7, 0, 0, 0, 7],
  );
});

test("marks: bulk operations, to the last byte, over chunks and overlapping", async () => {
  const pages = 40;
  const guest = await markedFromWat(`(module (memory ${pages}) (memory $b 2) (data $d "${"xy".repeat(3000)}")
    (func (export "fill") (param i32 i32 i32) local.get 0 local.get 1 local.get 2 memory.fill)
    (func (export "copy") (param i32 i32 i32) local.get 0 local.get 1 local.get 2 memory.copy)
    (func (export "over") (param i32 i32 i32) local.get 0 local.get 1 local.get 2 memory.copy $b 0)
    (func (export "init") (param i32 i32 i32) local.get 0 local.get 1 local.get 2 memory.init $d))`);
  const end = pages * 65_536;
  const calls: readonly (readonly [string, number, number, number])[] = [
    ["fill", 4095, 7, 2],
    ["fill", end - 1, 7, 1],
    ["fill", 100, 7, end - 100],
    ["fill", end, 7, 0],
    ["fill", end - 1, 7, 2],
    ["fill", -1, 7, 4],
    ["init", 8191, 0, 6000],
    ["init", 5, 5999, 2],
    ["over", 65_530, 0, 6001],
  ];
  for (const [name, to, from, bytes] of calls) {
    guest.call("init", 0, 0, 6000);
    guest.call(name, to, from, bytes);
    guest.reset();
    assert.equal(guest.difference(), undefined, `${name} ${to} ${from} ${bytes}`);
  }
  for (const [to, from] of [
    [5000, 4000],
    [4000, 5000],
    [0, 1_500_000],
  ]) {
    guest.call("fill", 4000, 9, 1_200_000);
    guest.call("copy", to, from, 1_100_000);
    assert.notEqual(guest.difference(), undefined);
    guest.reset();
    assert.equal(guest.difference(), undefined, `copy ${to} ${from}`);
  }
});

/** Each writes near what an earlier store marked, on a path where that store did not run or used another value. */
const joins: readonly (readonly [what: string, body: string])[] = [
  ["behind a block that was left", "(block (br_if 0 (local.get 1)) STORE) STORE"],
  [
    "behind a block whose first branch comes after a store",
    "(block STORE2 (br_if 0 (local.get 1)) STORE) STORE STORE2",
  ],
  [
    "behind a block with two branches",
    "(block (br_if 0 (local.get 1)) STORE (br_if 0 (i32.load (i32.const 0)))) STORE",
  ],
  ["behind an if that was passed by", "(if (i32.eqz (local.get 1)) (then STORE)) STORE"],
  ["in the else of an if", "(if (i32.eqz (local.get 1)) (then STORE) (else STORE))"],
  ["behind an if whose else ran", "(if (i32.eqz (local.get 1)) (then STORE) (else STORE2)) STORE"],
  ["behind two blocks that one branch left", "(block (block (br_if 1 (local.get 1)) STORE) STORE2) STORE STORE2"],
  ["behind a block that was left from an inner one", "(block (block (br_if 1 (local.get 1))) STORE) STORE"],
  [
    "behind a branch that carries a value",
    "(drop (block (result i32) (br_if 0 (i32.const 3) (local.get 1)) STORE)) STORE",
  ],
  ["at a label of br_table", "(block (block (br_table 1 0 (i32.eqz (local.get 1)))) STORE) STORE"],
  ["where an exception lands", "(block $h (try_table (catch_all $h) (call $maybe (local.get 1)) STORE)) STORE"],
  [
    "where an exception lands further out",
    "(block $h (block (try_table (catch $e $h) (call $maybe (local.get 1)) STORE)) STORE2) STORE STORE2",
  ],
  ["in a handler", "try call $never local.get 1 call $maybe STORE catch $e STORE end STORE"],
  ["behind a handler", "try local.get 1 call $maybe STORE catch_all STORE2 end STORE"],
  ["behind a delegated exception", "try try local.get 1 call $maybe STORE delegate 0 catch_all end STORE"],
  [
    "through a local that a loop changes",
    "STORE (loop STORE (local.set 0 (i32.add (local.get 0) (i32.const 9000))) (br_if 0 (i32.lt_u (local.get 0) (i32.const 99000))))",
  ],
  [
    "through a local that an inner loop changes",
    "STORE (loop STORE (loop (local.set 0 (i32.add (local.get 0) (i32.const 9000)))) (br_if 0 (i32.lt_u (local.get 0) (i32.const 99000))))",
  ],
  ["through a local that an arm changes", "STORE (if (local.get 1) (then (local.set 0 (i32.const 70000)))) STORE"],
  [
    "through a local that a left block changed",
    "STORE (block (local.set 0 (i32.const 70000)) (br_if 0 (local.get 1)) (local.set 0 (i32.const 90000))) STORE",
  ],
  ["through a local set from another", "STORE (local.set 0 (local.get 2)) STORE (local.set 0 (i32.const 80000)) STORE"],
  [
    "through an operand from before its local changed",
    "local.get 0 (local.set 0 (i32.const 80000)) STORE i32.const -1 i32.store",
  ],
  [
    "through a tee",
    "(i32.store (local.tee 0 (i32.add (local.get 2) (i32.const 5000))) (i32.const -1)) STORE (local.set 2 (i32.const 8)) (i32.store (local.get 2) (i32.const -1))",
  ],
  ["behind a call", "STORE (call $never) STORE (local.set 0 (i32.load (i32.const 0))) STORE"],
];

for (const [what, body] of joins) {
  test(`marks: a store ${what} is put back`, async () => {
    const steps = body
      .replaceAll("STORE2", "(i64.store offset=20000 (local.get 0) (i64.const -1))")
      .replaceAll("STORE", "(i32.store offset=8 (local.get 0) (i32.const -1))");
    const wat = `(module (memory 5) (tag $e)
      (func $never) (func $maybe (param i32) (if (local.get 0) (then (throw $e))))
      (func (export "run") (param i32 i32 i32) ${steps}))`;
    const guest = await markedFromWat(wat, { metering: "none" });
    for (const [place, other] of [
      [0, 30_000],
      [4090, 50_000],
      [65_530, 3],
    ]) {
      for (const condition of [0, 1]) {
        guest.call("run", place, condition, other);
        assert.notEqual(guest.difference(), undefined);
        guest.reset();
        assert.equal(guest.difference(), undefined, `${place} ${condition}`);
      }
    }
  });
}

for (const metering of ["fuel", "deadline", "none"] as const) {
  test(`marks: random programs of stores are put back, metering ${metering}`, async () => {
    const wrote = { some: 0, all: 0 };
    const addresses = fc.array(fc.nat(300_000), { minLength: 11, maxLength: 11 });
    const property = fc.asyncProperty(storingProgram, addresses, fc.boolean(), async (program, args, legacy) => {
      const guest = instantiateMarked(await parseWat(storingModule(program, legacy)), { metering });
      // Marks were cleared by a reset: what an earlier run marked must not answer for what a later one wrote.
      for (let from = 0; from + 4 <= args.length; from++) {
        guest.call("run", ...args.slice(from, from + 4));
        wrote.all += 1;
        if (guest.difference() !== undefined) wrote.some += 1;
        guest.reset();
        assert.equal(guest.difference(), undefined);
      }
    });
    await fc.assert(property, { numRuns: 300, seed: 20_261_124 });
    assert.ok(wrote.some > wrote.all / 2, `${wrote.some} of ${wrote.all} programs wrote`);
  });
}

test("marks: the hints that checks are unlikely still stand at checks", async () => {
  const wat = `(module (memory 20)
    (func (export "f") (param $p i32) (param $n i32)
      (loop $l
        (i32.store (local.get $p) (i32.const 1)) (i32.store (i32.load (local.get $p)) (i32.const 2))
        (local.set $p (i32.add (local.get $p) (i32.const 5000)))
        (loop $m (call $g (local.get $p)) (br_if $m (i32.load (local.get $p))))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func $g (param i32) (loop (i64.store (i32.load (i32.const 0)) (i64.const 1)) (br_if 0 (local.get 0)))))`;
  const { bytes } = rewriteModule(await parseWat(wat), { metering: "fuel", counter: "own", marksPages: true });
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(bytes), "metadata.code.branch_hint");
  assert.ok(section !== undefined);
  const shape = readCoreModule(bytes);
  const bodies = bodyRanges(shape);
  const hints = new Reader(new Uint8Array(section));
  const opcodes: number[] = [];
  for (let functions = hints.u32(); functions > 0; functions--) {
    const body = bodies[hints.u32() - shape.importedFunctions];
    for (let count = hints.u32(); count > 0; count--) {
      opcodes.push(bytes[(body?.start ?? 0) + hints.u32()] ?? -1);
      hints.skip(2);
    }
  }
  const ifOpcode = 0x04;
  assert.ok(opcodes.length >= 3);
  assert.deepEqual([...new Set(opcodes)], [ifOpcode]);
});
