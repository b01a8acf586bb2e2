// From arguments to exit code. Commands are loaded when they are asked for: `--help` and bad flags need no engine.

import { CommanderError } from "commander";
import { formatError, summarizeError } from "./error-text.ts";
import { exitCodeOf } from "./exit-code.ts";
import type { ExitCode } from "./exit-code.ts";
import { shieldNegativeLiterals, unshield } from "./negative-literals.ts";
import { createProgram } from "./program.ts";
import type { Actions } from "./program.ts";
import { createRunReport } from "./run-report.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";
import { versionText } from "./version.ts";

/**
 * Runs one command line, without the names of node and of the script. Never rejects: errors are printed, one line on
 * stderr, and with `run --json` as the JSON object too.
 */
export async function main(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let subject: string | undefined;
  const onFile = (file: string): void => {
    subject = file;
  };
  try {
    return await runCommand(argv, terminal, onFile);
  } catch (error) {
    if (isHelpOrVersion(error)) return 0;
    const reported = toUsageError(error, argv);
    if (wantsRunReport(argv)) {
      terminal.out(`${JSON.stringify(createRunReport({ error: summarizeError(reported) }))}\n`);
    }
    terminal.err(`${formatError(reported, { subject, withStack: terminal.debug })}\n`);
    return exitCodeOf(reported);
  }
}

async function runCommand(
  argv: readonly string[],
  terminal: Terminal,
  onFile: (file: string) => void,
): Promise<ExitCode> {
  if (argv.length === 0) throw new UsageError("no command; try edge-runtime --help");
  let exitCode: ExitCode = 0;
  const actions: Actions = {
    serve: async (options) => {
      if (options.config !== undefined) onFile(options.config);
      return (await import("./commands/serve.ts")).serve(options, terminal);
    },
    run: async (file, args, options) => {
      onFile(file);
      const { run } = await import("./commands/run.ts");
      return run({ file, args: args.map(unshield), options }, terminal);
    },
    compile: async (file, options) => {
      onFile(file);
      return (await import("./commands/compile.ts")).compile(file, options, terminal);
    },
    inspect: async (file, options) => {
      onFile(file);
      return (await import("./commands/inspect.ts")).inspect(file, options, terminal);
    },
  };
  const done = (code: ExitCode): void => {
    exitCode = code;
  };
  const program = createProgram(actions, { terminal, version: versionText(), done });
  await program.parseAsync(shieldNegativeLiterals(argv), { from: "user" });
  return exitCode;
}

function isHelpOrVersion(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}

/** commander's errors in our form: `error: unknown option '--fuell' (Did you mean --fuel?)`, and where help is. */
function toUsageError(error: unknown, argv: readonly string[]): unknown {
  if (!(error instanceof CommanderError)) return error;
  const reason = error.message
    .replace(/^error: /, "")
    .replaceAll("\n", " ")
    .replaceAll("\u0000", "");
  const command = ["serve", "run", "compile", "inspect"].find((name) => name === argv[0]);
  const help = command === undefined ? "edge-runtime --help" : `edge-runtime ${command} --help`;
  return new UsageError(`${reason}; try ${help}`, error);
}

/** `run --json` answers in JSON even where its other arguments are wrong. */
function wantsRunReport(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  const flags = end === -1 ? argv : argv.slice(0, end);
  return flags[0] === "run" && flags.includes("--json");
}
