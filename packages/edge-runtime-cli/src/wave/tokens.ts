// The tokens of WAVE. Regular expressions are used only where they match in linear time; strings are scanned by
// hand. Grammar: bytecodealliance/wasm-tools, crates/wasm-wave, wave_ebnf.md.

import { escapeLength } from "./string-literal.ts";
import { waveError } from "./wave-error.ts";
import type { WaveSource } from "./wave-error.ts";

export type Punctuation = "(" | ")" | "[" | "]" | "{" | "}" | ":" | ",";

export interface Token {
  readonly kind: Punctuation | "number" | "label" | "char" | "string" | "multiline" | "end";
  /** Offsets in the source, end exclusive; literals with their quotes. */
  readonly start: number;
  readonly end: number;
}

const SPACE_OR_COMMENT = /(?:[ \t\n\r]+|\/\/[^\n]*)*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|-inf/y;
const LABEL = /%?(?:[a-z][a-z0-9]*|[A-Z][A-Z0-9]*)(?:-(?:[a-z0-9]+|[A-Z0-9]+))*/y;
const WORD_CHARACTER = /[A-Za-z0-9_%-]/;
const TRIPLE_QUOTE = '"""';

/** Length of the match at `offset`, 0 where there is none. */
function matchLength(pattern: RegExp, text: string, offset: number): number {
  const sticky = new RegExp(pattern);
  sticky.lastIndex = offset;
  return sticky.exec(text)?.[0].length ?? 0;
}

/** The first token at or after `offset`. */
export function readToken(source: WaveSource, offset: number): Token {
  const { text } = source;
  const start = offset + matchLength(SPACE_OR_COMMENT, text, offset);
  const first = text.charAt(start);
  switch (first) {
    case "":
      return { kind: "end", start, end: start };
    case "(":
    case ")":
    case "[":
    case "]":
    case "{":
    case "}":
    case ":":
    case ",":
      return { kind: first, start, end: start + 1 };
    case "'":
      return { kind: "char", start, end: findCharEnd(source, start) };
    case '"':
      return text.startsWith(TRIPLE_QUOTE, start)
        ? { kind: "multiline", start, end: findMultilineEnd(source, start) }
        : { kind: "string", start, end: findStringEnd(source, start) };
    default:
      return readWord(source, start);
  }
}

function readWord(source: WaveSource, start: number): Token {
  const { text } = source;
  const numberLength = matchLength(NUMBER, text, start);
  const end = start + (numberLength || matchLength(LABEL, text, start));
  // What goes on without a break, as in `01` or `Infinity`, is one bad word and not two good ones.
  if (end === start || WORD_CHARACTER.test(text.charAt(end))) {
    const word = /^[A-Za-z0-9_%.-]+/.exec(text.slice(start, start + 40))?.[0] ?? text.charAt(start);
    throw waveError(source, start, `invalid token ${JSON.stringify(word)}`);
  }
  return { kind: numberLength > 0 ? "number" : "label", start, end };
}

/** Scans to the closing quote, over escapes whose form is right. */
function findStringEnd(source: WaveSource, start: number): number {
  const { text } = source;
  for (let at = start + 1; at < text.length && text.charAt(at) !== "\n";) {
    if (text.charAt(at) === '"') return at + 1;
    at += text.charAt(at) === "\\" ? checkedEscapeLength(source, at) : 1;
  }
  throw waveError(source, start, "unterminated string");
}

function findCharEnd(source: WaveSource, start: number): number {
  const { text } = source;
  const inner = text.codePointAt(start + 1);
  if (inner === undefined || inner === 0x0a || text.charAt(start + 1) === "'") {
    throw waveError(source, start, "expected a character between single quotes");
  }
  const length = text.charAt(start + 1) === "\\" ? checkedEscapeLength(source, start + 1) : inner > 0xffff ? 2 : 1;
  const end = start + 1 + length;
  if (text.charAt(end) !== "'") throw waveError(source, start, "expected one character between single quotes");
  return end + 1;
}

function findMultilineEnd(source: WaveSource, start: number): number {
  const end = source.text.indexOf(TRIPLE_QUOTE, start + TRIPLE_QUOTE.length);
  if (end < 0) throw waveError(source, start, 'unterminated string: no closing """');
  return end + TRIPLE_QUOTE.length;
}

function checkedEscapeLength(source: WaveSource, at: number): number {
  const length = escapeLength(source.text, at);
  if (length === 0) throw waveError(source, at, "invalid escape");
  return length;
}
