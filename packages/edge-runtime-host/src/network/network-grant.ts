// What a function may reach over the network, and the one place where that is decided. Two lists: `allow` opens public
// addresses, `allowPrivate` opens whatever the named hosts resolve to. A metadata service opens only where it is named in
// full, never by `*` or a suffix.

import { canonicalHost, matchesHost, matchesHostName, parseHostPattern } from "edge-runtime-common";
import type { HostPattern } from "edge-runtime-common";
import type { Grant } from "edge-runtime-core";
import { isPublicAddress } from "./address-rules.ts";
import { isMetadataAddress, isMetadataName } from "./metadata-hosts.ts";

export interface NetworkGrant {
  readonly allow: readonly HostPattern[];
  /** Hosts that may be reached at loopback, private and other addresses that are not public. */
  readonly allowPrivate: readonly HostPattern[];
  /** Local addresses and ports that sockets may bind and listen on. */
  readonly listen: readonly HostPattern[];
}

/** Of `wasi:sockets`. */
export const socketsGrant: Grant<NetworkGrant> = {
  name: "network",
  none: { allow: [], allowPrivate: [], listen: [] },
};

/** Somewhere to connect to: what a name was resolved to, or an address that was given. */
export interface Destination {
  /** The host by the names that stand for it, canonical; the address itself counts as one. */
  readonly hosts: readonly string[];
  /** Canonical. */
  readonly address: string;
  readonly port: number;
}

function namesInFull(pattern: HostPattern): boolean {
  return pattern.host.kind === "exact";
}

/** Whether any list names the host, at whatever port: without that its name is not even looked up. */
export function maySeek(grant: NetworkGrant, host: string): boolean {
  const canonical = canonicalHost(host);
  const isMetadata = isMetadataName(canonical) || isMetadataAddress(canonical);
  const opens = (pattern: HostPattern): boolean =>
    matchesHostName(pattern, canonical) && (!isMetadata || namesInFull(pattern));
  return grant.allowPrivate.some(opens) || (!isMetadata && grant.allow.some(opens));
}

/** Whether a connection or datagram may go there. `hosts` need not hold the address. */
export function mayReach(grant: NetworkGrant, { hosts, address, port }: Destination): boolean {
  const all = [address, ...hosts];
  const isMetadata = isMetadataAddress(address) || hosts.some(isMetadataName);
  const opens = (pattern: HostPattern): boolean =>
    (!isMetadata || namesInFull(pattern)) && all.some((host) => matchesHost(pattern, host, port));
  if (grant.allowPrivate.some(opens)) return true;
  return !isMetadata && isPublicAddress(address) && grant.allow.some(opens);
}

/** Whether a socket may be bound to a local address and port for others to reach. */
export function mayListen(grant: NetworkGrant, address: string, port: number): boolean {
  return grant.listen.some((pattern) => matchesHost(pattern, address, port));
}

/** A grant from patterns as configuration files write them; throws a TypeError of one that is none or names no port. */
export function networkGrant(lists: Partial<Record<keyof NetworkGrant, readonly string[]>>): NetworkGrant {
  const parse = (text: string): HostPattern => {
    const pattern = parseHostPattern(text);
    if (pattern?.port === undefined || pattern.scheme !== undefined) throw new TypeError(`not a host:port: ${text}`);
    return pattern;
  };
  return {
    allow: (lists.allow ?? []).map(parse),
    allowPrivate: (lists.allowPrivate ?? []).map(parse),
    listen: (lists.listen ?? []).map(parse),
  };
}
