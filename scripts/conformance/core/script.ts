// The form of a converted specification script: one command a line, as wast2json writes them, with constants as bits.
// See the README of the data for the meaning of each field.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Constant {
  readonly type: string;
  readonly value?: string | readonly string[];
  readonly lane_type?: string;
  /** Of type `either`: any one fits. */
  readonly values?: readonly Constant[];
}

export interface Action {
  readonly type: "invoke" | "get";
  readonly module?: string;
  readonly field: string;
  readonly args?: readonly Constant[];
}

export interface Command {
  readonly type: string;
  readonly line: number;
  readonly name?: string;
  readonly filename?: string;
  readonly as?: string;
  readonly instance?: string;
  readonly module?: string;
  readonly action?: Action;
  readonly expected?: readonly Constant[];
  readonly text?: string;
}

export interface Script {
  readonly file: string;
  readonly commands: readonly Command[];
  /** Bytes of the module that a command names. */
  readonly bytesOf: (command: Command) => Uint8Array;
}

export function readScript(file: string): Script {
  const { commands } = JSON.parse(readFileSync(file, "utf8")) as { commands: Command[] };
  const bytes = new Map<string, Uint8Array>();
  return {
    file,
    commands,
    bytesOf: ({ filename = "" }) => {
      const known = bytes.get(filename) ?? new Uint8Array(readFileSync(join(dirname(file), filename)));
      bytes.set(filename, known);
      return known;
    },
  };
}
