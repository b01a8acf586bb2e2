// Features of the Component Model that are not part of the synchronous one. A component that needs one must be refused
// by the feature's name, and what follows from it in its script is listed with that reason.

const laterFeatures: ReadonlyMap<string, string> = new Map([
  ["cm_async", "async (WASI 0.3)"],
  ["cm_async_stackful", "stackful async (WASI 0.3)"],
  ["cm_more_async_builtins", "further async built-ins"],
  ["cm_threading", "threads"],
  ["cm_error_context", "error contexts (WASI 0.3)"],
  ["cm_gc", "GC canonical options"],
  ["cm_values", "values"],
  ["cm64", "64-bit memories in canonical options (optional)"],
]);

/** Of core WebAssembly: a module may have them inside, where V8 has them. */
const coreFeatures: ReadonlyMap<string, string> = new Map([
  ["gc", "GC types at component level"],
  ["shared_everything_threads", "shared-everything threads"],
]);

/** A reason why a refusal of a valid binary is in order. */
export function coreFeature(features: readonly string[]): string | undefined {
  return features.map((feature) => coreFeatures.get(feature)).find((name) => name !== undefined);
}

/** What the binary needs of them, in words; undefined where it needs none. */
export function laterFeature(features: readonly string[]): string | undefined {
  const needed = features.map((feature) => laterFeatures.get(feature)).filter((name) => name !== undefined);
  return needed.length === 0 ? undefined : [...new Set(needed)].join(", ");
}
