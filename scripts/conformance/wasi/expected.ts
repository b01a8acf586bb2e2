// Tests that are known not to pass, and why. A test that fails and is not here, or passes and is, makes the command fail.

export interface KnownFailure {
  /** For people. */
  readonly reason: string;
  /** It depends on chance: passing is no surprise. */
  readonly passesSometimes: boolean;
}

/** One time in some 240 the double is exact. */
const times: KnownFailure = {
  reason: "Node.js sets times of files as seconds in doubles, which hold them to 240 ns; the test compares nanoseconds",
  passesSometimes: true,
};
const assemblyScriptMemory: KnownFailure = {
  reason: "the official adapter keeps its state in the guest's memory, all of which AssemblyScript takes for its own",
  passesSometimes: false,
};
const emptyWrite: KnownFailure = {
  reason: "the official adapter answers a write of no bytes before it looks at the descriptor",
  passesSometimes: false,
};

/** By name. */
export const knownFailures: ReadonlyMap<string, KnownFailure> = new Map([
  ["assemblyscript/wasip2-adapted/fd_write-to-invalid-fd", emptyWrite],
  ["assemblyscript/wasm32-wasip1/args_get-multiple-arguments", assemblyScriptMemory],
  ["assemblyscript/wasm32-wasip1/environ_get-multiple-variables", assemblyScriptMemory],
  ["assemblyscript/wasm32-wasip1/fd_write-to-invalid-fd", emptyWrite],
  ["rust/wasip2-adapted/fd_filestat_set", times],
  ["rust/wasip2-adapted/path_filestat", times],
  ["rust/wasip2-adapted/symlink_filestat", times],
  ["rust/wasm32-wasip1/fd_filestat_set", times],
  ["rust/wasm32-wasip1/path_filestat", times],
  ["rust/wasm32-wasip1/symlink_filestat", times],
]);

/** Components of WASI 0.3 are to be refused, all of them. */
export function isOfWasi03(name: string): boolean {
  return name.includes("wasm32-wasip3");
}
