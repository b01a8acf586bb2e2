// Unicode scalar values. Spec: `convert_i32_to_char`, `char_to_i32`.

import { outOfRange } from "./invalid-value.ts";
import type { Lift } from "./lift.ts";

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}

/** `code` is unsigned. */
export function decodeChar(lift: Lift, code: number): string {
  // trap_if(i >= 0x110000); trap_if(0xD800 <= i <= 0xDFFF)
  if (code >= 0x11_0000 || isSurrogate(code)) lift.cx.trap(`invalid \`char\` bit pattern: 0x${code.toString(16)}`);
  return String.fromCodePoint(code);
}

/** The code of a string that is exactly one scalar value. Throws ValueFault. */
export function encodeChar(value: unknown): number {
  const code = typeof value === "string" ? value.codePointAt(0) : undefined;
  const isOne = code !== undefined && (value as string).length === (code > 0xffff ? 2 : 1);
  return isOne && !isSurrogate(code) ? code : outOfRange("char (a string of one Unicode scalar value)", value);
}
