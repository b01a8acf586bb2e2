// Proposals that run metered, but only where they are asked for: they let guests reach more of V8 than most need, and
// more of what its users found wrong. A policy, not part of what is compiled: the same artifact serves both ways.

import { CompilationFailed } from "edge-runtime-common";
import type { CorePlan } from "../instrument/plan.ts";

export interface Proposals {
  /** Garbage collection: structs, arrays, casts. */
  readonly gc?: boolean;
  /** Shared memories and atomic operators; a guest still has one thread. */
  readonly threads?: boolean;
}

export const proposalNames = ["gc", "threads"] as const;

const contents = { gc: "garbage-collected types", threads: "shared memory or atomic operators" } as const;

/** @throws CompilationFailed where a module uses a proposal that is not allowed. */
export function checkProposals(cores: readonly { readonly plan: CorePlan }[], allowed: Proposals): void {
  for (const name of proposalNames) {
    if (allowed[name] === true || cores.every(({ plan }) => !plan.features.includes(name))) continue;
    throw new CompilationFailed(
      `the module uses ${contents[name]} (${name} proposal), which are off: allow them with --allow ${name}, ` +
        `or proposals = ["${name}"] of the function`,
    );
  }
}
