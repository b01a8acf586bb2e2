// What a program that the user runs may do: as much as the command line says, and see its time finely, since it has no
// neighbours to spy on.

import { basename } from "node:path";
import type { Grants } from "edge-runtime-core";
import { CLOCK_RESOLUTION, createReadableSource, createWritableSink, ENVIRONMENT, STDIO } from "edge-runtime-host";
import type { Stdio } from "edge-runtime-host";
import type { RunOptions } from "./program.ts";
import type { ProgramStreams } from "./terminal.ts";

/** Nanoseconds. */
const RESOLUTION = 1000n;

export interface ProgramSetup {
  readonly file: string;
  readonly programArgs: readonly string[];
  readonly options: RunOptions;
  readonly streams: ProgramStreams;
}

/** With `--json`, whose report is all that stdout has, the program's output goes to the report's logs. */
export function createProgramGrants(granted: Grants, { file, programArgs, options, streams }: ProgramSetup): Grants {
  const stdio = options.json === true ? { stdin: openStdin(streams) } : openStreams(streams);
  return granted
    .with(CLOCK_RESOLUTION, RESOLUTION)
    .with(ENVIRONMENT, { variables: variablesOf(options), arguments: [basename(file), ...programArgs] })
    .with(STDIO, stdio);
}

function variablesOf({ env = new Map(), inheritEnv }: RunOptions): [name: string, value: string][] {
  const inherited = inheritEnv === true ? Object.entries(process.env) : [];
  const variables = new Map([...inherited, ...env]);
  return [...variables].flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

function openStdin({ stdin }: ProgramStreams): Stdio["stdin"] {
  return createReadableSource(stdin);
}

function openStreams(streams: ProgramStreams): Stdio {
  const { stdout, stderr, terminals } = streams;
  return {
    stdin: openStdin(streams),
    stdout: createWritableSink(stdout, { keepOpen: true }),
    stderr: createWritableSink(stderr, { keepOpen: true }),
    terminals,
  };
}
