// Modules that need what V8 does not ship: each must be refused by a typed error, or, where V8 takes it after all, be
// rewritten to a module that V8 takes too.

import { readFileSync } from "node:fs";
import { globSync } from "node:fs";
import { join } from "node:path";
import { CompilationFailed } from "edge-runtime-common";
import { rewriteModule, rewriteProgram } from "edge-runtime-core/internal";

export interface RefusalReport {
  refused: number;
  rewritten: number;
  readonly faults: { readonly file: string; readonly text: string }[];
}

type Check = "refused" | "rewritten" | { readonly fault: string };

function check(rewrite: () => readonly Uint8Array[], mustBeValid: boolean): Check {
  try {
    const rewritten = rewrite();
    if (!mustBeValid || rewritten.every((bytes) => WebAssembly.validate(bytes))) return "rewritten";
    return { fault: "rewritten to an invalid module" };
  } catch (error) {
    if (error instanceof CompilationFailed) return "refused";
    return { fault: error instanceof Error ? String(error.stack) : String(error) };
  }
}

/** Checks all modules under `folder`. The rewriter is also given what validation would have kept from it. */
export function checkRefusals(folder: string, filter: string): RefusalReport {
  const report: RefusalReport = { refused: 0, rewritten: 0, faults: [] };
  for (const file of globSync("**/*.wasm", { cwd: folder }).toSorted()) {
    if (!file.includes(filter)) continue;
    const bytes = new Uint8Array(readFileSync(join(folder, file)));
    const checks = [
      check(() => rewriteProgram(bytes, "fuel").cores.map((core) => core.bytes), true),
      check(() => [rewriteModule(bytes, { metering: "fuel", counter: "own" }).bytes], false),
    ];
    const [engine] = checks;
    if (engine === "refused" || engine === "rewritten") report[engine] += 1;
    for (const item of checks) if (typeof item === "object") report.faults.push({ file, text: item.fault });
  }
  return report;
}
