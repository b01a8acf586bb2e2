// What a configured function may use of the host's services: the one place where configuration becomes grants.

import { resolve } from "node:path";
import type { FunctionConfig } from "edge-runtime-common";
import { Grants } from "edge-runtime-core";
import {
  checkDirectories,
  CLOCK_RESOLUTION,
  CONFIG_GRANT,
  DIRECTORIES,
  ENVIRONMENT,
  KEY_VALUE_GRANT,
  socketsGrant,
} from "edge-runtime-host";
import type { KeyValueGrant, KeyValueStore } from "edge-runtime-host";

const NS_PER_US = 1000n;

/** Rejects with Io where a directory cannot be used. Without a store there are no buckets. */
export async function functionGrants(
  config: FunctionConfig,
  baseDirectory: string,
  keyValue?: KeyValueStore,
): Promise<Grants> {
  const { permissions } = config;
  const directories = permissions.directories.map((directory) => ({
    ...directory,
    host: resolve(baseDirectory, directory.host),
  }));
  await checkDirectories(directories);
  return Grants.none
    .with(CLOCK_RESOLUTION, BigInt(permissions.clockResolutionUs) * NS_PER_US)
    .with(ENVIRONMENT, { variables: [...permissions.environment], arguments: [] })
    .with(DIRECTORIES, directories)
    .with(socketsGrant, permissions.network)
    .with(CONFIG_GRANT, new Map(Object.entries(config.settings)))
    .with(KEY_VALUE_GRANT, keyValueGrant(config, keyValue));
}

/** Names of functions are unique: their namespaces are. */
function keyValueGrant({ name, permissions }: FunctionConfig, store?: KeyValueStore): KeyValueGrant | undefined {
  const buckets = permissions.keyValueBuckets;
  return store === undefined || buckets.length === 0 ? undefined : { store, namespace: name, buckets };
}
