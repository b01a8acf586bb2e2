// Errors for values from the host's side (host functions, embedders, the command line) that do not fit the
// component type they are lowered to. Guests trap; hosts get an error that says where and what.

import { SignatureMismatch } from "edge-runtime-common";

/** The error for a value at `path`, e.g. `args[0].headers[3][1]: expected string, got number`. */
export function invalidValue(path: string, expected: string, got: string): SignatureMismatch {
  return new SignatureMismatch(path, `expected ${expected}, got ${got}`);
}
