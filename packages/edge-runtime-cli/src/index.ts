// The command as a function, for tests and for programs that embed it; bin/edge-runtime.mjs is the command itself.

export { main } from "./main.ts";
export { flushProcessStreams, processTerminal } from "./terminal.ts";
export type { Terminal } from "./terminal.ts";
export type { ExitCode } from "./exit-code.ts";
export type { RunReport } from "./run-report.ts";
