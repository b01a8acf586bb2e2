// Strings from code units that need no decoding: ASCII, Latin-1 and UTF-16.

/** Arguments of one call of `fromCharCode`: more would not fit every engine's stack. */
const UNITS_A_CALL = 4096;

/** The units as a string, surrogates unchecked. */
export function stringFromUnits(units: Uint8Array | Uint16Array): string {
  let text = "";
  for (let from = 0; from < units.length; from += UNITS_A_CALL) {
    // `apply` takes a typed array as it is; spreading one would go through its iterator.
    const part: unknown = units.subarray(from, from + UNITS_A_CALL);
    text += String.fromCharCode.apply(undefined, part as number[]);
  }
  return text;
}

/** For a few dozen bytes in bounds: the string if all are ASCII. A tenth of the time of a general decoder. */
export function shortAscii(bytes: Uint8Array, ptr: number, length: number): string | undefined {
  const end = ptr + length;
  let text = "";
  let at = ptr;
  let seen = 0;
  for (; at + 8 <= end; at += 8) {
    const a = bytes[at] as number;
    const b = bytes[at + 1] as number;
    const c = bytes[at + 2] as number;
    const d = bytes[at + 3] as number;
    const e = bytes[at + 4] as number;
    const f = bytes[at + 5] as number;
    const g = bytes[at + 6] as number;
    const h = bytes[at + 7] as number;
    seen |= a | b | c | d | e | f | g | h;
    text += String.fromCharCode(a, b, c, d, e, f, g, h);
  }
  if (at + 4 <= end) {
    const a = bytes[at] as number;
    const b = bytes[at + 1] as number;
    const c = bytes[at + 2] as number;
    const d = bytes[at + 3] as number;
    seen |= a | b | c | d;
    text += String.fromCharCode(a, b, c, d);
    at += 4;
  }
  for (; at < end; at++) {
    const unit = bytes[at] as number;
    seen |= unit;
    text += String.fromCharCode(unit);
  }
  return seen < 0x80 ? text : undefined;
}
