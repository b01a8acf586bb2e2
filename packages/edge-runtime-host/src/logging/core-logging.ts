// `env.log` for core modules: the same entries as `edge:runtime/logging`, from the module's own memory.

import { InvalidArgument } from "edge-runtime-common";
import type { HostCall, HostFunction, LogLevel } from "edge-runtime-core";
import { decodeMessage, MAX_MESSAGE_BYTES } from "./log-message.ts";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Bytes that are decoded for one unit of fuel. */
const BYTES_PER_FUEL = 64;

/**
 * `log(level: i32, ptr: i32, len: i32)`: level 0 debug, 1 info, 2 warn, 3 error; `len` bytes of UTF-8 at `ptr` in the
 * memory that the module exports as `memory`. What is not UTF-8 is replaced, and what is over 8 KiB is cut.
 * Ends the run with InvalidArgument: another level, bytes outside of the memory, no memory.
 */
export function coreLog(wallClock: () => number): HostFunction {
  return {
    kind: "sync",
    reads: "nothing",
    call: (call: HostCall, levelNumber: number, ptr: number, len: number) => {
      if (!call.context.loggingEnabled) return call.context.dropLog();
      const level = LEVELS[levelNumber];
      if (level === undefined) throw new InvalidArgument(`log level ${levelNumber}: expected 0 to 3`);
      const bytes = readBytes(call, ptr >>> 0, len >>> 0);
      call.charge(Math.floor(Math.min(bytes.length, MAX_MESSAGE_BYTES) / BYTES_PER_FUEL));
      call.context.log({ level, message: decodeMessage(bytes), timestampMs: wallClock() });
    },
  };
}

/** A view, valid until the guest runs again. Sums of two u32 are exact in a double: nothing wraps around. */
function readBytes(call: HostCall, start: number, length: number): Uint8Array {
  const memory = call.memory();
  if (memory === undefined) throw new InvalidArgument("log message: the module exports no memory");
  if (start + length > memory.length) {
    throw new InvalidArgument(`log message: ${length} bytes at ${start} are outside of the memory`);
  }
  return memory.subarray(start, start + length);
}
