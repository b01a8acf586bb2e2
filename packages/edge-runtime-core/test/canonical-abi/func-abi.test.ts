import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileFuncAbi } from "../../src/canonical-abi/index.ts";
import type { FuncAbi, FuncType, ValType } from "../../src/canonical-abi/index.ts";
import { createFixture, GuestTrap } from "./abi-fixture.ts";

const u32: ValType = { kind: "u32" };
const string: ValType = { kind: "string" };

function params(count: number, type: ValType): FuncType["params"] {
  return Array.from({ length: count }, (_item, index) => ({ name: `p${index}`, type }));
}

describe("func abi: passing parameters", () => {
  test("func abi: 16 core values are passed flat, 17 in memory", () => {
    const flat = compileFuncAbi({ params: params(16, u32), result: undefined });
    assert.equal(flat.lift.params.length, 16);
    const spilled = compileFuncAbi({ params: params(17, u32), result: undefined });
    assert.deepEqual(spilled.lift, { params: ["i32"], results: [] });
  });

  test("func abi: parameters in memory are one allocation, the first", () => {
    const abi = compileFuncAbi({ params: [...params(16, u32), { name: "s", type: string }], result: undefined });
    const fixture = createFixture({ heap: 64 });
    const values = [...Array.from({ length: 16 }, (_item, index) => index), "text"];
    const plan = abi.measureParams(fixture.cx, values);
    assert.deepEqual({ sizes: plan.sizes, aligns: plan.aligns }, { sizes: [72, 4], aligns: [4, 1] });
    assert.deepEqual(abi.lowerParams(fixture.cx, plan, fixture.allocate(plan)), [64]);
    assert.deepEqual(abi.liftParams(fixture.cx, [64]), values);
  });

  for (const [title, ptr] of [
    ["unaligned", 66],
    ["out of bounds", 4092],
    ["out of bounds after 2^32", -4],
  ] as const) {
    test(`func abi: a parameter pointer that is ${title} traps`, () => {
      const abi = compileFuncAbi({ params: params(17, u32), result: undefined });
      assert.throws(() => abi.liftParams(createFixture().cx, [ptr]), GuestTrap);
    });
  }

  test("func abi: a lowered import with results in memory gets the return pointer last", () => {
    const abi = compileFuncAbi({ params: params(2, u32), result: string });
    assert.deepEqual(abi.lift, { params: ["i32", "i32"], results: ["i32"] });
    assert.deepEqual(abi.lower, { params: ["i32", "i32", "i32"], results: [] });
    assert.equal(abi.returnPointerIndex, 2);
    assert.deepEqual(abi.liftParams(createFixture().cx, [1, 2, 64]), [1, 2]);
    const spilled = compileFuncAbi({ params: params(17, u32), result: string });
    assert.equal(spilled.returnPointerIndex, 1);
  });

  test("func abi: a function of numbers only never asks for the memory", () => {
    const abi = compileFuncAbi({ params: params(2, u32), result: u32 });
    const memory = (): never => assert.fail("memory was read");
    const cx = { ...createFixture().cx, memory };
    assert.deepEqual(abi.liftParams(cx, [1, 2]), [1, 2]);
    assert.deepEqual(abi.lowerParams(cx, abi.measureParams(cx, [1, 2]), []), [1, 2]);
    assert.equal(abi.lowerResult(cx, abi.measureResult(cx, 3), []), 3);
    assert.equal(abi.liftResult(cx, 3), 3);
  });

  test("func abi: no parameters and no result", () => {
    const abi = compileFuncAbi({ params: [], result: undefined });
    const { cx } = createFixture();
    assert.deepEqual(abi.liftParams(cx, []), []);
    assert.deepEqual(abi.lowerParams(cx, abi.measureParams(cx, []), []), []);
    assert.equal(abi.liftResult(cx, undefined), undefined);
    assert.equal(abi.lowerResult(cx, abi.measureResult(cx, "ignored"), []), undefined);
  });
});

describe("func abi: joined core types of variants", () => {
  const mixed: ValType = {
    kind: "variant",
    cases: [
      { name: "int", type: { kind: "s32" } },
      { name: "float", type: { kind: "f32" } },
      { name: "long", type: { kind: "u64" } },
      { name: "double", type: { kind: "f64" } },
      { name: "empty", type: undefined },
      { name: "inner", type: { kind: "result", ok: { kind: "f32" }, err: { kind: "u8" } } },
    ],
  };
  const abi = compileFuncAbi({ params: [{ name: "v", type: mixed }], result: undefined });

  for (const [value, core] of [
    [{ tag: "int", val: -2 }, [0, 0xffff_fffen, 0]],
    [{ tag: "float", val: -1.5 }, [1, 0xbfc0_0000n, 0]],
    [{ tag: "float", val: Number.NaN }, [1, 0x7fc0_0000n, 0]],
    [{ tag: "long", val: 2n ** 64n - 1n }, [2, 2n ** 64n - 1n, 0]],
    [{ tag: "double", val: 1 }, [3, 0x3ff0_0000_0000_0000n, 0]],
    [{ tag: "double", val: Number.NaN }, [3, 0x7ff8_0000_0000_0000n, 0]],
    [{ tag: "empty" }, [4, 0n, 0]],
    [{ tag: "inner", val: { tag: "ok", val: 1 } }, [5, 0n, 0x3f80_0000]],
    [{ tag: "inner", val: { tag: "err", val: 9 } }, [5, 1n, 9]],
  ] as const) {
    test(`func abi: ${value.tag} is passed as ${core.join(", ")}`, () => {
      assert.deepEqual(abi.lift.params, ["i32", "i64", "i32"]);
      const { cx } = createFixture();
      const plan = abi.measureParams(cx, [value]);
      assert.deepStrictEqual(abi.lowerParams(cx, plan, []), [...core]);
      assert.deepStrictEqual(abi.liftParams(cx, [...core]), [value]);
    });
  }

  test("func abi: only the low bits of a wider core type count", () => {
    const { cx } = createFixture();
    assert.deepEqual(abi.liftParams(cx, [0, -1n << 32n, 5]), [{ tag: "int", val: 0 }]);
    assert.deepEqual(abi.liftParams(cx, [1, (7n << 32n) | 0x3f80_0000n, 5]), [{ tag: "float", val: 1 }]);
  });
});

describe("func abi: discriminants and characters from the guest", () => {
  const enumOf = (count: number): ValType => ({
    kind: "enum",
    names: Array.from({ length: count }, (_item, index) => `n${index}`),
  });
  const rows: readonly (readonly [title: string, type: ValType, core: number, message: RegExp])[] = [
    ["an enum case after the last", enumOf(3), 3, /^invalid variant discriminant: 3 of 3/],
    ["a negative enum case", enumOf(3), -1, /^invalid variant discriminant: 4294967295/],
    ["an enum case over 8 bits", enumOf(256), 256, /^invalid variant discriminant/],
    ["an option case after the last", { kind: "option", type: u32 }, 2, /^invalid variant discriminant/],
    ["a result case after the last", { kind: "result", ok: undefined, err: u32 }, 2, /^invalid variant discriminant/],
    ["a surrogate as char", { kind: "char" }, 0xd800, /^invalid `char` bit pattern: 0xd800/],
    ["the last surrogate as char", { kind: "char" }, 0xdfff, /^invalid `char`/],
    ["a char above U+10FFFF", { kind: "char" }, 0x11_0000, /^invalid `char`/],
    ["a negative char", { kind: "char" }, -1, /^invalid `char`/],
  ];
  for (const [title, type, core, message] of rows) {
    test(`func abi: ${title} traps, flat and in memory`, () => {
      const flat = compileFuncAbi({ params: [{ name: "a", type }], result: undefined });
      assert.throws(() => flat.liftParams(createFixture().cx, [core, 0]), { message });
      const list = compileFuncAbi({
        params: [{ name: "a", type: { kind: "list", element: type } }],
        result: undefined,
      });
      const contents = new Uint8Array(Int32Array.of(core).buffer);
      // One byte cannot hold 256: in memory that discriminant does not exist.
      if (core === 256) return;
      assert.throws(() => list.liftParams(createFixture({ contents }).cx, [0, 1]), GuestTrap);
    });
  }

  test("func abi: an enum of 257 cases has two bytes, one of 65,537 has four", () => {
    for (const [count, size] of [
      [256, 1],
      [257, 2],
      [65_536, 2],
      [65_537, 4],
    ] as const) {
      const abi = compileFuncAbi({
        params: [{ name: "a", type: { kind: "list", element: enumOf(count) } }],
        result: undefined,
      });
      const fixture = createFixture();
      const plan = abi.measureParams(fixture.cx, [[`n${count - 1}`]]);
      assert.deepEqual(plan.sizes, [size]);
      assert.deepEqual(abi.liftParams(fixture.cx, abi.lowerParams(fixture.cx, plan, fixture.allocate(plan))), [
        [`n${count - 1}`],
      ]);
    }
  });
});

describe("func abi: pointers from the guest's realloc", () => {
  const abi = compileFuncAbi({ params: [{ name: "l", type: { kind: "list", element: u32 } }], result: string });
  for (const [title, ptr] of [
    ["unaligned", 66],
    ["past the end", 4096 - 4],
    ["at the end of the address space", -4],
    ["beyond 2^31", 2 ** 31],
  ] as const) {
    test(`func abi: a list's pointer ${title} traps and nothing is written`, () => {
      const fixture = createFixture();
      const plan = abi.measureParams(fixture.cx, [[1, 2]]);
      assert.throws(() => abi.lowerParams(fixture.cx, plan, [ptr]), GuestTrap);
      assert.ok(fixture.bytes.every((byte) => byte === 0));
    });
  }

  test("func abi: an empty list's pointer is checked too", () => {
    const { cx } = createFixture();
    assert.throws(() => abi.lowerParams(cx, abi.measureParams(cx, [[]]), [2]), GuestTrap);
    assert.throws(() => abi.lowerParams(cx, abi.measureParams(cx, [[]]), [4100]), GuestTrap);
    assert.deepEqual(abi.lowerParams(cx, abi.measureParams(cx, [[]]), [4096]), [4096, 0]);
  });

  for (const [title, ptr] of [
    ["unaligned", 2],
    ["past the end", 4092],
    ["wrapping around", -8],
  ] as const) {
    test(`func abi: a return pointer ${title} traps`, () => {
      const { cx } = createFixture();
      assert.throws(() => abi.lowerResult(cx, abi.measureResult(cx, ""), [16], ptr), GuestTrap);
      assert.throws(() => abi.liftResult(cx, ptr), GuestTrap);
    });
  }
});

describe("func abi: values that the host changes while the guest allocates", () => {
  const type: ValType = {
    kind: "record",
    fields: [
      { name: "list", type: { kind: "list", element: string } },
      { name: "bytes", type: { kind: "list", element: { kind: "u8" } } },
    ],
  };
  const abi = compileFuncAbi({ params: [{ name: "r", type }], result: undefined });

  interface Changing {
    list: unknown;
    bytes: unknown;
  }
  const changes: readonly (readonly [title: string, change: (value: Changing) => void])[] = [
    ["a longer string", (value) => void ((value.list as string[])[0] = "abcdef")],
    ["a string of more bytes", (value) => void ((value.list as string[])[0] = "é€🌊")],
    ["a string of other characters", (value) => void ((value.list as string[])[0] = "abé")],
    ["a longer list", (value) => void (value.list as string[]).push("x")],
    ["a shorter list", (value) => void (value.list as string[]).pop()],
    ["longer bytes", (value) => void (value.bytes = new Uint8Array(1000).fill(1))],
    ["another type", (value) => void (value.list = "text")],
    ["a number for a string", (value) => void ((value.list as unknown[])[0] = 7)],
  ];
  for (const [title, change] of changes) {
    test(`func abi: ${title} is refused and nothing outside of the allocations is written`, () => {
      const fixture = createFixture({ heap: 64, gap: 8 });
      const value: Changing = { list: ["abc", "def"], bytes: Uint8Array.of(1, 2) };
      const plan = abi.measureParams(fixture.cx, [value]);
      const pointers = fixture.allocate(plan);
      change(value);
      assert.throws(() => abi.lowerParams(fixture.cx, plan, pointers), { name: "SignatureMismatch" });
      pointers.forEach((ptr, index) => fixture.bytes.fill(0, ptr, ptr + (plan.sizes[index] ?? 0)));
      assert.ok(fixture.bytes.every((byte) => byte === 0));
    });
  }
});

describe("func abi: charges are settled", () => {
  const wide: ValType = { kind: "tuple", types: Array.from({ length: 17 }, () => string) };
  const params = (type: ValType): FuncAbi => compileFuncAbi({ params: [{ name: "p", type }], result: type });

  for (const [title, type, value] of [
    ["flat", u32, 7],
    ["in memory", wide, Array.from({ length: 17 }, () => "x")],
  ] as const) {
    test(`func abi: once at the end of each lift and each measuring, ${title}`, () => {
      const fixture = createFixture();
      const abi = params(type);
      const steps = [
        () =>
          abi.liftParams(
            fixture.cx,
            abi.lift.params.map(() => 0),
          ),
        () => abi.liftResult(fixture.cx, 0),
        () => abi.measureParams(fixture.cx, [value]),
        () => abi.measureResult(fixture.cx, value),
      ];
      for (const [index, step] of steps.entries()) {
        step();
        assert.equal(fixture.settled(), index + 1);
      }
      assert.throws(() => abi.measureParams(fixture.cx, ["wrong"]), { name: "SignatureMismatch" });
      assert.equal(fixture.settled(), steps.length + 1);
    });
  }
});

describe("func abi: misuse by the engine", () => {
  const abi = compileFuncAbi({ params: [{ name: "s", type: string }], result: undefined });

  test("func abi: a plan of another context is an internal error", () => {
    const plan = abi.measureParams(createFixture().cx, ["x"]);
    assert.throws(() => abi.lowerParams(createFixture().cx, plan, [16]), { name: "InternalError" });
  });

  test("func abi: fewer pointers than allocations is an internal error", () => {
    const { cx } = createFixture();
    assert.throws(() => abi.lowerParams(cx, abi.measureParams(cx, ["x"]), []), { name: "InternalError" });
  });
});

describe("func abi: hostile types", () => {
  test("func abi: a type of 2^40 parts that is defined in 40 steps compiles at once", () => {
    let type: ValType = { kind: "u8" };
    for (let level = 0; level < 40; level++) type = { kind: "tuple", types: [type, type] };
    const abi = compileFuncAbi({ params: [{ name: "a", type }], result: type });
    assert.deepEqual(abi.lower, { params: ["i32", "i32"], results: [] });
    assert.throws(() => abi.liftParams(createFixture().cx, [0, 0]), GuestTrap);
  });
});
