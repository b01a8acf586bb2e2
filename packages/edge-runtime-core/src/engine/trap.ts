// Ending guests, and telling how they ended. A JavaScript exception can be caught by a guest's `catch_all`, even a
// WebAssembly.RuntimeError made with `new`; only one that came from a real wasm trap, unwrapped, cannot. So the host
// ends a guest by running a module whose only instruction is `unreachable` and throwing what that gives.

import type { TrapCode } from "edge-runtime-common";
import { RuntimeError, Trap } from "edge-runtime-common";

/** (module (func (export "t") unreachable)) */
const trapModule = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 0x74, 0, 0, 10, 5, 1, 3, 0, 0x00,
  0x0b,
]);

/** Makes what must be thrown to end a guest; each call gives a trap of its own. */
export type TrapSource = () => unknown;

export function createTrapSource(): TrapSource {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(trapModule));
  const trap = exports["t"] as () => void;
  return () => {
    try {
      trap();
    } catch (error) {
      return error;
    }
    return undefined;
  };
}

/** V8's trap messages, in the order in which they are tried, with the spec's words. */
const v8Messages: readonly (readonly [fragment: string, code: TrapCode, message: string])[] = [
  ["unreachable", "unreachable", "unreachable executed"],
  ["divide by zero", "integer_divide_by_zero", "integer divide by zero"],
  ["remainder by zero", "integer_divide_by_zero", "integer divide by zero"],
  ["divide result unrepresentable", "integer_overflow", "integer overflow"],
  ["float unrepresentable in integer range", "invalid_conversion_to_integer", "invalid conversion to integer"],
  ["memory access out of bounds", "out_of_bounds_memory_access", "out of bounds memory access"],
  ["data segment out of bounds", "out_of_bounds_memory_access", "out of bounds memory access"],
  ["table index is out of bounds", "out_of_bounds_table_access", "undefined element"],
  ["table access out of bounds", "out_of_bounds_table_access", "out of bounds table access"],
  ["element segment out of bounds", "out_of_bounds_table_access", "out of bounds table access"],
  ["null function or function signature mismatch", "indirect_call_type_mismatch", "indirect call type mismatch"],
  ["function signature mismatch", "indirect_call_type_mismatch", "indirect call type mismatch"],
  ["dereferencing a null pointer", "null_reference", "null reference"],
  ["rethrowing null value", "null_reference", "null reference"],
  ["illegal cast", "cast_failure", "cast failure"],
  ["operation does not support unaligned accesses", "unaligned_atomic", "unaligned atomic"],
];

function fromMessage(message: string, cause: unknown): Trap {
  const row = v8Messages.find(([fragment]) => message.includes(fragment));
  return row === undefined ? new Trap(message, "unknown", cause) : new Trap(row[2], row[1], cause);
}

/** What a call into a guest threw, as the error that the run reports. Errors of the host itself are not traps. */
export function toRuntimeError(error: unknown): RuntimeError | undefined {
  if (error instanceof RuntimeError) return error;
  if (error instanceof WebAssembly.RuntimeError) return fromMessage(error.message, error);
  if (error instanceof WebAssembly.Exception) return new Trap("uncaught exception", "uncaught_exception", error);
  if (error instanceof RangeError && error.message.includes("call stack")) {
    return new Trap("call stack exhausted", "call_stack_exhausted", error);
  }
  return undefined;
}
