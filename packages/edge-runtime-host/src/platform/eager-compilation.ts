// When V8 compiles wasm functions. By default at each function's first call: the first requests of a large guest then
// spend their deadline compiling (medians of the first run: QuickJS 23 against 8 ms, StarlingMonkey 56 against 13 ms).

import { setFlagsFromString } from "node:v8";

/**
 * From now on modules are compiled whole before they are instantiated, for the whole process. Costs start-up time and memory: 0.2 s and
 * 75 MB for a StarlingMonkey guest of 12 MB. V8 may ignore the flag in other versions; then the first runs are slower, no more.
 */
export function compileEagerly(): void {
  setFlagsFromString("--no-wasm-lazy-compilation");
}
