import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CompilationFailed } from "edge-runtime-common";
import { readOpcode, skipConstantExpression, skipImmediates } from "../../src/binary/instruction.ts";
import { readCoreModule, SectionId } from "../../src/binary/module.ts";
import type { Opcode } from "../../src/binary/opcodes.ts";
import { Flow, oneByteOpcodes, prefixedOpcodes, usedFeatures } from "../../src/binary/opcodes.ts";
import { Reader } from "../../src/binary/reader.ts";
import { conformanceFiles, needs } from "../support/conformance.ts";
import { leb } from "../support/module-builder.ts";

/** First and last code of each run of MVP operators (core specification 1.0, Index of Instructions). */
const mvpRuns: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x05],
  [0x0b, 0x11],
  [0x1a, 0x1b],
  [0x20, 0x24],
  [0x28, 0x44],
  [0x45, 0xbf],
];

test("opcodes: every MVP operator has an entry", () => {
  for (const [first, last] of mvpRuns) {
    for (let code = first; code <= last; code++) assert.ok(oneByteOpcodes[code], `0x${code.toString(16)}`);
  }
});

const anchors: readonly (readonly [code: number, name: string])[] = [
  [0x28, "i32.load"],
  [0x2f, "i32.load16_u"],
  [0x35, "i64.load32_u"],
  [0x36, "i32.store"],
  [0x3e, "i64.store32"],
  [0x45, "i32.eqz"],
  [0x50, "i64.eqz"],
  [0x5b, "f32.eq"],
  [0x61, "f64.eq"],
  [0x67, "i32.clz"],
  [0x6a, "i32.add"],
  [0x79, "i64.clz"],
  [0x8b, "f32.abs"],
  [0x99, "f64.abs"],
  [0xa7, "i32.wrap_i64"],
  [0xbb, "f64.promote_f32"],
  [0xbf, "f64.reinterpret_i64"],
  [0xc0, "i32.extend8_s"],
  [0xc4, "i64.extend32_s"],
];

test("opcodes: names stand at the specification's codes", () => {
  for (const [code, name] of anchors) assert.equal(oneByteOpcodes[code]?.name, name);
  assert.equal(oneByteOpcodes[0xc5], undefined);
  assert.equal(prefixedOpcodes.get(0xfc)?.[17]?.name, "table.fill");
  assert.equal(prefixedOpcodes.get(0xfc)?.[18], undefined);
  assert.equal(prefixedOpcodes.get(0xfd)?.length, 0x114);
  assert.equal(prefixedOpcodes.get(0xfe)?.[0x4f], undefined);
});

test("opcodes: only those that do no work are free", () => {
  const free = new Set(oneByteOpcodes.filter((opcode) => opcode?.cost === 0).map((opcode) => opcode?.name));
  assert.deepEqual(free, new Set(["block", "drop", "else", "end", "loop", "nop", "return", "unreachable"]));
  for (const table of prefixedOpcodes.values()) assert.ok(table.every((opcode) => opcode?.cost === 1));
});

test("opcodes: every entry's name is its own", () => {
  const all = [...oneByteOpcodes, ...[...prefixedOpcodes.values()].flat()].filter((entry) => entry !== undefined);
  assert.equal(new Set(all.map((opcode) => opcode.name)).size, all.length);
});

interface Row {
  readonly name: string;
  readonly bytes: readonly number[];
  readonly features?: readonly string[];
}

/** One of each byte layout of immediates, with LEB128 that is not the shortest. */
const rows: readonly Row[] = [
  { name: "nop", bytes: [0x01] },
  { name: "block", bytes: [0x02, 0x40] },
  { name: "block", bytes: [0x02, 0x80, 0x80, 0x00] },
  { name: "loop", bytes: [0x03, 0x63, 0xff, 0x00] },
  { name: "try_table", bytes: [0x1f, 0x40, 4, 0, 5, 1, 1, 0, 0, 2, 3, 3, 0x80, 0x00], features: ["exceptions"] },
  { name: "br", bytes: [0x0c, 0xff, 0x01] },
  { name: "br_table", bytes: [0x0e, 2, 1, 0x80, 0x01, 0] },
  { name: "call", bytes: [0x10, 0x80, 0x00] },
  { name: "call_indirect", bytes: [0x11, 3, 0x81, 0x00] },
  { name: "return_call_indirect", bytes: [0x13, 3, 0], features: ["tail-call"] },
  { name: "call_ref", bytes: [0x14, 7], features: ["function-references"] },
  { name: "delegate", bytes: [0x18, 0], features: ["legacy-exceptions"] },
  { name: "select_t", bytes: [0x1c, 2, 0x7f, 0x64, 0x03], features: ["reference-types"] },
  { name: "global.get", bytes: [0x23, 0x85, 0x00] },
  { name: "i32.load", bytes: [0x28, 2, 0x80, 0x80, 0x04] },
  { name: "i64.store32", bytes: [0x3e, 0x42, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01] },
  { name: "memory.size", bytes: [0x3f, 0x80, 0x00] },
  { name: "i32.const", bytes: [0x41, 0xff, 0xff, 0xff, 0xff, 0x7f] },
  { name: "i64.const", bytes: [0x42, ...Array.from({ length: 9 }, () => 0xff), 0x7f] },
  { name: "f32.const", bytes: [0x43, 1, 2, 3, 4] },
  { name: "f64.const", bytes: [0x44, 1, 2, 3, 4, 5, 6, 7, 8] },
  { name: "ref.null", bytes: [0xd0, 0x80, 0x01], features: ["reference-types"] },
  { name: "ref.func", bytes: [0xd2, 9], features: ["reference-types"] },
  { name: "i64.extend32_s", bytes: [0xc4], features: ["sign-extension"] },
  { name: "i64.trunc_sat_f64_u", bytes: [0xfc, 7], features: ["nontrapping-float-to-int"] },
  { name: "memory.init", bytes: [0xfc, 8, 1, 0], features: ["bulk-memory"] },
  { name: "table.copy", bytes: [0xfc, 0x8e, 0x00, 1, 2], features: ["bulk-memory"] },
  { name: "table.fill", bytes: [0xfc, 17, 3], features: ["reference-types"] },
  { name: "simd.0x0", bytes: [0xfd, 0, 4, 16], features: ["simd"] },
  { name: "simd.0xc", bytes: [0xfd, 12, ...Array.from({ length: 16 }, () => 0x0b)], features: ["simd"] },
  { name: "simd.0xd", bytes: [0xfd, 13, ...Array.from({ length: 16 }, () => 31)], features: ["simd"] },
  { name: "simd.0x15", bytes: [0xfd, 21, 15], features: ["simd"] },
  { name: "simd.0x54", bytes: [0xfd, 84, 0x40, 1, 5, 7], features: ["simd"] },
  { name: "simd.0x5c", bytes: [0xfd, 92, 2, 5], features: ["simd"] },
  { name: "simd.0xff", bytes: [0xfd, 0xff, 0x01], features: ["simd"] },
  { name: "simd.0x100", bytes: [0xfd, 0x80, 0x02], features: ["simd", "relaxed-simd"] },
  { name: "br_on_cast", bytes: [0xfb, 24, 3, 0, 0x6e, 0x6c], features: ["gc"] },
  { name: "array.new_fixed", bytes: [0xfb, 8, 1, 2], features: ["gc"] },
  { name: "atomic.0x1e", bytes: [0xfe, 0x1e, 2, 0], features: ["threads"] },
];

for (const { name, bytes, features } of rows) {
  test(`opcodes: ${name} (${bytes.length} bytes) ends where its immediates end`, () => {
    const reader = new Reader(new Uint8Array([...bytes, 0x0b]));
    const opcode = readOpcode(reader);
    assert.equal(opcode.name, name);
    assert.deepEqual(usedFeatures(opcode.uses), features ?? []);
    skipImmediates(reader, opcode.immediate);
    assert.equal(reader.pos, bytes.length);
  });
}

const refused: readonly (readonly [name: string, bytes: readonly number[]])[] = [
  ["an unknown byte", [0xff]],
  ["a reserved byte", [0x16]],
  ["an unknown code behind a prefix", [0xfc, 0x40]],
  ["a code of 32 bits behind a prefix", [0xfd, ...leb(0xffff_ffff)]],
  ["a prefix alone", [0xfb]],
  ["a br_table longer than the code", [0x0e, ...leb(1_000_000_000), 0]],
  ["a try_table with more clauses than bytes", [0x1f, 0x40, ...leb(1_000_000_000), 0]],
  ["a select with more types than bytes", [0x1c, ...leb(1_000_000_000)]],
  ["a constant cut short", [0x44, 1, 2, 3]],
];

for (const [name, bytes] of refused) {
  test(`opcodes: refuses ${name}`, () => {
    assert.throws(() => {
      const reader = new Reader(new Uint8Array(bytes));
      skipImmediates(reader, readOpcode(reader).immediate);
    }, CompilationFailed);
  });
}

test("opcodes: a constant expression ends at its end", () => {
  const reader = new Reader(new Uint8Array([0x41, 1, 0x23, 0, 0x6a, 0x0b, 0x41]));
  skipConstantExpression(reader);
  assert.equal(reader.pos, 6);
  assert.throws(() => skipConstantExpression(new Reader(new Uint8Array([0x41, 1]))), CompilationFailed);
});

/** Decodes one body up to the `end` that closes it. */
function walkBody(reader: Reader, seen: Set<Opcode>): void {
  for (let groups = reader.count(2); groups > 0; groups--) {
    reader.u32();
    const type = reader.byte();
    if (type === 0x63 || type === 0x64) reader.skipLeb(5);
  }
  const opens = new Set<Flow>([Flow.block, Flow.loop, Flow.if, Flow.try, Flow.tryTable]);
  for (let depth = 1; depth > 0;) {
    const opcode = readOpcode(reader);
    seen.add(opcode);
    skipImmediates(reader, opcode.immediate);
    if (opens.has(opcode.flow)) depth += 1;
    if (opcode.flow === Flow.end || opcode.flow === Flow.delegate) depth -= 1;
  }
}

test("opcodes: every body of the specification's modules decodes to its last byte", needs("core"), (t) => {
  const seen = new Set<Opcode>();
  let bodies = 0;
  for (const file of conformanceFiles("core/{spec,wasmtime}/**/*.wasm")) {
    const bytes = new Uint8Array(readFileSync(file));
    if (!WebAssembly.validate(bytes)) continue;
    const code = readCoreModule(bytes).sections.find((section) => section.id === SectionId.code);
    if (code === undefined) continue;
    const reader = new Reader(bytes, code.start, code.end);
    for (let count = reader.count(); count > 0; count--) {
      const size = reader.u32();
      const body = new Reader(bytes, reader.pos, reader.pos + size);
      reader.skip(size);
      walkBody(body, seen);
      assert.equal(body.done, true, file);
      bodies += 1;
    }
  }
  t.diagnostic(`${bodies} bodies, ${seen.size} different operators`);
  assert.ok(bodies > 5000);
});
