// What the command line lets a program reach, as grants. Whoever names a host in full means it wherever it is; a pattern
// does not open the private network.

import type { Grants } from "edge-runtime-core";
import { networkGrant, socketsGrant } from "edge-runtime-host";

/** `hosts`: `host:port`, checked before. */
export function grantNetwork(grants: Grants, hosts: readonly string[]): Grants {
  const inFull = hosts.filter((host) => networkGrant({ allow: [host] }).allow[0]?.host.kind === "exact");
  return grants.with(socketsGrant, networkGrant({ allow: hosts, allowPrivate: inFull }));
}
