// Runs a command line in this process and keeps what it writes.

import { main } from "../src/index.ts";
import type { ExitCode, RunReport } from "../src/index.ts";

export interface Captured {
  readonly exitCode: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runMain(...argv: readonly string[]): Promise<Captured> {
  let stdout = "";
  let stderr = "";
  const exitCode = await main(argv, {
    out: (text) => {
      stdout += text;
    },
    err: (text) => {
      stderr += text;
    },
    debug: false,
  });
  return { exitCode, stdout, stderr };
}

/** The object on the last line of stdout, as a program would read it. */
export function lastReport(stdout: string): RunReport {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as RunReport;
}
