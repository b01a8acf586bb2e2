// Validates core modules with V8, whose words for what is wrong are put under the specification's where they lie in a
// component: there the official validator speaks, which leaves function bodies to V8.
// Spec: core, appendix "Validation Algorithm"; the categories are those of the specification's test suite.

import { CompilationFailed } from "edge-runtime-common";

/** What V8 says, and the specification's name of it, in the order in which they are tried. */
const categories: readonly (readonly [message: RegExp, category: string])[] = [
  [/invalid local index/i, "unknown local"],
  [/invalid global index/i, "unknown global"],
  [/function index #\d+ is out of bounds/i, "unknown function"],
  [/invalid branch depth/i, "unknown label"],
  [/memory index \d+ (?:exceeds|out of)/i, "unknown memory"],
  [/table index \d+ (?:exceeds|out of)|invalid table index/i, "unknown table"],
  [/type index|no signature at index/i, "unknown type"],
  [/immutable global/i, "global is immutable"],
  [/invalid alignment/i, "alignment must not be larger than natural"],
  [/undeclared reference/i, "undeclared function reference"],
  [/uninitialized (?:non-defaultable )?local/i, "uninitialized local"],
  [/invalid lane index/i, "invalid lane index"],
  [/not enough arguments|expected .*(?:type|elements)|found|mismatch/i, "type mismatch"],
];

/** V8's own words for what is wrong, without the name of the API call that found it. */
function validationMessage(bytes: Uint8Array): string {
  try {
    void new WebAssembly.Module(bytes);
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^WebAssembly\.Module\(\): /, "") : String(error);
  }
  return "invalid module";
}

/** @throws CompilationFailed in V8's words, which end with the offset in the module */
export function validateModule(bytes: Uint8Array): void {
  if (!WebAssembly.validate(bytes)) throw new CompilationFailed(validationMessage(bytes));
}

/** Validates a core module that begins at `start` in its component. @throws CompilationFailed with the file's offset */
export function validateNestedModule(bytes: Uint8Array, start: number): void {
  if (WebAssembly.validate(bytes)) return;
  const message = validationMessage(bytes);
  const [found, reason = message, offset = "0"] = /^(.*) @\+(\d+)$/s.exec(message) ?? [];
  if (found === undefined) throw new CompilationFailed(message);
  const category = categories.find(([pattern]) => pattern.test(reason))?.[1];
  const at = `(at offset 0x${(start + Number(offset)).toString(16)})`;
  throw new CompilationFailed(`${category === undefined ? "" : `${category}: `}${reason} ${at}`);
}
