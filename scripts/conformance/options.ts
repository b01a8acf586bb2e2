// The options that every command of the conformance runner has.

import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { UsageError } from "./usage-error.ts";

export interface Options {
  /** A folder that exists. */
  readonly data: string;
  /** Empty: everything. */
  readonly filter: string;
  readonly json: string | undefined;
}

/** Undefined where help is asked for. @throws UsageError */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: "string" },
      filter: { type: "string", default: "" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  if (values.data === undefined) throw new UsageError("--data DIR is missing");
  if (!existsSync(values.data)) throw new UsageError(`--data: ${values.data} does not exist`);
  return { data: values.data, filter: values.filter, json: values.json };
}
