// The form of a converted Component Model script; see the README of the data for the meaning of each field.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A value with its type: `{ type: "u8", value: "3" }`. */
export interface TypedValue {
  readonly type: string;
  readonly value: unknown;
}

export interface Action {
  readonly module?: string;
  readonly field: string;
  readonly args?: readonly TypedValue[];
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
  readonly expected?: readonly TypedValue[];
  readonly text?: string;
  /** Features with all of which the reference validator accepts what is asserted to be invalid. */
  readonly valid_with?: readonly string[];
}

interface ScriptFile {
  readonly commands: readonly Command[];
  /** By file, the features that a reference validator needs. */
  readonly features?: Readonly<Record<string, readonly string[]>>;
  /** By file, what it says, with the offset. */
  readonly reference_invalid?: Readonly<Record<string, string>>;
}

export interface Script {
  readonly commands: readonly Command[];
  readonly bytesOf: (command: Command) => Uint8Array;
  readonly featuresOf: (command: Command) => readonly string[];
  readonly referenceOf: (command: Command) => string | undefined;
}

export function readScript(file: string): Script {
  const {
    commands,
    features = {},
    reference_invalid: reference = {},
  } = JSON.parse(readFileSync(file, "utf8")) as ScriptFile;
  return {
    commands,
    bytesOf: ({ filename = "" }) => new Uint8Array(readFileSync(join(dirname(file), filename))),
    featuresOf: ({ filename = "" }) => features[filename] ?? [],
    referenceOf: ({ filename = "" }) => reference[filename],
  };
}
