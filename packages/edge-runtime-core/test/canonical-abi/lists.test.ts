import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileFuncAbi } from "../../src/canonical-abi/index.ts";
import type { FuncAbi, ValType } from "../../src/canonical-abi/index.ts";
import { createFixture, GuestTrap } from "./abi-fixture.ts";
import type { AbiFixture } from "./abi-fixture.ts";

function listAbi(element: ValType): FuncAbi {
  return compileFuncAbi({ params: [{ name: "l", type: { kind: "list", element } }], result: undefined });
}

function lower(fixture: AbiFixture, abi: FuncAbi, value: unknown): unknown[] {
  const plan = abi.measureParams(fixture.cx, [value]);
  return abi.lowerParams(fixture.cx, plan, fixture.allocate(plan));
}

const tuple = (...types: ValType[]): ValType => ({ kind: "tuple", types });

const NUMBER_ROWS: readonly (readonly [ValType["kind"], unknown[], ArrayBufferView])[] = [
  ["s8", [-1, 2], Int8Array.of(-1, 2)],
  ["u8", [1, 255], Uint8Array.of(1, 255)],
  ["s16", [-1, 2], Int16Array.of(-1, 2)],
  ["u16", [1, 65_535], Uint16Array.of(1, 65_535)],
  ["s32", [-1, 2], Int32Array.of(-1, 2)],
  ["u32", [1, 4_294_967_295], Uint32Array.of(1, 4_294_967_295)],
  ["s64", [-1n, 2n], BigInt64Array.of(-1n, 2n)],
  ["u64", [1n, 2n ** 64n - 1n], BigUint64Array.of(1n, 2n ** 64n - 1n)],
  ["f32", [1.5, -0], Float32Array.of(1.5, -0)],
  ["f64", [0.1, -0], Float64Array.of(0.1, -0)],
];

describe("lists: numbers", () => {
  for (const [kind, array, typedArray] of NUMBER_ROWS) {
    test(`lists: list<${kind}> takes a ${typedArray.constructor.name} or an array, and lifts to the former`, () => {
      const abi = listAbi({ kind } as ValType);
      for (const value of [array, typedArray]) {
        const fixture = createFixture();
        const flat = lower(fixture, abi, value) as number[];
        assert.deepStrictEqual(abi.liftParams(fixture.cx, flat), [typedArray]);
        assert.equal(fixture.fuel(), 2 * typedArray.byteLength, "1 fuel a byte, in both directions");
      }
    });
  }

  test("lists: a lifted array is a copy with a buffer of its own", () => {
    const fixture = createFixture({ contents: Uint8Array.of(1, 2, 3, 4) });
    const [lifted] = listAbi({ kind: "u8" }).liftParams(fixture.cx, [1, 2]) as [Uint8Array];
    fixture.bytes.fill(9);
    assert.deepEqual([...lifted], [2, 3]);
    assert.equal(lifted.buffer.byteLength, 2);
  });

  test("lists: typed arrays of another kind are checked element by element", () => {
    const fixture = createFixture();
    const abi = listAbi({ kind: "u8" });
    const flat = lower(fixture, abi, Int32Array.of(1, 255)) as number[];
    assert.deepStrictEqual(abi.liftParams(fixture.cx, flat), [Uint8Array.of(1, 255)]);
    assert.throws(() => lower(fixture, abi, Int32Array.of(1, 256)), { message: /args\[0\]\[1\]: expected u8/ });
  });

  for (const [kind, hex] of [
    ["f32", "010080ff"],
    ["f64", "010000000000f07f"],
  ] as const) {
    test(`lists: NaNs in a list<${kind}> become the canonical one in both directions`, () => {
      const abi = listAbi({ kind });
      const size = hex.length / 2;
      const fixture = createFixture({ contents: Buffer.from(hex, "hex"), heap: 64 });
      const [lifted] = abi.liftParams(fixture.cx, [0, 1]) as [Float32Array | Float64Array];
      const canonical = kind === "f32" ? "0000c07f" : "000000000000f87f";
      assert.equal(Buffer.from(lifted.buffer).toString("hex"), canonical);
      new Uint8Array(lifted.buffer).set(Buffer.from(hex, "hex"));
      lower(fixture, abi, lifted);
      assert.equal(Buffer.from(fixture.bytes.subarray(64, 64 + size)).toString("hex"), canonical);
    });
  }
});

describe("lists: other elements", () => {
  test("lists: allocations are made in the order of the specification, parents before children", () => {
    const fixture = createFixture({ heap: 64 });
    const element = tuple({ kind: "string" }, { kind: "list", element: { kind: "u32" } });
    lower(fixture, listAbi(element), [
      ["a", [1]],
      ["bcd", []],
    ]);
    assert.deepEqual(
      fixture.reallocs.map(([, , align, size]) => [align, size]),
      [
        [4, 32],
        [1, 1],
        [4, 4],
        [1, 3],
        [4, 0],
      ],
    );
  });

  test("lists: one unit of fuel an element, and one for each of its parts", () => {
    const small = createFixture();
    lower(small, listAbi({ kind: "bool" }), [true, false, true]);
    assert.equal(small.fuel(), 3);
    const large = createFixture();
    const wide = tuple(...Array.from({ length: 40 }, (): ValType => ({ kind: "bool" })));
    lower(large, listAbi(wide), [Array.from({ length: 40 }, () => true)]);
    assert.equal(large.fuel(), 41);
  });

  test("lists: fuel is charged ahead, for a part of the list at a time", () => {
    const charges: number[] = [];
    const { cx } = createFixture({ memorySize: 65_536 });
    const chargeValues = (values: number): void => {
      if (charges.push(values) === 3) throw new GuestTrap("no fuel");
    };
    assert.throws(() => listAbi({ kind: "bool" }).liftParams({ ...cx, chargeValues }, [0, 50_000]), /no fuel/);
    assert.deepEqual(charges, [16_384, 16_384, 16_384]);
    const measured: number[] = [];
    const record = { ...cx, chargeValues: (values: number): void => void measured.push(values) };
    listAbi({ kind: "bool" }).measureParams(record, [Array.from({ length: 20_000 }, () => true)]);
    assert.deepEqual(measured, [16_384, 20_000 - 16_384]);
  });

  test("lists: parameters of more than 16 parts are charged, however they are passed", () => {
    const wide = tuple(...Array.from({ length: 40 }, (): ValType => ({ kind: "bool" })));
    for (const [count, fuel] of [
      [0, 0],
      [14, 0],
      [40, 26],
    ] as const) {
      const type = tuple(...Array.from({ length: count }, (): ValType => ({ kind: "bool" })));
      const abi = compileFuncAbi({ params: [{ name: "t", type }], result: wide });
      const fixture = createFixture();
      abi.liftParams(
        fixture.cx,
        abi.lift.params.map(() => 0),
      );
      assert.equal(fixture.fuel(), fuel);
      abi.measureParams(fixture.cx, [Array.from({ length: count }, () => true)]);
      assert.equal(fixture.fuel(), 2 * fuel);
      abi.liftResult(fixture.cx, 0);
      assert.equal(fixture.fuel(), 2 * fuel + 25);
    }
  });
});

interface RangeRow {
  readonly element: ValType;
  readonly ptr: number;
  readonly count: number;
  readonly message: RegExp | undefined;
}

const MEMORY_SIZE = 4096;
const OUTSIDE = /^list content out-of-bounds/;
const UNALIGNED = /^unaligned pointer/;

const RANGES: readonly RangeRow[] = [
  { element: { kind: "u8" }, ptr: MEMORY_SIZE, count: 0, message: undefined },
  { element: { kind: "u8" }, ptr: MEMORY_SIZE - 4, count: 4, message: undefined },
  { element: { kind: "u8" }, ptr: MEMORY_SIZE - 4, count: 5, message: OUTSIDE },
  { element: { kind: "u8" }, ptr: -4, count: 8, message: OUTSIDE },
  { element: { kind: "u8" }, ptr: 0, count: 2 ** 28, message: OUTSIDE },
  { element: { kind: "u8" }, ptr: 0, count: -1, message: OUTSIDE },
  { element: { kind: "u64" }, ptr: 4, count: 0, message: UNALIGNED },
  { element: { kind: "u64" }, ptr: 0, count: 2 ** 29, message: OUTSIDE },
  { element: { kind: "bool" }, ptr: -1, count: 0, message: OUTSIDE },
  { element: { kind: "string" }, ptr: 2, count: 1, message: UNALIGNED },
  { element: { kind: "string" }, ptr: MEMORY_SIZE - 8, count: 2, message: OUTSIDE },
  { element: { kind: "string" }, ptr: 0, count: 2 ** 29 + 1, message: OUTSIDE },
];

describe("lists: pointers and counts from the guest", () => {
  for (const { element, ptr, count, message } of RANGES) {
    const outcome = message === undefined ? "is in bounds" : `traps with ${message.source}`;
    test(`lists: ${count >>> 0} of ${element.kind} at ${ptr >>> 0} ${outcome}`, () => {
      const fixture = createFixture({ memorySize: MEMORY_SIZE });
      const act = (): unknown => listAbi(element).liftParams(fixture.cx, [ptr | 0, count | 0]);
      if (message === undefined) act();
      else assert.throws(act, { message });
    });
  }
});

describe("lists: budget for JavaScript objects", () => {
  const memorySize = 4 << 20;

  test("lists: small elements that become large objects trap before anything is made", () => {
    const { cx } = createFixture({ memorySize });
    const abi = listAbi(tuple({ kind: "u8" }, { kind: "u8" }));
    const message = /more than 67108864 bytes of host memory/;
    assert.throws(() => abi.liftParams(cx, [0, memorySize / 2]), { message });
  });

  test("lists: lists in lists share the budget of the lift", () => {
    // Every inner list is the same range of memory: 64 Ki elements of 1 byte, again and again.
    const contents = new Uint8Array(2048 * 8);
    const view = new DataView(contents.buffer);
    for (let at = 0; at < contents.length; at += 8) view.setUint32(at + 4, 65_536, true);
    const { cx } = createFixture({ memorySize, contents });
    const abi = listAbi({ kind: "list", element: { kind: "u8" } });
    assert.equal((abi.liftParams(cx, [0, 512]) as unknown[][])[0]?.length, 512);
    assert.throws(() => abi.liftParams(cx, [0, 2048]), GuestTrap);
  });

  test("lists: strings count at two bytes a code unit", () => {
    const { cx } = createFixture({ memorySize, liftBudgetBytes: 3000 });
    const abi = compileFuncAbi({ params: [{ name: "s", type: { kind: "string" } }], result: undefined });
    assert.equal(String(abi.liftParams(cx, [0, 1400])[0]).length, 1400);
    assert.throws(() => abi.liftParams(cx, [0, 1500]), GuestTrap);
  });

  test("lists: each lift starts with the whole budget", () => {
    const { cx } = createFixture({ liftBudgetBytes: 3000 });
    const abi = listAbi({ kind: "u8" });
    for (let round = 0; round < 10; round++) assert.equal(abi.liftParams(cx, [0, 2000]).length, 1);
  });
});
