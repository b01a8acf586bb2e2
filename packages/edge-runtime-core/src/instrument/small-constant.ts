// The count of a bulk operation or of growth, where the operator before it is a small constant. Wasmtime charges such a
// count like the operator itself, growth that is refused included, and does not check.

import { smallCount } from "./cost-table.ts";

const i32Const = 0x41;
const i64Const = 0x42;

/** Value of the `i32.const` or `i64.const` at `at`, from 0 to `smallCount`; undefined for anything else. */
export function smallConstant(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at] !== i32Const && bytes[at] !== i64Const) return undefined;
  let value = 0;
  let scale = 1;
  // The module is valid: the number ends, and bit 6 of its last byte is the sign.
  for (let pos = at + 1; ; pos++) {
    const byte = bytes[pos] ?? 0;
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte >= 0x80) continue;
    return byte < 0x40 && value <= smallCount ? value : undefined;
  }
}
