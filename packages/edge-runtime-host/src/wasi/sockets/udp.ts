// wasi:sockets/udp and udp-create-socket.

import { WasiError } from "edge-runtime-common";
import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostInstance, HostResource } from "edge-runtime-core";
import { createPollable, pollable } from "../io/io-resources.ts";
import { alwaysReady } from "../readiness.ts";
import type { SocketsOf } from "./run-sockets.ts";
import { toSocketAddress } from "./socket-addresses.ts";
import { bufferSize, hopLimit } from "./socket-options.ts";
import { SocketMethods } from "./socket-methods.ts";
import { answer } from "./socket-results.ts";
import { addressFamilyType, socketAddressType, socketResult } from "./socket-types.ts";
import type { AddressFamily, IpSocketAddress } from "./socket-types.ts";
import { UdpSocket } from "./udp-socket.ts";

export const UDP_INTERFACE = "wasi:sockets/udp@0.2.12";
export const UDP_CREATE_SOCKET_INTERFACE = "wasi:sockets/udp-create-socket@0.2.12";

/** Most datagrams that one call takes or gives. */
const MAX_BATCH = 64;

interface IncomingStream {
  readonly socket: UdpSocket;
  readonly generation: number;
}

interface OutgoingStream extends IncomingStream {
  /** What the last `check-send` permitted; undefined: it was used. */
  permitted: number | undefined;
}

interface OutgoingDatagram {
  readonly data: Uint8Array;
  readonly remoteAddress?: IpSocketAddress;
}

const udpSocket: HostResource = { kind: "resource", drop: (value) => (value as UdpSocket).close() };
const incomingStream: HostResource = { kind: "resource", drop: () => undefined };
const outgoingStream: HostResource = { kind: "resource", drop: () => undefined };

const incomingDatagram = wit.record({ data: wit.list(wit.u8), "remote-address": socketAddressType });
const outgoingDatagram = wit.record({ data: wit.list(wit.u8), "remote-address": wit.option(socketAddressType) });

const self = { self: wit.borrow(udpSocket) };
const methods = new SocketMethods<UdpSocket>("udp-socket", udpSocket, (socket) => socket.applyOptions());

function streamsOf(socket: UdpSocket, address: IpSocketAddress | undefined) {
  const generation = socket.stream(address);
  const outgoing: OutgoingStream = { socket, generation, permitted: undefined };
  return [{ socket, generation }, outgoing] as const;
}

const socketFunctions = {
  "[method]udp-socket.start-bind": methods.addressStep("local-address", (socket, address) => socket.startBind(address)),
  "[method]udp-socket.finish-bind": methods.step(undefined, (socket) => socket.finishBind()),
  "[method]udp-socket.stream": {
    kind: "sync",
    reads: "environment",
    type: wit.func(
      { ...self, "remote-address": wit.option(socketAddressType) },
      socketResult(wit.tuple(wit.own(incomingStream), wit.own(outgoingStream))),
    ),
    call: (_call: HostCall, socket: UdpSocket, address: IpSocketAddress | undefined) =>
      answer(() => streamsOf(socket, address)),
  },
  "[method]udp-socket.local-address": methods.step(socketAddressType, (socket) => toSocketAddress(socket.localAddress)),
  "[method]udp-socket.remote-address": methods.step(socketAddressType, (socket) =>
    toSocketAddress(socket.remoteAddress),
  ),
  "[method]udp-socket.address-family": methods.family,
  /** Nothing of the socket itself waits. */
  "[method]udp-socket.subscribe": {
    kind: "sync",
    reads: "nothing",
    type: wit.func(self, wit.own(pollable)),
    call: () => createPollable(alwaysReady),
  },
} as const;

function receive({ socket, generation }: IncomingStream, most: bigint) {
  const datagrams = socket.receive(generation, most < BigInt(MAX_BATCH) ? Number(most) : MAX_BATCH);
  return datagrams.map(({ data, from }) => ({ data, remoteAddress: toSocketAddress(from) }));
}

const incomingFunctions = {
  "[method]incoming-datagram-stream.receive": {
    kind: "sync",
    reads: "environment",
    type: wit.func(
      { self: wit.borrow(incomingStream), "max-results": wit.u64 },
      socketResult(wit.list(incomingDatagram)),
    ),
    call: (_call: HostCall, stream: IncomingStream, most: bigint) => answer(() => receive(stream, most)),
  },
  "[method]incoming-datagram-stream.subscribe": {
    kind: "sync",
    reads: "nothing",
    type: wit.func({ self: wit.borrow(incomingStream) }, wit.own(pollable)),
    call: (_call: HostCall, { socket, generation }: IncomingStream) =>
      createPollable({ isReady: () => socket.isReceivable(generation), onReady: socket.onReceivable }),
  },
} as const;

/** Spec: sending more than `check-send` permitted traps; a first datagram that was sent makes the call succeed. */
function send(stream: OutgoingStream, datagrams: readonly OutgoingDatagram[]): bigint {
  const { permitted } = stream;
  stream.permitted = undefined;
  if (permitted === undefined || datagrams.length > permitted) {
    throw new WasiError(`send: ${datagrams.length} datagrams are more than check-send permitted (${permitted ?? 0})`);
  }
  let sent = 0;
  for (const { data, remoteAddress } of datagrams) {
    try {
      if (!stream.socket.send(stream.generation, data, remoteAddress)) break;
    } catch (error) {
      if (sent === 0) throw error;
      break;
    }
    sent += 1;
  }
  return BigInt(sent);
}

const outgoingFunctions = {
  "[method]outgoing-datagram-stream.check-send": {
    kind: "sync",
    reads: "environment",
    type: wit.func({ self: wit.borrow(outgoingStream) }, socketResult(wit.u64)),
    call: (_call: HostCall, stream: OutgoingStream) =>
      answer(() => {
        stream.permitted = stream.socket.room(stream.generation);
        return BigInt(stream.permitted);
      }),
  },
  "[method]outgoing-datagram-stream.send": {
    kind: "sync",
    reads: "environment",
    type: wit.func({ self: wit.borrow(outgoingStream), datagrams: wit.list(outgoingDatagram) }, socketResult(wit.u64)),
    call: (_call: HostCall, stream: OutgoingStream, datagrams: readonly OutgoingDatagram[]) =>
      answer(() => send(stream, datagrams)),
  },
  "[method]outgoing-datagram-stream.subscribe": {
    kind: "sync",
    reads: "nothing",
    type: wit.func({ self: wit.borrow(outgoingStream) }, wit.own(pollable)),
    call: (_call: HostCall, { socket, generation }: OutgoingStream) =>
      createPollable({ isReady: () => socket.isSendable(generation), onReady: socket.onSendable }),
  },
} as const;

export const udpInterface: HostInstance = hostInstance({
  "udp-socket": udpSocket,
  "incoming-datagram-stream": incomingStream,
  "outgoing-datagram-stream": outgoingStream,
  ...socketFunctions,
  ...methods.option("unicast-hop-limit", { name: "hopLimit", type: wit.u8, clamp: hopLimit }),
  ...methods.option("receive-buffer-size", { name: "receiveBufferSize", type: wit.u64, clamp: bufferSize }),
  ...methods.option("send-buffer-size", { name: "sendBufferSize", type: wit.u64, clamp: bufferSize }),
  ...incomingFunctions,
  ...outgoingFunctions,
});

export function udpCreateSocketInterface(socketsOf: SocketsOf): HostInstance {
  return hostInstance({
    "create-udp-socket": {
      kind: "sync",
      reads: "nothing",
      type: wit.func({ "address-family": addressFamilyType }, socketResult(wit.own(udpSocket))),
      call: (call: HostCall, family: AddressFamily) => answer(() => new UdpSocket(socketsOf(call), family)),
    },
  });
}
