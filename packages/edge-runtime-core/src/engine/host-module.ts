// Core modules that an embedder gives to components which import them. They run as if they were the component's own: they
// are metered, and each component instance makes instances of its own of them.

import { CompilationFailed } from "edge-runtime-common";
import { validateWasmHeader } from "../binary/header.ts";
import { readCoreModule } from "../binary/module.ts";
import { signatureOfModule } from "../component/index.ts";
import { compileCores, rewriteImportedModule } from "./compile.ts";
import type { WasmEngine } from "./engine.ts";
import type { HostModule } from "./host-functions.ts";
import { checkProposals } from "./proposals.ts";

/** Compiles a core module for components to import. @throws CompilationFailed */
export async function createHostModule(engine: WasmEngine, bytes: Uint8Array): Promise<HostModule> {
  if (validateWasmHeader(bytes) !== "core") throw new CompilationFailed("the bytes are a component, not a core module");
  const rewritten = rewriteImportedModule(bytes);
  checkProposals([rewritten], engine.proposals);
  const [core] = await compileCores([rewritten]);
  if (core === undefined) throw new CompilationFailed("the module holds no code");
  return { kind: "module", core, signature: signatureOfModule(readCoreModule(bytes), 0) };
}
