// Growing byte buffer for WebAssembly output. LEB128 is written in its shortest form, except for placeholders that
// are patched later. Positions are stable: bytes once written move only when the buffer itself is reallocated.

export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** Drops everything from `length` on. */
  truncate(length: number): void {
    this.#length = length;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  bytes2(first: number, second: number): void {
    this.#reserve(2);
    this.#bytes[this.#length++] = first;
    this.#bytes[this.#length++] = second;
  }

  u32(value: number): void {
    this.#reserve(5);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Signed LEB128 of a number in the i32 range. */
  s32(value: number): void {
    this.#reserve(5);
    let rest = value;
    while (rest < -0x40 || rest > 0x3f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>= 7;
    }
    this.#bytes[this.#length++] = rest & 0x7f;
  }

  /** `i64.const` of the 64 bits of `value`. */
  i64Const(value: bigint): void {
    this.#reserve(11);
    this.#bytes[this.#length++] = 0x42;
    let rest = BigInt.asIntN(64, value);
    while (rest < -0x40n || rest > 0x3fn) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest & 0x7fn);
  }

  /** Signed LEB128 in exactly two bytes, so that it can be patched; returns its position. */
  paddedS14(value: number): number {
    const at = this.#length;
    this.#reserve(2);
    this.#length += 2;
    this.patchS14(at, value);
    return at;
  }

  /** `value`: from -8,192 to 8,191. */
  patchS14(at: number, value: number): void {
    this.#bytes[at] = (value & 0x7f) | 0x80;
    this.#bytes[at + 1] = (value >> 7) & 0x7f;
  }

  /** Appends `source[from, to)`. */
  copy(source: Uint8Array, from: number, to: number): void {
    const count = to - from;
    this.#reserve(count);
    if (count < 32) {
      for (let index = from; index < to; index++) this.#bytes[this.#length++] = source[index] ?? 0;
      return;
    }
    this.#bytes.set(from === 0 && to === source.length ? source : source.subarray(from, to), this.#length);
    this.#length += count;
  }

  append(source: Uint8Array | readonly number[]): void {
    this.#reserve(source.length);
    this.#bytes.set(source, this.#length);
    this.#length += source.length;
  }

  /** A name: UTF-8 bytes after their count. Injected names are ASCII; originals are copied as bytes. */
  asciiName(name: string): void {
    this.u32(name.length);
    for (let index = 0; index < name.length; index++) this.byte(name.charCodeAt(index));
  }

  section(id: number, content: Writer): void {
    this.byte(id);
    this.u32(content.length);
    content.#appendTo(this);
  }

  /** Appends the content of another writer after its length. */
  sized(content: Writer): void {
    this.u32(content.length);
    content.#appendTo(this);
  }

  /** As `sized`, for bytes. */
  sizedBytes(content: Uint8Array): void {
    this.u32(content.length);
    this.append(content);
  }

  appendWriter(content: Writer): void {
    content.#appendTo(this);
  }

  #appendTo(target: Writer): void {
    target.copy(this.#bytes, 0, this.#length);
  }

  /** What was written, without a copy: valid until more is. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}
