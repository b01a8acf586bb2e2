// Bounded reader of WebAssembly bytes. Every read is checked against the end of what was given, every LEB128
// against its width, every count against the bytes that are left, so that hostile input costs no more than its size.
// Spec: WebAssembly core specification, Binary Format, Values.

import { CompilationFailed } from "edge-runtime-common";
import { textCodec } from "./text-codec.ts";

/** Up to this length, putting a name together here is faster than a call of the decoder. */
const shortName = 64;

export class Reader {
  readonly bytes: Uint8Array;
  readonly end: number;
  pos: number;

  /** Reads `bytes` from `start` up to `end` (exclusive); positions in errors are offsets into `bytes`. */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
  }

  get done(): boolean {
    return this.pos >= this.end;
  }

  get remaining(): number {
    return this.end - this.pos;
  }

  fail(reason: string, at = this.pos): never {
    throw new CompilationFailed(`${reason} (at offset 0x${at.toString(16)})`);
  }

  byte(): number {
    if (this.pos >= this.end) this.fail("unexpected end of bytes");
    return this.bytes[this.pos++] ?? 0;
  }

  peek(): number {
    if (this.pos >= this.end) this.fail("unexpected end of bytes");
    return this.bytes[this.pos] ?? 0;
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let result = first & 0x7f;
    for (let shift = 7; ; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 0x0f) this.fail("integer too large", this.pos - 1);
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return result >>> 0;
    }
  }

  /** Signed LEB128 of at most 33 bits: block types and heap types. Returned exactly. */
  s33(): number {
    let result = 0;
    for (let index = 0; index < 5; index++) {
      const byte = this.byte();
      result += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) {
        const bits = 7 * (index + 1);
        return byte & 0x40 ? result - 2 ** bits : result;
      }
    }
    return this.fail("integer representation too long");
  }

  /** Skips a LEB128 of at most `maxBytes` bytes without decoding it. */
  skipLeb(maxBytes: number): void {
    for (let index = 0; index < maxBytes; index++) {
      if (this.byte() < 0x80) return;
    }
    this.fail("integer representation too long");
  }

  /** Unsigned LEB128 of at most 64 bits. */
  u64(): bigint {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (result >= 1n << 64n) this.fail("integer too large");
        return result;
      }
    }
    return this.fail("integer representation too long");
  }

  skip(count: number): void {
    if (count > this.remaining) this.fail("unexpected end of bytes");
    this.pos += count;
  }

  /** A count of items of at least `minBytes` bytes each. */
  count(minBytes = 1): number {
    const at = this.pos;
    const count = this.u32();
    if (count * minBytes > this.remaining) this.fail(`count ${count} exceeds the bytes that are left`, at);
    return count;
  }

  take(count: number): Uint8Array {
    const from = this.pos;
    this.skip(count);
    return this.bytes.subarray(from, this.pos);
  }

  name(): string {
    const at = this.pos;
    const bytes = this.take(this.u32());
    let ascii = "";
    for (const byte of bytes) {
      if (byte >= 0x80 || bytes.length > shortName)
        return textCodec.decode(bytes) ?? this.fail("malformed UTF-8 encoding", at);
      ascii += String.fromCharCode(byte);
    }
    return ascii;
  }
}
