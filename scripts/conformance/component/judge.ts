// Whether a refusal or a trap is the one that a script asserts.

import type { CompilationFailed } from "edge-runtime-common";
import { validateWasmHeader } from "edge-runtime-core";
import type { Command, Script } from "./script.ts";
import type { Verdict } from "./verdict.ts";
import { failed, listed, passed } from "./verdict.ts";

/** Messages of several lines are one line here. */
function plain(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ": ");
}

const offsetPattern = /\(at offset (0x[0-9a-f]+)\)/;

function offsetOf(text: string): string | undefined {
  return offsetPattern.exec(text)?.[1];
}

/** Judges the refusal of what must be refused: the category of the script, and the official validator's offset. */
export function judgeRefusal(error: CompilationFailed, command: Command, script: Script): Verdict {
  const reference = script.referenceOf(command);
  const isOfFeature = command.valid_with !== undefined && error.feature !== undefined;
  // Core modules that stand alone are V8's to judge, in its words.
  if (isOfFeature || validateWasmHeader(script.bytesOf(command)) === "core") return passed;
  const message = plain(error.reason);
  // Where a script switches off a feature that V8 has, the reference gives another reason.
  const hasCategory = message.includes(plain(command.text ?? "")) || message === plain(reference ?? "");
  const hasOffset = reference === undefined || offsetOf(reference) === offsetOf(message);
  if (hasCategory && hasOffset) return passed;
  if (error.feature !== undefined) return listed(`refused, but for ${error.feature}`);
  return failed(`refused: ${message}; expected: ${plain(reference ?? command.text ?? "")}`);
}

/** The words of scripts for traps of core WebAssembly, and ours where they differ. */
const coreTraps: readonly (readonly [text: RegExp, message: string])[] = [
  [/unreachable/, "unreachable executed"],
  [/uninitialized element/, "indirect call type mismatch"],
  [/undefined element/, "undefined element"],
  [/integer divide by zero/, "integer divide by zero"],
  [/out of bounds memory access/, "out of bounds memory access"],
  [/indirect call type mismatch/, "indirect call type mismatch"],
];

/** Whether the trap's message is that of the script. */
export function isTrap(message: string, text: string): boolean {
  const core = coreTraps.find(([pattern]) => pattern.test(text));
  return message.includes(core === undefined ? text.replace(/^wasm trap: /, "") : core[1]);
}
