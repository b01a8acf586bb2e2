// Bytes that nobody made on purpose: refused by a typed error, or compiled to modules that V8 accepts. The rewriter is
// given them too, though validation stands before it.

import { CompilationFailed } from "edge-runtime-common";
import { rewriteModule, rewriteProgram } from "edge-runtime-core/internal";

export interface CorruptResult {
  readonly accepted: boolean;
  readonly findings: readonly string[];
}

/** What is made of an input may be so many times as large, and so many bytes larger. */
const growthFactor = 12;
const growthBytes = 1 << 16;

function attempt(make: () => readonly Uint8Array[]): readonly Uint8Array[] | string | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof CompilationFailed) return undefined;
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

export function tryCorrupt(bytes: Uint8Array): CorruptResult {
  const findings: string[] = [];
  const compiled = attempt(() => rewriteProgram(bytes, "fuel").cores.map((core) => core.bytes));
  const alone = attempt(() => [rewriteModule(bytes, { metering: "deadline", counter: "imported" }).bytes]);
  for (const made of [compiled, alone]) {
    if (typeof made === "string") findings.push(`corrupt input: ${made}`);
    const size = typeof made === "string" ? 0 : (made ?? []).reduce((sum, module) => sum + module.length, 0);
    if (size > bytes.length * growthFactor + growthBytes)
      findings.push(`corrupt input: ${bytes.length} bytes became ${size}`);
  }
  const accepted = Array.isArray(compiled);
  if (accepted && !compiled.every((module) => WebAssembly.validate(module as Uint8Array))) {
    findings.push("corrupt input: compiled to an invalid module");
  }
  return { accepted, findings };
}
