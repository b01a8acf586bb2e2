// Which addresses are of the public internet. Everything else is closed unless an operator opens it by name: what runs
// beside this host (loopback, private networks, metadata services) trusts whoever can reach it. Only plain global
// unicast passes: addresses that carry an IPv4 address (mapped, NAT64, 6to4, Teredo) are closed whatever they carry, so
// that no translator on the way decides where a packet goes.
// Spec: IANA IPv4 and IPv6 Special-Purpose Address Registries; the ranges are ipaddr.js's.

import { canonicalAddress, canonicalHost } from "edge-runtime-common";
import ipaddr from "ipaddr.js";
import { isMetadataAddress, isMetadataName } from "./metadata-hosts.ts";

/** Global unicast as IANA has assigned it so far: 2000::/3. */
const GLOBAL_IP6_FIRST = 0x2000;
const GLOBAL_IP6_LAST = 0x3fff;

/** Whether a canonical address (see `canonicalAddress`) may be reached without being opened. False for other texts. */
export function isPublicAddress(address: string): boolean {
  if (canonicalAddress(address) !== address) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast" || isMetadataAddress(address)) return false;
  if (!(parsed instanceof ipaddr.IPv6)) return true;
  const first = parsed.parts[0] ?? 0;
  return first >= GLOBAL_IP6_FIRST && first <= GLOBAL_IP6_LAST;
}

/**
 * Whether the host of a URL is known not to be on the public internet before any name is looked up: an address that is
 * not public in any spelling that the WHATWG URL standard reads, `localhost`, or a metadata service's name. A text that
 * is no URL with a host is private. Of other names the addresses are judged once they are resolved.
 */
export function isPrivateAddress(url: string | URL): boolean {
  const parsed = typeof url === "string" ? parseUrl(url) : url;
  // Hosts of schemes that the standard does not know are left as they are written: read them as those of http.
  const host = parsed === undefined ? "" : (parseUrl(`http://${parsed.host}`)?.hostname ?? "");
  return host === "" || isPrivateHost(canonicalHost(host));
}

function isPrivateHost(host: string): boolean {
  if (canonicalAddress(host) !== undefined) return !isPublicAddress(host);
  return host === "localhost" || host.endsWith(".localhost") || isMetadataName(host);
}

function parseUrl(url: string): URL | undefined {
  return URL.parse(url) ?? undefined;
}
