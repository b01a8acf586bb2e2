// The command line as commander sees it: names, flags and help. Values are checked by option-values.ts and the work
// is done by commands/; nothing here reads a file or runs a guest.

import { Command } from "commander";
import type { Proposals } from "edge-runtime-core";
import type { GrantedDirectory, LoggerLevel } from "edge-runtime-host";
import type { ExitCode } from "./exit-code.ts";
import { EXAMPLES } from "./help-examples.ts";
import {
  addVariable,
  parseAllow,
  parseDirectory,
  parseHostPort,
  parseIntegerOption,
  parseLogLevel,
} from "./option-values.ts";
import type { Terminal } from "./terminal.ts";

export interface ServeOptions {
  /** Serve this alone, without a configuration. */
  readonly file?: string;
  readonly config?: string;
  readonly port?: number;
  readonly host?: string;
  readonly logLevel?: LoggerLevel;
}

export interface RunOptions {
  readonly invoke?: string;
  /** False: metering off. */
  readonly fuel?: number | false;
  readonly timeoutMs?: number;
  readonly memoryMb?: number;
  readonly json?: true;
  readonly allow?: Proposals;
  readonly dir?: readonly GrantedDirectory[];
  /** `host:port`. */
  readonly allowNet?: readonly string[];
  /** File to write a profile to. */
  readonly profile?: string;
  /** Variables of the program's environment, by name. */
  readonly env?: ReadonlyMap<string, string>;
  readonly inheritEnv?: true;
}

export interface CompileOptions {
  readonly output: string;
  readonly fuel: boolean;
  readonly allow?: Proposals;
}

export interface InspectOptions {
  readonly json?: true;
}

/** What each command does with its checked arguments; loaded by main.ts only when it is the one that was asked for. */
export interface Actions {
  readonly serve: (options: ServeOptions) => Promise<ExitCode>;
  readonly run: (file: string, args: readonly string[], options: RunOptions) => Promise<ExitCode>;
  readonly compile: (file: string, options: CompileOptions) => Promise<ExitCode>;
  readonly inspect: (file: string, options: InspectOptions) => Promise<ExitCode>;
}

const ALLOW = [
  "--allow <names>",
  "proposals that the module may use: gc, threads, or both with a comma",
  parseAllow,
] as const;

/** The commands, ready to parse. `done` receives the exit code of the one that ran. */
export function createProgram(
  actions: Actions,
  context: { readonly terminal: Terminal; readonly version: string; readonly done: (code: ExitCode) => void },
): Command {
  const { terminal, version, done } = context;
  const program = new Command("edge-runtime")
    .description("Runs other people's WebAssembly: isolated, fuel-metered, bound by a deadline.")
    .version(version, "-V, --version", "print the versions of edge-runtime, Node.js and V8")
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText("after", EXAMPLES.program)
    .exitOverride()
    // Errors are thrown by exitOverride and printed by main.ts, in the form of all errors.
    .configureOutput({ writeOut: terminal.out, writeErr: () => {} });
  addServe(program).action(async (file: string | undefined, options: ServeOptions) =>
    done(await actions.serve(file === undefined ? options : { ...options, file })),
  );
  addRun(program).action(async (file: string, args: readonly string[], options: RunOptions) =>
    done(await actions.run(file, args, options)),
  );
  addCompile(program).action(async (file: string, options: CompileOptions) =>
    done(await actions.compile(file, options)),
  );
  addInspect(program).action(async (file: string, options: InspectOptions) =>
    done(await actions.inspect(file, options)),
  );
  return program;
}

function addServe(program: Command): Command {
  return program
    .command("serve")
    .description("Serve the functions of a configuration file over HTTP, or one file on every path.")
    .argument("[file]", ".wasm, .wat, component or compiled artifact to serve without a configuration")
    .option("-c, --config <file>", "configuration, .toml or .json (default: edge.toml in the current folder)")
    .option("-p, --port <port>", "listen on this port instead; 0 lets the system choose", (text) =>
      parseIntegerOption("--port", text),
    )
    .option("--host <address>", "listen on this address instead")
    .option("--log-level <level>", "least level of the log on stderr (default: info)", parseLogLevel)
    .addHelpText("after", EXAMPLES.serve);
}

function addRun(program: Command): Command {
  return program
    .command("run")
    .description("Run a command, or a function of a module, component or artifact, once.")
    .argument("<file>", ".wasm, .wat, component or compiled artifact")
    .argument(
      "[args...]",
      "a command's own; else numbers for a core module, WAVE for a component; after -- anything goes",
    )
    .option("-i, --invoke <name>", "function to call: NAME, or 'NAME(ARGS)' in WAVE for a component")
    .option("--fuel <units>", "most fuel that the run may consume (default: 10000000)", (text) =>
      parseIntegerOption("--fuel", text),
    )
    .option("--no-fuel", "do not count fuel: only the deadline ends a loop")
    .option("--timeout-ms <ms>", "most wall-clock milliseconds (default: 100)", (text) =>
      parseIntegerOption("--timeout-ms", text),
    )
    .option("--memory-mb <mib>", "most memory in MiB (default: 128)", (text) => parseIntegerOption("--memory-mb", text))
    .option(...ALLOW)
    .option(
      "--dir <host[::guest][:ro]>",
      "let the component use this directory, under its guest path; :ro only lets it read",
      (text, earlier?: readonly GrantedDirectory[]) => [...(earlier ?? []), parseDirectory(text, earlier ?? [])],
    )
    .option("--env <name=value>", "variable of the program's environment; NAME alone passes on ours", addVariable)
    .option("--inherit-env", "pass on the whole environment of this process")
    .option(
      "--allow-net <host:port>",
      "let the component connect there, at private addresses too where the host is named in full; *:* is all that is public",
      (text, earlier?: readonly string[]) => [...(earlier ?? []), parseHostPort(text)],
    )
    .option("--profile <out>", "write where the fuel went to this file, for speedscope, Firefox or Chrome")
    .option("--json", "print one JSON object as the last line of stdout")
    .addHelpText("after", EXAMPLES.run);
}

function addCompile(program: Command): Command {
  return program
    .command("compile")
    .description("Compile a module or component to an artifact that run, serve and inspect accept.")
    .argument("<file>", ".wasm, .wat or component")
    .requiredOption("-o, --output <out>", "file to write the artifact to")
    .option("--no-fuel", "leave fuel metering out")
    .option(...ALLOW)
    .addHelpText("after", EXAMPLES.compile);
}

function addInspect(program: Command): Command {
  return program
    .command("inspect")
    .description("Print what a module, component or artifact is: imports, exports, memory, features, hash.")
    .argument("<file>", ".wasm, .wat, component or compiled artifact")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES.inspect);
}
