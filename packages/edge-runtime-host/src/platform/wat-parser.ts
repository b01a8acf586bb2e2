// The text format, by the official wasm-tools. They are a component that jco's glue runs in this process: loading
// takes 0.1 s, so it waits for the first text. Their errors are Rust's debug text, which this turns into one line.

/** Binary of a module or component in the text format; it is not validated. Rejects with a SyntaxError that starts `line L, column C:`. */
export async function parseWat(text: string): Promise<Uint8Array> {
  const tools = await import("@bytecodealliance/jco-transpile/wasm-tools");
  try {
    return await tools.parse(text);
  } catch (error) {
    throw new SyntaxError(describeWatError(error), { cause: error });
  }
}

const POSITION = /\bline: (\d+), col: (\d+), snippet: /;
const KIND = /, kind: (Custom|Lex)\((.*)\) \} \}\) \}$/s;

/** Most characters of a reason: it quotes names of the text, which may be long. */
const MAX_REASON_LENGTH = 300;

function describeWatError(error: unknown): string {
  const debug = error instanceof Error ? error.message : String(error);
  const position = POSITION.exec(debug);
  // The text that is quoted before the kind may look like one: only the last counts.
  const kindAt = debug.lastIndexOf(", kind: ");
  const [, kind, detail] = KIND.exec(debug.slice(Math.max(kindAt, 0))) ?? [];
  const reason = kind === undefined ? debug : kind === "Custom" ? unquote(detail ?? "") : `unexpected ${detail}`;
  const where = position === null ? "" : `line ${Number(position[1]) + 1}, column ${Number(position[2]) + 1}: `;
  return where + reason.replace(/^unexpected Unexpected\((.*)\)$/s, "unexpected $1").slice(0, MAX_REASON_LENGTH);
}

/** The text of a Rust string literal, whose escapes are those of JSON but for `\u{..}` and `\'`. */
function unquote(literal: string): string {
  return literal
    .slice(1, -1)
    .replace(/\\(?:u\{([0-9a-f]+)\}|(.))/gs, (_match, hex: string | undefined, char: string | undefined) => {
      if (hex !== undefined) return `U+${hex.toUpperCase()}`;
      return char === "n" || char === "t" || char === "r" ? " " : (char ?? "");
    });
}
