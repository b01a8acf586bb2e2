// `env.log(level, ptr, len)` for tests, by what core itself offers: memory of the caller and the run's context.

import type { HostCall, HostImports, LogLevel } from "../../src/index.ts";
import { hostInstance } from "../../src/index.ts";

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export function logImports(): HostImports {
  const call = (host: HostCall, level: number, pointer: number, length: number): void => {
    const bytes = host.memory()?.subarray(pointer >>> 0, (pointer >>> 0) + (length >>> 0));
    const message = new TextDecoder().decode(bytes);
    host.context.log({ level: levels[level] ?? "error", message, timestampMs: 0 });
  };
  return new Map([["env", hostInstance({ log: { kind: "sync", call } })]]);
}
