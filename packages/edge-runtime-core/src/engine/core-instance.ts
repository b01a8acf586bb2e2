// One instantiated core module inside a store, seen through the names of the *original* binary. What the
// rewriter injected (counter, checks, accessors) is reachable only from the engine: a guest or a component's
// `with` arguments that could name the counter would own its meter.

export interface CoreInstance {
  /** An export of the original module; undefined where there is none. */
  readonly getExport: (name: string) => WebAssembly.ExportValue | undefined;
}
