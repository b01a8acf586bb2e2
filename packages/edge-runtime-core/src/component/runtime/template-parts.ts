// What the instances of one template share: all of it immutable.

import type { FuncAbi } from "../../canonical-abi/index.ts";
import type { ComponentPlan } from "../plan.ts";
import type { AdapterShape } from "./adapter-shape.ts";
import type { ResolvedImports } from "./host-items.ts";

export interface TemplateParts {
  readonly plan: ComponentPlan;
  readonly imports: ResolvedImports;
  /** By index of the plan's function types. */
  readonly abis: readonly FuncAbi[];
  /** By index of the plan's trampolines, then one for each of `entries`. */
  readonly shapes: readonly AdapterShape[];
  /** Lifts that the host can call: those of exported functions. */
  readonly entries: readonly number[];
  readonly adapter: WebAssembly.Module;
}
