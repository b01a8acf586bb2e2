// Runs third-party test suites, converted to data, against the runtime: `npm run conformance -- COMMAND --help`.

import { component } from "./conformance/component/main.ts";
import { core } from "./conformance/core/main.ts";
import { wasi } from "./conformance/wasi/main.ts";
import { real } from "./conformance/real/main.ts";
import { isUsageError, UsageError } from "./conformance/usage-error.ts";

/** Each takes its arguments and gives the exit status. */
const commands: ReadonlyMap<string, (args: readonly string[]) => Promise<number>> = new Map([
  ["core", core],
  ["component", component],
  ["wasi", wasi],
  ["real", real],
]);

const help = `npm run conformance -- COMMAND [OPTIONS]

Commands: ${[...commands.keys()].join(", ")}. npm run conformance -- COMMAND --help tells a command's options.`;

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === "--help") {
    console.log(help);
    return 0;
  }
  const command = commands.get(name ?? "");
  if (command === undefined) throw new UsageError(name === undefined ? help : `unknown command ${name}\n\n${help}`);
  return command(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!isUsageError(error)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
