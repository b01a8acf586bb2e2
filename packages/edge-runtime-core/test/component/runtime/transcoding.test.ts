// Strings between sibling components in all pairs of encodings: what arrives, where it is written and where not, and
// pointers, sizes and contents that a hostile side may give.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { StringEncoding } from "../../../src/canonical-abi/types.ts";
import type { Living } from "../living-component.ts";
import { bringToLife, rejectsWith } from "../living-component.ts";

const encodings: readonly StringEncoding[] = ["utf8", "utf16", "latin1+utf16"];
const tag = 0x8000_0000;
const sourceAt = 0x1000;
const pages = 4;
const memorySize = pages << 16;

interface SiblingOptions {
  readonly from: StringEncoding;
  readonly to: StringEncoding;
  /** Contents at 0x1000 of the caller. */
  readonly contents?: Uint8Array;
  /** What the callee's realloc gives: an expression of its parameters. */
  readonly realloc?: string;
}

function literal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
}

/**
 * A caller that passes a pointer and a length as a string, and a callee that keeps what it got: `seen` is length, pointer,
 * number of allocations and bytes of the last; `byte` one of its memory, which is full of 0xaa.
 */
function siblings({ from, to, contents = new Uint8Array(), realloc = "(i32.const 0x2000)" }: SiblingOptions): string {
  return `(component
    (component $callee
      (core module $m (memory (export "memory") ${pages})
        (global $at (mut i32) (i32.const 0)) (global $length (mut i32) (i32.const 0))
        (global $count (mut i32) (i32.const 0)) (global $size (mut i32) (i32.const 0))
        (func $fill (memory.fill (i32.const 0) (i32.const 0xaa) (i32.const ${memorySize}))) (start $fill)
        (func (export "realloc") (param $old i32) (param $oldSize i32) (param $align i32) (param $newSize i32) (result i32)
          (global.set $count (i32.add (global.get $count) (i32.const 1)))
          (global.set $size (local.get $newSize))
          ${realloc})
        (func (export "take") (param i32 i32) (global.set $at (local.get 0)) (global.set $length (local.get 1)))
        (func (export "seen") (param i32) (result i32)
          (if (result i32) (i32.eqz (local.get 0)) (then (global.get $length)) (else
          (if (result i32) (i32.eq (local.get 0) (i32.const 1)) (then (global.get $at)) (else
          (if (result i32) (i32.eq (local.get 0) (i32.const 2)) (then (global.get $count)) (else (global.get $size))))))))
        (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0))))
      (core instance $m (instantiate $m))
      (func (export "take") (param "s" string) (canon lift (core func $m "take")
        (memory (core memory $m "memory")) (realloc (core func $m "realloc")) string-encoding=${to}))
      (func (export "seen") (param "what" u32) (result u32) (canon lift (core func $m "seen")))
      (func (export "byte") (param "at" u32) (result u8) (canon lift (core func $m "byte"))))
    (instance $callee (instantiate $callee))
    (alias export $callee "take" (func $take))
    (component $caller (import "take" (func $take (param "s" string)))
      (core module $libc (memory (export "memory") ${pages}) (data (i32.const ${sourceAt}) "${literal(contents)}"))
      (core instance $libc (instantiate $libc))
      (core func $take (canon lower (func $take) (memory (core memory $libc "memory")) string-encoding=${from}))
      (core module $m (import "" "take" (func $take (param i32 i32)))
        (func (export "pass") (param i32 i32) (call $take (local.get 0) (local.get 1))))
      (core instance $m (instantiate $m (with "" (instance (export "take" (func $take))))))
      (func (export "pass") (param "at" u32) (param "length" u32) (canon lift (core func $m "pass"))))
    (instance $caller (instantiate $caller (with "take" (func $take))))
    (export "pass" (func $caller "pass"))
    (export "seen" (func $callee "seen"))
    (export "byte" (func $callee "byte")))`;
}

interface Encoded {
  readonly bytes: Uint8Array;
  readonly length: number;
}

function utf16(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "utf16le"));
}

function encode(text: string, encoding: StringEncoding): Encoded {
  if (encoding === "utf8") {
    const bytes = new TextEncoder().encode(text);
    return { bytes, length: bytes.length };
  }
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  if (encoding === "latin1+utf16" && units.every((unit) => unit < 0x100)) {
    return { bytes: Uint8Array.from(units), length: units.length };
  }
  return { bytes: utf16(text), length: encoding === "utf16" ? text.length : text.length + tag };
}

/** The callee's memory from 8 bytes before the string to 8 behind it. */
async function around({ call }: Living, at: number, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size + 16);
  for (let index = 0; index < bytes.length; index++) {
    // The calls share an instance.
    // oxlint-disable-next-line no-await-in-loop
    bytes[index] = Number(await call("byte", at - 8 + index));
  }
  return bytes;
}

const texts = [
  "",
  "abc",
  "é",
  "ÿ\u0080",
  "Ā",
  "aé🌊",
  "🌊🌊",
  "\u0000",
  "\ufeffa",
  "x".repeat(60),
  `${"é".repeat(30)}Ā`,
];

async function passes(from: StringEncoding, to: StringEncoding, text: string): Promise<void> {
  const source = encode(text, from);
  const target = encode(text, to);
  const living = await bringToLife(siblings({ from, to, contents: source.bytes }));
  await living.call("pass", sourceAt, source.length);
  assert.equal(await living.call("seen", 0), target.length, "length");
  assert.equal(await living.call("seen", 1), 0x2000, "pointer");
  assert.equal(await living.call("seen", 2), 1, "one allocation");
  assert.equal(await living.call("seen", 3), target.bytes.length, "of the final size");
  const guard = new Uint8Array(8).fill(0xaa);
  const found = await around(living, 0x2000, target.bytes.length);
  assert.deepEqual(found, Uint8Array.of(...guard, ...target.bytes, ...guard));
}

/** Pointers and lengths that a caller must not give, whatever the encoding of the callee. */
const badSources: readonly (readonly [from: StringEncoding, at: number, length: number, message: RegExp])[] = [
  ["utf8", memorySize, 1, /out-of-bounds/],
  ["utf8", memorySize + 1, 0, /out-of-bounds/],
  ["utf8", 0xffff_ffff, 1, /out-of-bounds/],
  ["utf8", 0xffff_fff0, 0x20, /out-of-bounds/],
  ["utf8", 0, 0xffff_ffff, /out-of-bounds/],
  ["utf8", 0, 2 ** 28, /out-of-bounds: 268435456 bytes/],
  ["utf8", 0, memorySize + 1, /out-of-bounds/],
  ["utf16", 1, 0, /unaligned/],
  ["utf16", memorySize - 2, 2, /out-of-bounds/],
  ["utf16", 0, 2 ** 27, /out-of-bounds: 268435456 bytes/],
  ["utf16", 2, 2 ** 31, /out-of-bounds/],
  ["utf16", 0, 0x8000_0001, /out-of-bounds/],
  ["latin1+utf16", 1, 1, /unaligned/],
  ["latin1+utf16", memorySize - 2, 3, /out-of-bounds/],
  ["latin1+utf16", memorySize - 2, tag + 2, /out-of-bounds/],
  ["latin1+utf16", 0, tag + 2 ** 27, /out-of-bounds: 268435456 bytes/],
  ["latin1+utf16", 0, 0xffff_ffff, /out-of-bounds/],
  ["latin1+utf16", 3, tag, /unaligned/],
];

/** Contents that are no text. */
const badTexts: readonly (readonly [from: StringEncoding, hex: string, length: number])[] = [
  ["utf8", "ff", 1],
  ["utf8", "c080", 2],
  ["utf8", "eda080", 3],
  ["utf8", "f0908d", 3],
  ["utf8", "f4908080", 4],
  ["utf16", "00d8", 1],
  ["utf16", "00dc00d8", 2],
  ["utf16", "00d86100", 2],
  ["latin1+utf16", "00d8", tag + 1],
  ["latin1+utf16", "6100ffdf", tag + 2],
];

/** What a callee's realloc must not give for a string of 16 bytes or 16 code units. */
const badPointers: readonly (readonly [to: StringEncoding, pointer: number, message: RegExp])[] = [
  ["utf8", memorySize - 15, /out-of-bounds/],
  ["utf8", memorySize + 1, /out-of-bounds/],
  ["utf8", 0xffff_fff8, /out-of-bounds/],
  ["utf8", 0xffff_ffff, /out-of-bounds/],
  ["utf16", 0x2001, /unaligned/],
  ["utf16", memorySize - 30, /out-of-bounds/],
  ["utf16", 0xffff_fffe, /out-of-bounds/],
  ["latin1+utf16", 0x2001, /unaligned/],
  ["latin1+utf16", memorySize - 14, /out-of-bounds/],
  ["latin1+utf16", 0xffff_fff0, /out-of-bounds/],
];

for (const from of encodings) {
  describe(`transcoding: from ${from}`, () => {
    for (const to of encodings) {
      test(`transcoding: ${from} to ${to}: strings arrive in one allocation, and nothing is written beside them`, async () => {
        // oxlint-disable-next-line no-await-in-loop -- each is a component of its own
        for (const text of texts) await passes(from, to, text);
      });

      test(`transcoding: ${from} to ${to}: pointers and lengths of the caller are checked`, async () => {
        for (const [encoding, at, length, message] of badSources) {
          if (encoding !== from) continue;
          // oxlint-disable-next-line no-await-in-loop
          const { call } = await bringToLife(siblings({ from, to }));
          // oxlint-disable-next-line no-await-in-loop
          await rejectsWith(call("pass", at, length), message);
        }
      });

      test(`transcoding: ${from} to ${to}: what is no text traps`, async () => {
        for (const [encoding, hex, length] of badTexts) {
          if (encoding !== from) continue;
          const contents = Uint8Array.from(Buffer.from(hex, "hex"));
          // oxlint-disable-next-line no-await-in-loop
          const { call } = await bringToLife(siblings({ from, to, contents }));
          // oxlint-disable-next-line no-await-in-loop
          await rejectsWith(call("pass", sourceAt, length), /invalid utf-/);
        }
      });

      test(`transcoding: ${from} to ${to}: pointers of the callee's realloc are checked`, async () => {
        const { bytes, length } = encode("x".repeat(16), from);
        for (const [encoding, pointer, message] of badPointers) {
          if (encoding !== to) continue;
          const realloc = `(i32.const ${pointer | 0})`;
          // oxlint-disable-next-line no-await-in-loop
          const { call } = await bringToLife(siblings({ from, to, contents: bytes, realloc }));
          // oxlint-disable-next-line no-await-in-loop
          await rejectsWith(call("pass", sourceAt, length), message);
        }
      });
    }
  });
}

test("transcoding: strings that grow on the way are bounded by what they were", async () => {
  // One byte a character in Latin-1, two in UTF-8 and UTF-16.
  const contents = new Uint8Array(0x1_0000).fill(0xe9);
  for (const to of ["utf8", "utf16"] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const { call } = await bringToLife(siblings({ from: "latin1+utf16", to, contents }));
    // oxlint-disable-next-line no-await-in-loop
    await call("pass", sourceAt, contents.length);
    // oxlint-disable-next-line no-await-in-loop
    assert.equal(await call("seen", 3), 2 * contents.length);
  }
});

test("transcoding: a realloc that writes where the string is still gets the string", async () => {
  // The callee's realloc fills its whole memory again; the string is written afterwards.
  const realloc = "(memory.fill (i32.const 0) (i32.const 0x55) (i32.const 0x10000)) (i32.const 0x2000)";
  const { bytes, length } = encode("text", "utf8");
  const living = await bringToLife(siblings({ from: "utf8", to: "utf16", contents: bytes, realloc }));
  await living.call("pass", sourceAt, length);
  assert.deepEqual((await around(living, 0x2000, 8)).slice(8, 16), utf16("text"));
});
