import assert from "node:assert/strict";
import { test } from "node:test";
import { CompilationFailed } from "edge-runtime-common";
import fc from "fast-check";
import { Reader } from "../../src/binary/reader.ts";
import { Writer } from "../../src/binary/writer.ts";
import { leb } from "../support/module-builder.ts";

function readerOf(...bytes: number[]): Reader {
  return new Reader(new Uint8Array(bytes));
}

type Read = (reader: Reader) => unknown;
const u32: Read = (reader) => reader.u32();
const s33: Read = (reader) => reader.s33();
const u64: Read = (reader) => reader.u64();

const accepted: readonly (readonly [name: string, read: Read, bytes: number[], value: unknown])[] = [
  ["u32 zero", u32, [0], 0],
  ["u32 of two bytes", u32, [0x80, 0x01], 128],
  ["u32 greatest", u32, [0xff, 0xff, 0xff, 0xff, 0x0f], 0xffff_ffff],
  ["u32 zero in five bytes", u32, [0x80, 0x80, 0x80, 0x80, 0x00], 0],
  ["s33 minus one", s33, [0x7f], -1],
  ["s33 greatest index", s33, [0xff, 0xff, 0xff, 0xff, 0x0f], 0xffff_ffff],
  ["s33 empty block type", s33, [0x40], -64],
  ["u64 greatest", u64, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 0xffff_ffff_ffff_ffffn],
  ["u64 zero in ten bytes", u64, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], 0n],
];

for (const [name, read, bytes, value] of accepted) {
  test(`reader: reads ${name}`, () => {
    const reader = readerOf(...bytes);
    assert.equal(read(reader), value);
    assert.equal(reader.done, true);
  });
}

const refused: readonly (readonly [name: string, read: Read, bytes: number[], reason: RegExp])[] = [
  ["u32 over 32 bits", u32, [0xff, 0xff, 0xff, 0xff, 0x1f], /integer too large/],
  ["u32 of six bytes", u32, [0x80, 0x80, 0x80, 0x80, 0x80, 0x00], /integer too large/],
  ["u32 cut short", u32, [0x80, 0x80], /unexpected end/],
  ["s33 of six bytes", s33, [0x80, 0x80, 0x80, 0x80, 0x80, 0x00], /too long/],
  ["s33 cut short", s33, [0xff], /unexpected end/],
  ["u64 over 64 bits", u64, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], /integer too large/],
  ["u64 of eleven bytes", u64, [...Array.from({ length: 10 }, () => 0x80), 0], /too long/],
  ["skipped LEB128 beyond its width", (reader) => reader.skipLeb(2), [0x80, 0x80, 0x00], /too long/],
  ["byte at the end", (reader) => reader.byte(), [], /unexpected end/],
  ["peek at the end", (reader) => reader.peek(), [], /unexpected end/],
  ["skip beyond the end", (reader) => reader.skip(3), [1, 2], /unexpected end/],
  ["take beyond the end", (reader) => reader.take(2 ** 32), [1, 2], /unexpected end/],
  ["count over what is left", (reader) => reader.count(), [...leb(0xffff_ffff), 0], /count 4294967295 exceeds/],
  ["count of items over what is left", (reader) => reader.count(3), [2, 1, 2, 3, 4, 5], /count 2 exceeds/],
  ["name over what is left", (reader) => reader.name(), [...leb(0xffff_ffff), 0x61], /unexpected end/],
  ["name that is not UTF-8", (reader) => reader.name(), [2, 0xc3, 0x28], /malformed UTF-8/],
  ["name with a lone surrogate", (reader) => reader.name(), [3, 0xed, 0xa0, 0x80], /malformed UTF-8/],
  ["name in an over-long encoding", (reader) => reader.name(), [2, 0xc0, 0x80], /malformed UTF-8/],
  [
    "long name that is not UTF-8",
    (reader) => reader.name(),
    [100, ...Array.from({ length: 99 }, () => 0x61), 0xff],
    /malformed UTF-8/,
  ],
];

for (const [name, read, bytes, reason] of refused) {
  test(`reader: refuses ${name}`, () => {
    assert.throws(
      () => read(readerOf(...bytes)),
      (error: unknown) => error instanceof CompilationFailed && reason.test(error.reason),
    );
  });
}

test("reader: stays inside the range that it was given", () => {
  const reader = new Reader(new Uint8Array([1, 2, 3, 4]), 1, 3);
  assert.equal(reader.byte(), 2);
  assert.equal(reader.remaining, 1);
  assert.equal(reader.byte(), 3);
  assert.throws(() => reader.byte(), /unexpected end of bytes \(at offset 0x3\)/);
});

test("reader: keeps a byte order mark and an empty name", () => {
  assert.equal(readerOf(3, 0xef, 0xbb, 0xbf).name(), "\uFEFF");
  assert.equal(readerOf(0).name(), "");
});

test("reader: reads names of every length and alphabet", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
      const bytes = new TextEncoder().encode(text);
      assert.equal(readerOf(...leb(bytes.length), ...bytes).name(), text);
    }),
    { numRuns: 200, seed: 1 },
  );
});

test("reader and writer: agree on u32 and s32", () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), fc.integer(), fc.integer({ min: -8192, max: 8191 }), (unsigned, signed, short) => {
      const out = new Writer(1);
      out.u32(unsigned);
      out.s32(signed);
      const at = out.paddedS14(0);
      out.patchS14(at, short);
      const reader = new Reader(out.finish());
      assert.equal(reader.u32(), unsigned);
      assert.equal(reader.s33(), signed);
      assert.equal(reader.pos, at);
      assert.equal(reader.s33(), short);
      assert.equal(reader.done, true);
    }),
    { numRuns: 500, seed: 1 },
  );
});

test("reader: any bytes give a value or a typed error, and never move beyond the end", () => {
  const reads: readonly Read[] = [u32, s33, u64, (r) => r.name(), (r) => r.count(2), (r) => r.skipLeb(5)];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 16 }), fc.nat(reads.length - 1), (bytes, which) => {
      const reader = new Reader(bytes);
      try {
        reads[which]?.(reader);
      } catch (error) {
        assert.ok(error instanceof CompilationFailed);
      }
      assert.ok(reader.pos <= bytes.length);
    }),
    { numRuns: 1000, seed: 1 },
  );
});
