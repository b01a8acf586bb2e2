// wasi:logging/logging (a draft): entries go to the run's log, under the same grant and limits as `edge:runtime/logging`.

import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostImports, LogLevel } from "edge-runtime-core";
import { limitMessage } from "../../logging/log-message.ts";

type WasiLevel = "trace" | "debug" | "info" | "warn" | "error" | "critical";

const LEVELS: Readonly<Record<WasiLevel, LogLevel>> = {
  trace: "debug",
  debug: "debug",
  info: "info",
  warn: "warn",
  error: "error",
  critical: "error",
};

/** With the version of the draft, and as it was before it had one. */
const INTERFACES: readonly string[] = ["wasi:logging/logging@0.1.0-draft", "wasi:logging/logging"];

/** `wallClock`: milliseconds since 1970-01-01T00:00:00Z. */
export function loggingInterfaces(wallClock: () => number): HostImports {
  const logging = hostInstance({
    /** The draft's `context` stands before the message; without the grant the entry is dropped and counted. */
    log: {
      kind: "sync",
      reads: "nothing",
      type: wit.func({
        level: wit.enum("trace", "debug", "info", "warn", "error", "critical"),
        context: wit.string,
        message: wit.string,
      }),
      call: ({ context }: HostCall, level: WasiLevel, subject: string, message: string) => {
        if (!context.loggingEnabled) return context.dropLog();
        const text = limitMessage(subject === "" ? message : `${subject}: ${message}`);
        context.log({ level: LEVELS[level], message: text, timestampMs: wallClock() });
      },
    },
  });
  return new Map(INTERFACES.map((name) => [name, logging]));
}
