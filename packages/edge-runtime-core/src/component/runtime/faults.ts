// What JavaScript in an import may throw. A guest's `catch_all` catches every JavaScript exception, so each fault of
// the host's own code must end the guest through its store.

import { InternalError, RuntimeError, Trap } from "edge-runtime-common";

function toRuntimeError(error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error;
  if (error instanceof RangeError && error.message.includes("call stack")) {
    return new Trap("call stack exhausted", "call_stack_exhausted", error);
  }
  return new InternalError("a trampoline failed", error);
}

/**
 * Wraps a function that guests call: whatever it throws ends the guest. What the store made to end one (a genuine
 * trap) passes unchanged.
 */
export function guard<A extends readonly unknown[], R>(
  kill: (error: RuntimeError) => unknown,
  fn: (...args: A) => R,
): (...args: A) => R {
  return (...args) => {
    try {
      return fn(...args);
    } catch (error) {
      throw error instanceof WebAssembly.RuntimeError ? error : kill(toRuntimeError(error));
    }
  };
}
