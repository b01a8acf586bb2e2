// The types of wasi:sockets/network that the other interfaces use.

import { wit } from "edge-runtime-core";
import type { HostResource, HostValType } from "edge-runtime-core";
import { networkErrorCodes } from "../../network/network-failure.ts";

export type AddressFamily = "ipv4" | "ipv6";

export type IpAddress =
  | { readonly tag: "ipv4"; readonly val: readonly number[] }
  | { readonly tag: "ipv6"; readonly val: readonly number[] };

export interface Ipv4SocketAddress {
  readonly port: number;
  readonly address: readonly number[];
}

export interface Ipv6SocketAddress {
  readonly port: number;
  readonly flowInfo: number;
  readonly address: readonly number[];
  readonly scopeId: number;
}

export type IpSocketAddress =
  | { readonly tag: "ipv4"; readonly val: Ipv4SocketAddress }
  | { readonly tag: "ipv6"; readonly val: Ipv6SocketAddress };

/** Every handle stands for the one network that there is; what it opens is the function's grant. */
export const networkResource: HostResource = { kind: "resource", drop: () => undefined };

export const errorCodeType: HostValType = wit.enum(...networkErrorCodes);
export const addressFamilyType: HostValType = wit.enum("ipv4", "ipv6");

const { u8, u16, u32 } = wit;
const ipv4AddressType = wit.tuple(u8, u8, u8, u8);
const ipv6AddressType = wit.tuple(u16, u16, u16, u16, u16, u16, u16, u16);

export const ipAddressType: HostValType = wit.variant({ ipv4: ipv4AddressType, ipv6: ipv6AddressType });

export const socketAddressType: HostValType = wit.variant({
  ipv4: wit.record({ port: u16, address: ipv4AddressType }),
  ipv6: wit.record({ port: u16, "flow-info": u32, address: ipv6AddressType, "scope-id": u32 }),
});

/** `result<ok, error-code>`. */
export function socketResult(ok?: HostValType): HostValType {
  return wit.result(ok, errorCodeType);
}
