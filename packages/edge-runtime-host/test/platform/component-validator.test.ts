// The official validator, by the detour that component-validator.ts draws.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CompilationFailed, defaultConfig } from "edge-runtime-common";
import { CompiledModule, WasmEngine } from "edge-runtime-core";
import { createNodePlatform } from "../../src/platform/node-platform.ts";
import { ComponentValidator } from "../../src/platform/component-validator.ts";
import { parseWat } from "../../src/platform/wat-parser.ts";

const validator = new ComponentValidator();

async function refusalOf(text: string): Promise<string | undefined> {
  return validator.validate(await parseWat(text));
}

for (const [what, text] of [
  ["an empty component", `(component)`],
  // Reading the WIT of these fails or panics: they are valid nevertheless.
  ["an export that WIT cannot say", `(component (type $t (record (field "a" u8))) (export "t" (type $t)))`],
  ["a component as an import", `(component (import "c" (component (import "f" (func)))))`],
  ["a core module as an import", `(component (import "m" (core module (export "f" (func)))))`],
  // Features that the runtime's own decoder refuses by name.
  ["async", `(component (type (stream u8)) (core func (canon task.return)))`],
  // What this version of the validator does not know yet.
  ["names that differ by a hyphen", `(component (import "a1" (func)) (import "a-1" (func)))`],
] as const) {
  test(`validator: accepts ${what}`, async () => {
    assert.equal(await refusalOf(text), undefined);
  });
}

for (const [text, refusal] of [
  [`(component (export "f" (func 0)))`, "unknown function 0: function index out of bounds (at offset 0xb)"],
  [
    `(component (import "a" (func)) (import "A" (func)))`,
    "import name `A` conflicts with previous name `a` (at offset 0x21)",
  ],
  // Seen from a component around it, the index would be known.
  [`(component (alias outer 1 0 (type)))`, "invalid outer alias count of 1 (at offset 0xb)"],
  [
    `(component (component $c (import "x" (func (param "p" u32)))) (import "y" (func $y (param "p" string)))
      (instance (instantiate $c (with "x" (func $y)))))`,
    "type mismatch for import `x`: type mismatch in function parameter `p`: expected primitive `u32` found primitive `string`",
  ],
] as const) {
  test(`validator: refuses ${text.slice(0, 60)} with the offset in the file`, async () => {
    const found = (await refusalOf(text)) ?? "none";
    assert.ok(found.startsWith(refusal), found);
    assert.match(found, /\(at offset 0x[0-9a-f]+\)$/);
  });
}

test("validator: a refusal is one line of printable ASCII, without identities that differ from run to run", async () => {
  const bytes = await parseWat(`(component
    (component $c (import "a" (type $a (sub resource))) (import "b" (type (eq $a))))
    (import "x" (type $x (sub resource))) (import "y" (type $y (sub resource)))
    (instance (instantiate $c (with "a" (type $x)) (with "b" (type $y)))))`);
  const [first, second] = [await validator.validate(bytes), await validator.validate(bytes)];
  assert.match(
    first ?? "",
    /^type mismatch for import `b`: resource types are not the same \(at offset 0x[0-9a-f]+\)$/,
  );
  assert.equal(first, second);
});

test("validator: names that are long or not ASCII do not get far", async () => {
  const name = `${"x".repeat(5000)}\u202e\n`;
  const utf8 = new TextEncoder().encode(name);
  const leb = [(utf8.length & 0x7f) | 0x80, utf8.length >>> 7];
  const body = [1, 0, ...leb, ...utf8, 1, 0];
  const size = [(body.length & 0x7f) | 0x80, body.length >>> 7];
  const types = [0x07, 5, 1, 0x40, 0, 1, 0];
  const bytes = new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, ...types, 0x0a, ...size, ...body]);
  const refusal = await validator.validate(bytes);
  assert.match(refusal ?? "", /^[\x20-\x7e]{500,1100} \(at offset 0x[0-9a-f]+\)$/);
});

test("validator: what ends it ends this component only", async () => {
  // Not even a header: no refusal of the validator's, so the tools are loaded anew.
  assert.match((await validator.validate(new Uint8Array(3))) ?? "", /./);
  assert.equal(await refusalOf("(component)"), undefined);
});

test("validator: an engine refuses what it refuses, and function bodies as V8 does, at the file's offset", async () => {
  const engine = new WasmEngine(defaultConfig().engine, { platform: createNodePlatform() });
  const refused = async (text: string, message: RegExp): Promise<void> => {
    await assert.rejects(CompiledModule.fromWat(engine, text), (error) => {
      assert.ok(error instanceof CompilationFailed);
      assert.match(error.reason, message);
      return true;
    });
  };
  await refused(
    `(component (export "f" (func 0)))`,
    /^unknown function 0: function index out of bounds \(at offset 0xb\)$/,
  );
  // Of a module that is never instantiated, in a component that is not either.
  const invalid = `(core module (func (i32.add)))`;
  for (const [text, offset] of [
    [`(component ${invalid})`, "0x21"],
    [`(component (component ${invalid}))`, "0x2b"],
  ] as const) {
    await refused(
      text,
      new RegExp(`^type mismatch: Compiling function #0 failed: not enough arguments .* \\(at offset ${offset}\\)$`),
    );
  }
  await refused(`(component (type (stream u8)))`, /streams \(WASI 0.3\), which is not supported/);
});
