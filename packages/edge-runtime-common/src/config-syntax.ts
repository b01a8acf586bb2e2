// Text to data, before any meaning is given to it. Syntax errors become InvalidConfig with line and column where the
// parser tells them (V8's JSON parser does not for short texts).

import { parse as parseToml, TomlError } from "smol-toml";
import { InvalidConfig } from "./errors.ts";

/** Throws InvalidConfig where the text is not of the format. */
export function parseConfigSyntax(text: string, format: "toml" | "json"): unknown {
  try {
    return format === "toml" ? parseToml(text) : JSON.parse(text);
  } catch (error) {
    throw new InvalidConfig(describeSyntaxError(error, format), error);
  }
}

function describeSyntaxError(error: unknown, format: "toml" | "json"): string {
  if (error instanceof TomlError) {
    // The first line only: a picture of the code follows it.
    const summary = (error.message.split("\n", 1)[0] ?? "").replace("Invalid TOML document: ", "");
    return `TOML syntax, line ${error.line}, column ${error.column}: ${summary}`;
  }
  return `${format.toUpperCase()} syntax: ${error instanceof Error ? error.message : String(error)}`;
}
