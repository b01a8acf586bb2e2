// From bytes to compiled cores: validate the original, rewrite, let V8 compile. The original is validated first, so that
// the rewriter meets valid modules only and a guest learns nothing about what it injects from error messages.

import { CompilationFailed } from "edge-runtime-common";
import { validateWasmHeader } from "../binary/header.ts";
import { readCoreModule } from "../binary/module.ts";
import { completeAdapted, linkComponent, preview1Use } from "../component/index.ts";
import type { LinkedComponent } from "../component/index.ts";
import { markedFromPages } from "../instrument/dirty-pages.ts";
import type { InjectionOptions } from "../instrument/injection.ts";
import type { Metering } from "../instrument/plan.ts";
import { rewriteModule } from "../instrument/rewrite-module.ts";
import type { ArtifactContent } from "./artifact.ts";
import type { CompiledCore } from "./core-instance.ts";
import { guestModuleName } from "./guest-stack.ts";
import { validateModule, validateNestedModule } from "./validate-core.ts";

interface RewrittenCore {
  readonly plan: CompiledCore["plan"];
  readonly bytes: Uint8Array;
}

function hasLargeMemory(bytes: Uint8Array): boolean {
  const { memories } = readCoreModule(bytes);
  return memories.some(({ type, imported }) => !imported && type.min >= BigInt(markedFromPages));
}

/**
 * The core modules of a program mark pages all or not at all, since they can share memories: where one has a large
 * memory and none has a function without room for marking.
 */
function rewriteCores(cores: readonly Uint8Array[], options: InjectionOptions): RewrittenCore[] {
  const marksPages = options.marksPages === true && cores.some(hasLargeMemory);
  const rewritten = cores.map((core, index) =>
    rewriteModule(core, { ...options, marksPages, moduleName: guestModuleName(index) }),
  );
  const agree = rewritten.every(({ plan }) => plan.memories.length === 0 || plan.marksPages === marksPages);
  return agree ? rewritten : rewriteCores(cores, { ...options, marksPages: false });
}

export type RewrittenProgram = Pick<ArtifactContent, "kind" | "cores" | "component">;

/**
 * Validates, links and rewrites a core module or component; `marksPages` says whether its instances may be reset.
 *
 * @throws CompilationFailed
 */
export function rewriteProgram(bytes: Uint8Array, metering: Metering, marksPages = true): RewrittenProgram {
  if (validateWasmHeader(bytes) === "core") {
    validateModule(bytes);
    return {
      kind: "core",
      cores: rewriteCores([bytes], { metering, marksPages, counter: "own" }),
      component: undefined,
    };
  }
  const linked = linkComponent(bytes);
  for (const core of linked.allModules) validateNestedModule(core, core.byteOffset - bytes.byteOffset);
  return rewriteLinked(linked, { metering, marksPages });
}

interface Rewriting {
  readonly metering: Metering;
  readonly marksPages: boolean;
}

function rewriteLinked(
  { plan, coreModules }: Pick<LinkedComponent, "plan" | "coreModules">,
  { metering, marksPages }: Rewriting,
): RewrittenProgram {
  // Modules of the host, which may share memories with these, mark none.
  const marks = marksPages && plan.importedModules.length === 0;
  return {
    kind: "component",
    cores: rewriteCores(coreModules, { metering, marksPages: marks, counter: "imported" }),
    component: plan,
  };
}

/** A core module for components that import it, metered by fuel, which serves runs without as well. */
export function rewriteImportedModule(bytes: Uint8Array): RewrittenCore {
  validateModule(bytes);
  return rewriteModule(bytes, { metering: "fuel", marksPages: false, counter: "imported" });
}

/** Makes a component of a core module of WASI preview 1, with the official adapter; rejects with an Error that says why not. */
export type Preview1Adapter = (module: Uint8Array, isCommand: boolean) => Promise<Uint8Array>;

/**
 * As `rewriteProgram`; a core module that imports WASI preview 1 and nothing else becomes a component first.
 *
 * @throws CompilationFailed
 */
export async function adaptAndRewrite(
  bytes: Uint8Array,
  metering: Metering,
  marksPages: boolean,
  adapt: Preview1Adapter,
): Promise<RewrittenProgram> {
  const use = validateWasmHeader(bytes) === "core" ? preview1Use(bytes) : undefined;
  if (use === undefined) return rewriteProgram(bytes, metering, marksPages);
  validateModule(bytes);
  let component: Uint8Array;
  try {
    component = await adapt(bytes, use.isCommand);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CompilationFailed(`the module of WASI preview 1 could not be adapted: ${reason}`, error);
  }
  const linked = completeAdapted(linkComponent(component));
  // The tools wrote them, of bytes that a guest chose.
  for (const core of linked.allModules) validateModule(core);
  return rewriteLinked(linked, { metering, marksPages });
}

/** Compiles rewritten modules off the calling thread. */
export function compileCores(cores: readonly RewrittenCore[]): Promise<CompiledCore[]> {
  return Promise.all(
    cores.map(async ({ plan, bytes }) => {
      try {
        return { plan, module: await WebAssembly.compile(bytes) };
      } catch (error) {
        throw new CompilationFailed(error instanceof Error ? error.message : String(error), error);
      }
    }),
  );
}
