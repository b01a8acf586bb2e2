// What a configured function may use of the host's services: the one place where configuration becomes grants.

import { resolve } from "node:path";
import type { FunctionConfig } from "edge-runtime-common";
import { Grants } from "edge-runtime-core";
import { checkDirectories, DIRECTORIES } from "edge-runtime-host";

/** Rejects with Io where a directory cannot be used. */
export async function functionGrants({ permissions }: FunctionConfig, baseDirectory: string): Promise<Grants> {
  const directories = permissions.directories.map((directory) => ({
    ...directory,
    host: resolve(baseDirectory, directory.host),
  }));
  await checkDirectories(directories);
  return Grants.none.with(DIRECTORIES, directories);
}
