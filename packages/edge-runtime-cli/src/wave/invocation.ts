// A function call in WAVE, as `--invoke` takes it: `name(arg, arg)`.

import { readToken } from "./tokens.ts";
import { waveError } from "./wave-error.ts";

export interface WaveInvocation {
  /** What stands before the parenthesis: `greet`, `wasi:cli/run@0.2.0#run`. */
  readonly name: string;
  /** What stands between the parentheses, for `parseWaveArguments`. */
  readonly argsText: string;
}

const NAME = /^[A-Za-z0-9%:/.@#_+-]+$/;

/** Splits a call; the arguments are not looked at yet. Throws SignatureMismatch with the position. */
export function parseInvocation(text: string): WaveInvocation {
  const source = { text, subject: "call" };
  const open = text.indexOf("(");
  if (open < 0) throw waveError(source, text.length, "expected ( after the function's name");
  const name = text.slice(0, open).trim();
  if (!NAME.test(name)) throw waveError(source, 0, `expected a function's name, got ${JSON.stringify(name)}`);
  // Token by token, since a string or comment may hold a parenthesis.
  let last = readToken(source, open);
  for (let token = last; token.kind !== "end"; token = readToken(source, token.end)) last = token;
  if (last.kind !== ")") throw waveError(source, last.end, "expected ) at the end");
  return { name, argsText: text.slice(open + 1, last.start) };
}
