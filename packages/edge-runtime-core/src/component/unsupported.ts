// Refusals of what is valid, but needs a feature of the Component Model that this runtime does not have.

import { CompilationFailed } from "edge-runtime-common";

/** @throws CompilationFailed always: what is at `offset` is valid, but needs a feature that this runtime does not have. */
export function failUnsupported(feature: string, offset: number): never {
  const where = `(at offset 0x${offset.toString(16)})`;
  throw new CompilationFailed(`component uses ${feature}, which is not supported ${where}`, undefined, feature);
}
