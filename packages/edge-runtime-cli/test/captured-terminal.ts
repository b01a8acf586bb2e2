// Runs a command line in this process and keeps what it writes.

import { Readable, Writable } from "node:stream";
import { main } from "../src/index.ts";
import type { ExitCode, RunReport } from "../src/index.ts";

export interface Captured {
  readonly exitCode: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

export function runMain(...argv: readonly string[]): Promise<Captured> {
  return runMainWith("", ...argv);
}

/** The same, with something on the standard input. */
export async function runMainWith(stdin: string, ...argv: readonly string[]): Promise<Captured> {
  let stdout = "";
  let stderr = "";
  const collect = (add: (text: string) => void): Writable =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        add(chunk.toString());
        done();
      },
    });
  const exitCode = await main(argv, {
    out: (text) => {
      stdout += text;
    },
    err: (text) => {
      stderr += text;
    },
    debug: false,
    streams: {
      stdin: () => Readable.from([Buffer.from(stdin)], { objectMode: false }),
      stdout: collect((text) => {
        stdout += text;
      }),
      stderr: collect((text) => {
        stderr += text;
      }),
      terminals: { stdin: false, stdout: false, stderr: false },
    },
  });
  return { exitCode, stdout, stderr };
}

/** The object on the last line of stdout, as a program would read it. */
export function lastReport(stdout: string): RunReport {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as RunReport;
}
