// Where a command's words go, and those of the programs that it runs. Results and what `serve` announces go to stdout, everything else to stderr.

import type { Readable, Writable } from "node:stream";
import { isatty } from "node:tty";

/** What a program that is run gets for its standard streams, as they are. */
export interface ProgramStreams {
  /** Opened when the program first reads. */
  readonly stdin: () => Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly terminals: Readonly<Record<"stdin" | "stdout" | "stderr", boolean>>;
}

/** The streams of a process, or of a test. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Show stacks with errors: EDGE_DEBUG=1. */
  readonly debug: boolean;
  readonly streams: ProgramStreams;
}

/** The terminal of this process. A reader that went away (`| head -1`) ends the output, not the command. */
export function processTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
  return {
    out: (text) => {
      if (process.stdout.writable) process.stdout.write(text);
    },
    err: (text) => {
      if (process.stderr.writable) process.stderr.write(text);
    },
    debug: process.env["EDGE_DEBUG"] === "1",
    streams: {
      stdin: () => process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      terminals: { stdin: isatty(0), stdout: isatty(1), stderr: isatty(2) },
    },
  };
}

/** Resolves when what was written has left the process, so that it may end. */
export async function flushProcessStreams(): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map(
      (stream) =>
        new Promise<void>((resolve) => {
          if (stream.writable) {
            stream.write("", () => {
              resolve();
            });
          } else {
            resolve();
          }
        }),
    ),
  );
}
