// From bytes to compiled cores: validate the original, rewrite, let V8 compile. The original is validated first, so that
// the rewriter meets valid modules only and a guest learns nothing about what it injects from error messages.

import { CompilationFailed } from "edge-runtime-common";
import { validateWasmHeader } from "../binary/header.ts";
import { linkComponent } from "../component/index.ts";
import type { InjectionOptions } from "../instrument/injection.ts";
import type { Metering } from "../instrument/plan.ts";
import { rewriteModule } from "../instrument/rewrite-module.ts";
import type { ArtifactContent } from "./artifact.ts";
import type { CompiledCore } from "./core-instance.ts";
import { guestModuleName } from "./guest-stack.ts";

interface RewrittenCore {
  readonly plan: CompiledCore["plan"];
  readonly bytes: Uint8Array;
}

/** V8's own words for what is wrong, without the name of the API call that found it. */
function validationMessage(bytes: Uint8Array): string {
  try {
    void new WebAssembly.Module(bytes);
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^WebAssembly\.Module\(\): /, "") : String(error);
  }
  return "invalid module";
}

function rewriteCore(bytes: Uint8Array, options: InjectionOptions): RewrittenCore {
  if (!WebAssembly.validate(bytes)) throw new CompilationFailed(validationMessage(bytes));
  return rewriteModule(bytes, options);
}

export type RewrittenProgram = Pick<ArtifactContent, "kind" | "cores" | "component">;

/**
 * Validates, links and rewrites a core module or component.
 *
 * @throws CompilationFailed
 */
export function rewriteProgram(bytes: Uint8Array, metering: Metering): RewrittenProgram {
  if (validateWasmHeader(bytes) === "core") {
    return {
      kind: "core",
      cores: [rewriteCore(bytes, { metering, counter: "own", moduleName: guestModuleName(0) })],
      component: undefined,
    };
  }
  const { plan, coreModules } = linkComponent(bytes);
  return {
    kind: "component",
    cores: coreModules.map((core, index) =>
      rewriteCore(core, { metering, counter: "imported", moduleName: guestModuleName(index) }),
    ),
    component: plan,
  };
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
