// What the server needs of a function: something that starts runs. core's InstanceRunner is one; tests have others.

import type { Grants, Run, WorkerContext } from "edge-runtime-core";

export interface FunctionRunner {
  /** Rejects through `result` where no run took place (PoolExhausted); what a guest does is a result. */
  readonly start: (entry: string, args: readonly unknown[], options: { readonly context: WorkerContext }) => Run;
  readonly dispose: () => void;
}

/** A function that is ready to serve. */
export interface ServedFunction {
  readonly name: string;
  /** Path prefix, matched by whole segments. */
  readonly route: string;
  /**
   * Components get the request and give the response, as whole records or (`http`) as streams by wasi:http; core modules
   * get nothing, and their results are the answer.
   */
  readonly kind: "component" | "core" | "http";
  /** Export that is called. */
  readonly entry: string;
  /** SHA-256 of the original bytes, 64 hexadecimal digits. */
  readonly contentHash: string;
  readonly permissions: { readonly loggingEnabled: boolean };
  /** What host services may do for it. */
  readonly grants: Grants;
  readonly runner: FunctionRunner;
}
