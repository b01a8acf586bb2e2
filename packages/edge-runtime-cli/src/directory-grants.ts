// The directories of the command line, as grants.

import { Io } from "edge-runtime-common";
import type { Grants } from "edge-runtime-core";
import { checkDirectories, DIRECTORIES } from "edge-runtime-host";
import type { GrantedDirectory } from "edge-runtime-host";
import { UsageError } from "./usage-error.ts";

/** Throws UsageError where one cannot be used. */
export async function grantDirectories(grants: Grants, directories: readonly GrantedDirectory[]): Promise<Grants> {
  try {
    await checkDirectories(directories);
  } catch (error) {
    throw error instanceof Io ? new UsageError(`--dir: ${error.detail}`) : error;
  }
  return grants.with(DIRECTORIES, directories);
}
