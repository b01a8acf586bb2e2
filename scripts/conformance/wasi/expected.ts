// Tests that are known not to pass, and why. A test that fails and is not here, or passes and is, makes the command fail.

/** By name; the reason is for people. */
export const expectedFailures: ReadonlyMap<string, string> = new Map([]);

/** Components of WASI 0.3 are to be refused, all of them. */
export function isOfWasi03(name: string): boolean {
  return name.includes("wasm32-wasip3");
}
