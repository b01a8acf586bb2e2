// What a compiled module is, needs and offers, as plain data for `inspect`.

import { describeComponent, offeredFunctions } from "../component/index.ts";
import type { CorePlan } from "../instrument/plan.ts";
import type { ArtifactContent } from "./artifact.ts";
import { offeredCoreFunctions } from "./core-program.ts";
import type { HostImports } from "./host-functions.ts";
import { readsNothing } from "./initialisation.ts";

export interface ItemDescription {
  readonly name: string;
  readonly kind: string;
  /** Printed type: core signatures, or WIT for components. */
  readonly type?: string;
}

export interface MemoryDescription {
  readonly minPages: number;
  readonly maxPages: number | undefined;
  readonly is64: boolean;
  readonly shared: boolean;
}

export interface ModuleDescription {
  readonly kind: "core" | "component";
  /** SHA-256 of the original, hexadecimal. */
  readonly hash: string;
  /** Bytes of the original. */
  readonly sizeBytes: number;
  readonly metering: string;
  readonly imports: readonly ItemDescription[];
  readonly exports: readonly ItemDescription[];
  /** Own memories of all core modules. */
  readonly memories: readonly MemoryDescription[];
  readonly features: readonly string[];
  readonly coreModules: number;
  /** An instance can be reset and serve another request; `restoreReason` says why, why not, or on what it depends. */
  readonly restorable: boolean;
  /**
   * `observation`: it has start functions and imports functions that may read randomness, clocks or the environment.
   * Each instance is then judged by what its initialisation called; `restorable` is what holds if it calls none of them.
   */
  readonly restoreDecidedBy: "compilation" | "observation";
  readonly restoreReason: string;
}

function describeCore(plan: CorePlan): Pick<ModuleDescription, "imports" | "exports"> {
  return {
    imports: plan.imports.map(({ module, name, kind, type }) => ({ name: `${module} -> ${name}`, kind, type })),
    exports: plan.exports.map(({ name, kind, type }) => ({ name, kind, type })),
  };
}

const restored = "memories, globals and tables are restored from a snapshot";
const restoredUnless =
  "decided by observation: not, if its initialisation calls a function that may read randomness, clocks or the environment";

/** Whether initialisation can call a function that may read what differs from instance to instance. */
function mayLearn({ component, cores }: ArtifactContent, host: HostImports): boolean {
  if (!cores.some((core) => core.plan.hasStart)) return false;
  const [lone] = cores;
  if (component !== undefined) return offeredFunctions(component, host).some((fn) => !readsNothing(fn));
  return lone !== undefined && offeredCoreFunctions(lone.plan, host).some((fn) => !readsNothing(fn));
}

export function describeModule(content: ArtifactContent, host: HostImports): ModuleDescription {
  const plans = content.cores.map((core) => core.plan);
  const [lone] = plans;
  const blocked = plans.find((plan) => plan.notRestorable !== undefined)?.notRestorable;
  const observed = blocked === undefined && mayLearn(content, host);
  const surface =
    content.component !== undefined
      ? describeComponent(content.component)
      : lone === undefined
        ? { imports: [], exports: [] }
        : describeCore(lone);
  return {
    kind: content.kind,
    hash: content.contentHash,
    sizeBytes: content.originalBytes,
    metering: content.metering,
    ...surface,
    memories: plans.flatMap((plan) =>
      plan.memories
        .filter((memory) => !memory.imported)
        .map(({ minPages, maxPages, is64, shared }) => ({ minPages, maxPages, is64, shared })),
    ),
    features: [...new Set(plans.flatMap((plan) => plan.features))].toSorted(),
    coreModules: plans.length,
    restorable: blocked === undefined,
    restoreDecidedBy: observed ? "observation" : "compilation",
    restoreReason: blocked ?? (observed ? restoredUnless : restored),
  };
}
