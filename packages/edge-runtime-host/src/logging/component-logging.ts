// `edge:runtime/logging@0.1.0` for components (wit/interfaces/logging.wit). Entries go to the run's context, whose
// limits decide what is kept and which tells the server's logger.

import { hostInstance } from "edge-runtime-core";
import type { HostCall, HostFunction, HostInstance, LogLevel } from "edge-runtime-core";
import { limitMessage } from "./log-message.ts";

export const LOGGING_INTERFACE = "edge:runtime/logging@0.1.0";

/** `wallClock`: milliseconds since 1970-01-01T00:00:00Z. */
export function componentLogging(wallClock: () => number): HostInstance {
  /** Without the grant an entry is dropped and counted: a guest cannot tell, so that it need not care. */
  const write = (call: HostCall, level: LogLevel, message: string): void => {
    if (!call.context.loggingEnabled) return call.context.dropLog();
    call.context.log({ level, message: limitMessage(message), timestampMs: wallClock() });
  };
  const at = (level: LogLevel): HostFunction => ({
    kind: "sync",
    reads: "nothing",
    call: (call: HostCall, message: string) => write(call, level, message),
  });
  return hostInstance({
    log: { kind: "sync", reads: "nothing", call: write },
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  });
}
