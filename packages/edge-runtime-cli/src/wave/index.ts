// WAVE, the WebAssembly Value Encoding: component values as text, in the form of Wasmtime's command line.
// Specification: bytecodealliance/wasm-tools, crates/wasm-wave. Values are in jco's JavaScript mapping.

import type { Field, ValType } from "edge-runtime-core";
import { parseSequenceNodes, parseValueNode } from "./syntax.ts";
import { toTypedArguments, toTypedValue } from "./typed-value.ts";

export { parseInvocation } from "./invocation.ts";
export { printWave } from "./print.ts";

/** The value that the text gives. Throws SignatureMismatch with the position and the type that was expected. */
export function parseWave(text: string, type: ValType, subject = "value"): unknown {
  const source = { text, subject };
  return toTypedValue(source, parseValueNode(source), type);
}

/** Comma-separated arguments, without parentheses; options at the end may be left out. Throws as `parseWave`. */
export function parseWaveArguments(text: string, params: readonly Field[]): unknown[] {
  const source = { text, subject: "arguments" };
  return toTypedArguments(source, parseSequenceNodes(source), params);
}
