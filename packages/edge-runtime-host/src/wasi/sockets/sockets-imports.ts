// All interfaces of wasi:sockets 0.2 over one network.

import type { HostImports } from "edge-runtime-core";
import type { Network } from "../../network/network.ts";
import { IP_NAME_LOOKUP_INTERFACE, ipNameLookupInterface } from "./ip-name-lookup.ts";
import {
  INSTANCE_NETWORK_INTERFACE,
  instanceNetworkInterface,
  NETWORK_INTERFACE,
  networkInterface,
} from "./network.ts";
import { createSocketsService } from "./run-sockets.ts";
import { TCP_CREATE_SOCKET_INTERFACE, TCP_INTERFACE, tcpCreateSocketInterface, tcpInterface } from "./tcp.ts";
import { UDP_CREATE_SOCKET_INTERFACE, UDP_INTERFACE, udpCreateSocketInterface, udpInterface } from "./udp.ts";

export function createSocketsImports(network: Network): HostImports {
  const socketsOf = createSocketsService(network);
  return new Map([
    [NETWORK_INTERFACE, networkInterface],
    [INSTANCE_NETWORK_INTERFACE, instanceNetworkInterface],
    [IP_NAME_LOOKUP_INTERFACE, ipNameLookupInterface(socketsOf)],
    [TCP_INTERFACE, tcpInterface],
    [TCP_CREATE_SOCKET_INTERFACE, tcpCreateSocketInterface(socketsOf)],
    [UDP_INTERFACE, udpInterface],
    [UDP_CREATE_SOCKET_INTERFACE, udpCreateSocketInterface(socketsOf)],
  ]);
}
