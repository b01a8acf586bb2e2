// Tests that are known not to pass, and why. A test that fails and is not here, or passes and is, makes the command fail.

const TIMES =
  "Node.js sets times of files as seconds in doubles, which hold them to some 100 ns; the test compares to the ns";
const ASSEMBLYSCRIPT_MEMORY =
  "the official adapter keeps its state in the guest's memory, which AssemblyScript takes for its own (no cabi_realloc)";
const EMPTY_WRITE = "the official adapter answers a write of no bytes before it looks at the descriptor";

/** By name; the reason is for people. */
export const expectedFailures: ReadonlyMap<string, string> = new Map([
  ["assemblyscript/wasip2-adapted/fd_write-to-invalid-fd", EMPTY_WRITE],
  ["assemblyscript/wasm32-wasip1/args_get-multiple-arguments", ASSEMBLYSCRIPT_MEMORY],
  ["assemblyscript/wasm32-wasip1/environ_get-multiple-variables", ASSEMBLYSCRIPT_MEMORY],
  ["assemblyscript/wasm32-wasip1/fd_write-to-invalid-fd", EMPTY_WRITE],
  ["rust/wasip2-adapted/fd_filestat_set", TIMES],
  ["rust/wasip2-adapted/path_filestat", TIMES],
  ["rust/wasip2-adapted/symlink_filestat", TIMES],
  ["rust/wasm32-wasip1/fd_filestat_set", TIMES],
  ["rust/wasm32-wasip1/path_filestat", TIMES],
  ["rust/wasm32-wasip1/symlink_filestat", TIMES],
]);

/** Components of WASI 0.3 are to be refused, all of them. */
export function isOfWasi03(name: string): boolean {
  return name.includes("wasm32-wasip3");
}
