// The contents of character and string literals.

import { waveError } from "./wave-error.ts";
import type { WaveSource } from "./wave-error.ts";

const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["'", "'"],
  ['"', '"'],
  ["\\", "\\"],
  ["t", "\t"],
  ["n", "\n"],
  ["r", "\r"],
]);

const UNICODE_ESCAPE = /\\u\{([0-9a-fA-F]{1,6})\}/y;

function matchUnicodeEscape(text: string, at: number): RegExpExecArray | null {
  const pattern = new RegExp(UNICODE_ESCAPE);
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Code units of the escape at `at`; 0 where its form is wrong. */
export function escapeLength(text: string, at: number): number {
  return SIMPLE_ESCAPES.has(text.charAt(at + 1)) ? 2 : (matchUnicodeEscape(text, at)?.[0].length ?? 0);
}

/** The text from `start` to `end`, escapes replaced. Throws SignatureMismatch for an escape that is no character. */
export function unescapeText(source: WaveSource, start: number, end: number): string {
  const { text } = source;
  const parts: string[] = [];
  let literalStart = start;
  for (let at = text.indexOf("\\", start); at >= 0 && at < end; at = text.indexOf("\\", literalStart)) {
    parts.push(text.slice(literalStart, at), unescapeAt(source, at));
    literalStart = at + escapeLength(text, at);
  }
  parts.push(text.slice(literalStart, end));
  return parts.join("");
}

function unescapeAt(source: WaveSource, at: number): string {
  const simple = SIMPLE_ESCAPES.get(source.text.charAt(at + 1));
  if (simple !== undefined) return simple;
  const digits = matchUnicodeEscape(source.text, at)?.[1];
  if (digits === undefined) throw waveError(source, at, "invalid escape");
  const code = Number.parseInt(digits, 16);
  if (code > 0x10_ffff || (code >= 0xd800 && code <= 0xdfff)) {
    throw waveError(source, at, `\\u{${digits}} is not a Unicode scalar value`);
  }
  return String.fromCodePoint(code);
}

/**
 * A string between triple quotes: the lines between the first and the last line break, each without the indentation
 * that the closing quotes have. `start` and `end` include the quotes.
 */
export function unescapeMultiline(source: WaveSource, start: number, end: number): string {
  const content = source.text.slice(start + 3, end - 3);
  const lines = content.split("\n");
  if (lines.length < 2 || !/^\r?$/.test(lines[0] ?? "")) {
    throw waveError(source, start, 'expected a line break after the opening """');
  }
  const indent = lines.at(-1) ?? "";
  if (!/^ *$/.test(indent)) {
    throw waveError(source, end - 3, 'expected only spaces before the closing """');
  }
  let lineStart = start + 3 + (lines[0] ?? "").length + 1;
  const unescaped = lines.slice(1, -1).map((line) => {
    if (!line.startsWith(indent)) {
      throw waveError(source, lineStart, `expected an indentation of at least ${indent.length} spaces`);
    }
    const lineEnd = lineStart + line.length - (line.endsWith("\r") ? 1 : 0);
    const text = unescapeText(source, lineStart + indent.length, lineEnd);
    lineStart += line.length + 1;
    return text;
  });
  return unescaped.join("\n");
}
