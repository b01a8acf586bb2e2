// What a configured function may use of the host's services: the one place where configuration becomes grants.

import { resolve } from "node:path";
import type { FunctionConfig } from "edge-runtime-common";
import { Grants } from "edge-runtime-core";
import { checkDirectories, CLOCK_RESOLUTION, DIRECTORIES, ENVIRONMENT, socketsGrant } from "edge-runtime-host";

const NS_PER_US = 1000n;

/** Rejects with Io where a directory cannot be used. */
export async function functionGrants({ permissions }: FunctionConfig, baseDirectory: string): Promise<Grants> {
  const directories = permissions.directories.map((directory) => ({
    ...directory,
    host: resolve(baseDirectory, directory.host),
  }));
  await checkDirectories(directories);
  return Grants.none
    .with(CLOCK_RESOLUTION, BigInt(permissions.clockResolutionUs) * NS_PER_US)
    .with(ENVIRONMENT, { variables: [...permissions.environment], arguments: [] })
    .with(DIRECTORIES, directories)
    .with(socketsGrant, permissions.network);
}
