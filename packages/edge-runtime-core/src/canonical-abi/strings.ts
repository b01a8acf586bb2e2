// Strings in the three encodings. Lifting checks the guest's bytes; lowering knows the exact size in advance and
// therefore allocates once, where the spec's transcoding between guests may have to guess and reallocate.
// Cost: short ASCII strings, most of what components exchange, go through loops of a few nanoseconds a character.
// Spec: CanonicalABI `load_string_from_range`, `store_string_into_range`.

import type { Codec } from "./codec.ts";
import { shortAscii, stringFromUnits } from "./code-units.ts";
import { changedMeanwhile, misfit, ValueFault } from "./invalid-value.ts";
import type { Lift } from "./lift.ts";
import type { Lowering } from "./lowering.ts";
import { viewElements } from "./memory.ts";
import { rangeCodec } from "./range-codec.ts";
import { textCodec } from "../binary/text-codec.ts";

const MAX_STRING_BYTE_LENGTH = 2 ** 28 - 1;
const REALLOC_I32_MAX = 2 ** 32 - 1;
const UTF16_TAG = 0x8000_0000;

/** Up to here a loop is faster than the fixed price of the platform's decoder and encoder. */
const LONGEST_DECODED_HERE = 40;
const LONGEST_ENCODED_HERE = 24;

/** Header of a string on the heap, and what bounds the time of many short ones. */
const STRING_HEAP_BYTES = 64;

/** A string that a loop puts together stays in pieces of 8 characters: 24 bytes a piece, 32 for each joint. */
const PIECED_BYTES_A_CHARACTER = 7;

/** Spec: `load_string_from_range`. */
function loadStringFromRange(lift: Lift, ptr: number, taggedCodeUnits: number): string {
  switch (lift.cx.encoding) {
    case "utf8":
      return loadUtf8(lift, ptr, taggedCodeUnits);
    case "utf16":
      return loadUtf16(lift, ptr, taggedCodeUnits);
    case "latin1+utf16":
      return taggedCodeUnits >= UTF16_TAG
        ? loadUtf16(lift, ptr, taggedCodeUnits - UTF16_TAG)
        : loadLatin1(lift, ptr, taggedCodeUnits);
  }
}

/** The checks that all encodings share, in the spec's order, then fuel and budget. */
function admitString(lift: Lift, ptr: number, byteLength: number, alignment: number, heapBytes: number): void {
  // trap_if(byte_length > MAX_STRING_BYTE_LENGTH)
  if (byteLength > MAX_STRING_BYTE_LENGTH) lift.cx.trap(`string content out-of-bounds: ${byteLength} bytes`);
  // trap_if(ptr != align_to(ptr, alignment)); trap_if(ptr + byte_length > len(cx.opts.memory))
  lift.checkRange(ptr, byteLength, alignment, "string content");
  lift.cx.chargeBytes(byteLength);
  lift.takeBudget(STRING_HEAP_BYTES + heapBytes);
}

function loadUtf8(lift: Lift, ptr: number, byteLength: number): string {
  const isShort = byteLength <= LONGEST_DECODED_HERE;
  // One character outside Latin-1 makes V8 keep two bytes for each.
  admitString(lift, ptr, byteLength, 1, (isShort ? PIECED_BYTES_A_CHARACTER : 2) * byteLength);
  if (isShort) {
    const ascii = shortAscii(lift.bytes, ptr, byteLength);
    if (ascii !== undefined) return ascii;
  }
  const text = textCodec.decode(lift.bytes.subarray(ptr, ptr + byteLength));
  return text ?? lift.cx.trap(`invalid utf-8 in the string at ${ptr}`);
}

function loadLatin1(lift: Lift, ptr: number, byteLength: number): string {
  admitString(lift, ptr, byteLength, 2, byteLength);
  return stringFromUnits(lift.bytes.subarray(ptr, ptr + byteLength));
}

function loadUtf16(lift: Lift, ptr: number, codeUnits: number): string {
  admitString(lift, ptr, 2 * codeUnits, 2, 2 * codeUnits);
  const text = stringFromUnits(viewElements(lift.bytes, Uint16Array, ptr, codeUnits));
  return text.isWellFormed() ? text : lift.cx.trap(`invalid utf-16 in the string at ${ptr}`);
}

/** Bytes that the string takes in the guest. */
function encodedSize(lowering: Lowering, text: string): number {
  switch (lowering.cx.encoding) {
    case "utf8":
      return text.length <= LONGEST_ENCODED_HERE && isBelow(text, 0x80) ? text.length : textCodec.byteLength(text);
    case "utf16":
      return 2 * text.length;
    case "latin1+utf16":
      return isBelow(text, 0x100) ? text.length : 2 * text.length;
  }
}

function isBelow(text: string, limit: number): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) >= limit) return false;
  }
  return true;
}

function measureString(lowering: Lowering, value: unknown): void {
  if (typeof value !== "string") misfit("string", value);
  const size = encodedSize(lowering, value);
  if (size > REALLOC_I32_MAX) throw new ValueFault("string of less than 4 GiB", `one of ${size} bytes`);
  lowering.cx.chargeBytes(size);
  lowering.allocate(size, lowering.cx.encoding === "utf8" ? 1 : 2);
}

/** Spec: `store_string_into_range`. Returns the tagged code units. */
function storeStringIntoRange(lowering: Lowering, value: unknown): number {
  if (typeof value !== "string") return changedMeanwhile();
  const size = lowering.nextSize();
  const ptr = lowering.take(size);
  lowering.rangePtr = ptr;
  if (lowering.cx.encoding === "utf8") {
    storeUtf8(lowering, value, ptr, size);
    return size;
  }
  if (lowering.cx.encoding === "latin1+utf16" && size === value.length) {
    if (storeUnits(lowering.bytes, value, ptr) >= 0x100) changedMeanwhile();
    return size;
  }
  if (size !== 2 * value.length) changedMeanwhile();
  // Lone surrogates become U+FFFD; the length stays.
  storeUnits(viewElements(lowering.bytes, Uint16Array, ptr, value.length), value.toWellFormed(), 0);
  return lowering.cx.encoding === "utf16" ? value.length : value.length + UTF16_TAG;
}

function storeUtf8(lowering: Lowering, text: string, ptr: number, size: number): void {
  if (size === text.length && size <= LONGEST_ENCODED_HERE) {
    if (storeUnits(lowering.bytes, text, ptr) >= 0x80) changedMeanwhile();
    return;
  }
  const written = textCodec.encodeInto(text, lowering.bytes.subarray(ptr, ptr + size));
  if (written !== size) changedMeanwhile();
}

/** Returns all units or-ed together. */
function storeUnits(target: Uint8Array | Uint16Array, text: string, at: number): number {
  let seen = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    seen |= unit;
    target[at + index] = unit;
  }
  return seen;
}

export function stringCodec(): Codec {
  return rangeCodec({
    loadRange: loadStringFromRange,
    measure: measureString,
    storeRange: storeStringIntoRange,
  });
}
