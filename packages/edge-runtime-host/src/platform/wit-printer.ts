// WIT of a component, by the official wasm-tools: what `inspect` shows. Loading them takes 0.1 s, so it waits for the
// first use. Nothing that runs depends on it: the runtime's own decoder decides what a component is.

/** The world of a component binary as WIT text. Rejects where the tools cannot decode it. */
export async function printComponentWit(component: Uint8Array): Promise<string> {
  const tools = await import("@bytecodealliance/jco-transpile/wasm-tools");
  return tools.componentWit(component);
}
