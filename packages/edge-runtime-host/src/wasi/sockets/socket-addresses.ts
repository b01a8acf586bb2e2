// Addresses of guests, checked, and as the network has them: canonical text and port.

import { canonicalAddress } from "edge-runtime-common";
import type { Endpoint } from "../../network/network.ts";
import { NetworkFailure } from "../../network/network-failure.ts";
import type { AddressFamily, IpAddress, IpSocketAddress } from "./socket-types.ts";

/** The most that a datagram of each family carries: 65,535 less the headers of UDP, and of IP in version 4. */
const MAX_DATAGRAM_BYTES = { ipv4: 65_507, ipv6: 65_527 } as const;

export function maxDatagramBytes(family: AddressFamily): number {
  return MAX_DATAGRAM_BYTES[family];
}

export function unspecifiedAddress(family: AddressFamily): string {
  return family === "ipv4" ? "0.0.0.0" : "::";
}

export function toIpAddress(address: string): IpAddress {
  if (!address.includes(":")) return { tag: "ipv4", val: address.split(".").map(Number) };
  const [before = "", after] = address.split("::");
  const head = hextets(before);
  const tail = after === undefined ? [] : hextets(after);
  const zeroes = Array.from({ length: 8 - head.length - tail.length }, () => 0);
  return { tag: "ipv6", val: [...head, ...zeroes, ...tail] };
}

function hextets(text: string): number[] {
  return text === "" ? [] : text.split(":").map((part) => Number.parseInt(part, 16));
}

export function toSocketAddress({ address, port }: Endpoint): IpSocketAddress {
  const ip = toIpAddress(address);
  return ip.tag === "ipv4"
    ? { tag: "ipv4", val: { port, address: ip.val } }
    : { tag: "ipv6", val: { port, flowInfo: 0, address: ip.val, scopeId: 0 } };
}

function invalid(reason: string): never {
  throw new NetworkFailure("invalid-argument", reason);
}

function toEndpoint(family: AddressFamily, { tag, val }: IpSocketAddress): Endpoint {
  if (tag !== family) invalid("the address is of the other family");
  if (tag === "ipv6") checkIp6(val.address, val.scopeId);
  const text = tag === "ipv4" ? val.address.join(".") : val.address.map((part) => part.toString(16)).join(":");
  return { address: canonicalAddress(text) ?? invalid("no address"), port: val.port };
}

/** Spec: no IPv4-mapped addresses; IPv4-compatible ones are long deprecated, and systems differ on what they are. */
function checkIp6(parts: readonly number[], scopeId: number): void {
  const carriesIp4 = parts.slice(0, 5).every((part) => part === 0) && (parts[5] === 0 || parts[5] === 0xffff);
  const isPlain = parts[5] === 0 && parts[6] === 0 && (parts[7] ?? 0) <= 1;
  if (carriesIp4 && !isPlain) invalid("the address carries an IPv4 address");
  if (scopeId !== 0) invalid("scopes of addresses are not supported");
}

function isMulticast(address: string): boolean {
  if (address.includes(":")) return address.startsWith("ff");
  const first = Number(address.split(".", 1)[0]);
  return (first >= 224 && first <= 239) || address === "255.255.255.255";
}

/** Where a socket is bound to. Throws NetworkFailure. */
export function localEndpoint(family: AddressFamily, address: IpSocketAddress): Endpoint {
  const endpoint = toEndpoint(family, address);
  return isMulticast(endpoint.address) ? invalid("not a unicast address") : endpoint;
}

/** Where datagrams go to. Throws NetworkFailure. */
export function remoteEndpoint(family: AddressFamily, address: IpSocketAddress): Endpoint {
  const endpoint = toEndpoint(family, address);
  if (endpoint.port === 0) invalid("the remote port is 0");
  return endpoint.address === unspecifiedAddress(family) ? invalid("the remote address is unspecified") : endpoint;
}

/** Where connections go to. Throws NetworkFailure. */
export function remoteUnicastEndpoint(family: AddressFamily, address: IpSocketAddress): Endpoint {
  const endpoint = remoteEndpoint(family, address);
  return isMulticast(endpoint.address) ? invalid("not a unicast address") : endpoint;
}
