import assert from "node:assert/strict";
import { test } from "node:test";
import { CompilationFailed } from "edge-runtime-common";
import { parseWat } from "edge-runtime-testing";
import type { CoreModuleShape } from "../../src/binary/module.ts";
import { printGlobal, printMemory, printTable, readCoreModule } from "../../src/binary/module.ts";
import { header, leb, moduleBytes, name, section } from "../support/module-builder.ts";

async function shapeOf(wat: string): Promise<CoreModuleShape> {
  return readCoreModule(await parseWat(wat));
}

test("module: index spaces put imports first", async () => {
  const shape = await shapeOf(`(module
    (import "a" "f" (func (param i32 i64) (result f32 f64)))
    (import "a" "g" (global i32))
    (import "b" "m" (memory 1 2))
    (import "b" "t" (table 3 funcref))
    (import "" "tag" (tag (param i32)))
    (func) (func (param externref))
    (global (mut v128) (v128.const i64x2 0 0))
    (table 1 2 externref)
    (export "f1" (func 1)) (export "g1" (global 1)) (export "__proto__" (table 1)) (export "tag" (tag 0))
    (start 1))`);
  assert.equal(shape.importedFunctions, 1);
  assert.equal(shape.functions.length, 3);
  assert.equal(shape.start, 1);
  assert.deepEqual(
    shape.imports.map(({ module, name: item, kind, type }) => `${module}.${item} ${kind} ${type}`),
    [
      "a.f function func(i32, i64) -> f32, f64",
      "a.g global global i32",
      "b.m memory memory 1..2 pages",
      "b.t table table 3 funcref",
      ".tag tag tag func(i32)",
    ],
  );
  assert.deepEqual(shape.exports, [
    { name: "f1", kind: "function", index: 1 },
    { name: "g1", kind: "global", index: 1 },
    { name: "__proto__", kind: "table", index: 1 },
    { name: "tag", kind: "tag", index: 0 },
  ]);
  assert.deepEqual(
    shape.globals.map(({ type, imported }) => [printGlobal(type), imported]),
    [
      ["global i32", true],
      ["global mut v128", false],
    ],
  );
  assert.deepEqual(
    shape.tables.map(({ type }) => printTable(type)),
    ["table 3 funcref", "table 1..2 externref"],
  );
  assert.deepEqual([...shape.features].toSorted(), ["exceptions", "multi-value", "simd"]);
});

const featureRows: readonly (readonly [wat: string, features: readonly string[]])[] = [
  ["(module)", []],
  ["(module (memory 1))", []],
  ["(module (memory 1) (memory 1))", ["multi-memory"]],
  ["(module (memory i64 1))", ["memory64"]],
  ["(module (table i64 1 funcref))", ["memory64"]],
  ["(module (memory 1 1 shared))", ["threads"]],
  ["(module (type (struct)))", ["gc"]],
  ["(module (type (array i8)))", ["gc"]],
  ["(module (rec (type (func)) (type (func))))", ["gc"]],
  ["(module (type $f (func)) (table 1 (ref null $f)))", ["function-references"]],
  ["(module (global anyref (ref.null any)))", ["gc"]],
  ["(module (tag))", ["exceptions"]],
  ["(module (global exnref (ref.null exn)))", ["exceptions"]],
  ['(module (data "x") (memory 1) (func (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0))))', ["bulk-memory"]],
];

for (const [wat, features] of featureRows) {
  test(`module: ${wat} uses [${features.join(", ")}]`, async () => {
    assert.deepEqual([...(await shapeOf(wat)).features].toSorted(), features);
  });
}

test("module: a recursion group's types count one by one", async () => {
  const shape = await shapeOf(
    "(module (rec (type (func)) (type (struct (field i32 (mut i8))))) (type (func (param i32))))",
  );
  assert.deepEqual(
    shape.types.map((type) => type.kind),
    ["func", "struct", "func"],
  );
});

test("module: tables keep the bytes of their element type", async () => {
  const shape = await shapeOf(
    "(module (type $f (func)) (table 1 funcref) (table 1 externref) (table 1 (ref null $f)))",
  );
  assert.deepEqual(
    shape.tables.map(({ type }) => type.elementCode),
    [[0x70], [0x6f], [0x63, 0]],
  );
});

test("module: limits of 64-bit and shared memories print as such", async () => {
  const shape = await shapeOf("(module (memory i64 1 2) (memory 3 4 shared))");
  assert.deepEqual(
    shape.memories.map(({ type }) => printMemory(type)),
    ["memory 1..2 pages, 64-bit", "memory 3..4 pages, shared"],
  );
});

function withSections(...sections: readonly (readonly number[])[]): Uint8Array {
  return new Uint8Array([...header, ...sections.flat()]);
}

const refused: readonly (readonly [name: string, bytes: Uint8Array, reason: RegExp])[] = [
  ["a section longer than the module", withSections([1, ...leb(1000), 0]), /section 1 of 1000 bytes exceeds/],
  ["a section size of 2^32 - 1", withSections([0, ...leb(0xffff_ffff)]), /exceeds the module/],
  ["an unknown section", withSections(section(14, [])), /unknown section 14/],
  ["more types than bytes", withSections(section(1, leb(1_000_000))), /count 1000000 exceeds/],
  ["more imports than bytes", withSections(section(2, leb(0xffff_ffff))), /count 4294967295 exceeds/],
  ["an unknown external kind", withSections(section(2, [1, ...name("a"), ...name("b"), 9])), /malformed external kind/],
  ["an unknown value type", withSections(section(1, [1, 0x60, 1, 0x33, 0])), /malformed value type/],
  ["an unknown composite type", withSections(section(1, [1, 0x5d])), /unknown composite type 0x5d/],
  ["limits with unknown flags", withSections(section(5, [1, 0x08, 0])), /unsupported limits flags 0x8/],
  ["a section that ends inside an item", withSections(section(3, [1])), /exceeds the bytes that are left/],
];

for (const [what, bytes, reason] of refused) {
  test(`module: refuses ${what}`, () => {
    assert.throws(
      () => readCoreModule(bytes),
      (error: unknown) => error instanceof CompilationFailed && reason.test(error.reason),
    );
  });
}

test("module: the test builder's modules are what it says", () => {
  const bytes = moduleBytes({
    types: [[0x60, 0, 1, 0x7f]],
    functions: [0],
    exports: [["constructor", 0, 0]],
    bodies: [{ locals: [[3, 0x7e]], code: [0x41, 7, 0x0b] }],
  });
  assert.equal(WebAssembly.validate(bytes), true);
  assert.equal(readCoreModule(bytes).exports[0]?.name, "constructor");
});
