// Text that a guest or a client chose, on its way to a log that people read in terminals. JSON escapes the control
// characters of ASCII; the rest that could move a cursor or reorder a line is made visible here.

/** DEL and C1 controls (U+009B starts a terminal sequence), line and paragraph separators, bidirectional controls. */
// eslint-disable-next-line no-control-regex
const UNSAFE = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** The text with each such character written as `\u{9b}`. */
export function visibleText(text: string): string {
  if (!UNSAFE.test(text)) return text;
  return text.replace(new RegExp(UNSAFE, "g"), (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
