// Which hosts a function may send HTTP requests to. The lists are those of sockets, with two additions: a pattern may
// name a scheme, and one without a port means the scheme's own.

import type { HostPattern } from "edge-runtime-common";
import type { NetworkGrant } from "../network/network-grant.ts";

export type HttpScheme = "http" | "https";

export type HttpGrant = Pick<NetworkGrant, "allow" | "allowPrivate">;

export const DEFAULT_PORTS: Readonly<Record<HttpScheme, number>> = { http: 80, https: 443 };

/** The grant for one scheme, as the rules of the network judge it. */
export function toNetworkGrant(grant: HttpGrant, scheme: HttpScheme): NetworkGrant {
  const ofScheme = (patterns: readonly HostPattern[]): HostPattern[] =>
    patterns
      .filter((pattern) => pattern.scheme === undefined || pattern.scheme === scheme)
      .map((pattern) => ({ ...pattern, port: pattern.port ?? DEFAULT_PORTS[scheme] }));
  return { allow: ofScheme(grant.allow), allowPrivate: ofScheme(grant.allowPrivate), listen: [] };
}
