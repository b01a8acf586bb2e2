// When V8 compiles wasm functions. By default at each function's first call: the first requests of a large guest then
// spend their deadline compiling (QuickJS: 14 of 24 ms, StarlingMonkey: 66 of 81 ms of the first run).

import { setFlagsFromString } from "node:v8";

/**
 * From now on modules are compiled whole before they are instantiated, for the whole process. Costs about 0.1 s and 10 MB
 * for a QuickJS guest at start. V8 may ignore the flag in other versions; then the first runs are slower, no more.
 */
export function compileEagerly(): void {
  setFlagsFromString("--no-wasm-lazy-compilation");
}
