// wasi:sockets/tcp and tcp-create-socket.

import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostFunction, HostInstance, HostResource, HostValType } from "edge-runtime-core";
import { createInputStream, createOutputStream, createPollable } from "../io/io-resources.ts";
import { inputStream, outputStream, pollable } from "../io/io-resources.ts";
import { NetworkFailure } from "../../network/network-failure.ts";
import type { SocketsOf } from "./run-sockets.ts";
import { toSocketAddress } from "./socket-addresses.ts";
import { bufferSize, hopLimit, keepAliveCount, keepAliveTime } from "./socket-options.ts";
import type { TcpOptions } from "./socket-options.ts";
import { answer } from "./socket-results.ts";
import { addressFamilyType, networkResource, socketAddressType, socketResult } from "./socket-types.ts";
import type { AddressFamily, IpSocketAddress } from "./socket-types.ts";
import type { TcpConnection } from "./tcp-connection.ts";
import { TcpSocket } from "./tcp-socket.ts";

export const TCP_INTERFACE = "wasi:sockets/tcp@0.2.12";
export const TCP_CREATE_SOCKET_INTERFACE = "wasi:sockets/tcp-create-socket@0.2.12";

const tcpSocket: HostResource = { kind: "resource", drop: (value) => (value as TcpSocket).drop() };

const self = { self: wit.borrow(tcpSocket) };
const network = { network: wit.borrow(networkResource) };

function streamsOf({ source, sink }: TcpConnection) {
  return [createInputStream(source), createOutputStream(sink)] as const;
}

/** A method that answers with a result and does not wait. */
function step(
  result: HostValType | undefined,
  run: (socket: TcpSocket) => unknown,
  reads: HostFunction["reads"] = "environment",
): HostFunction {
  return {
    kind: "sync",
    reads,
    type: wit.func(self, socketResult(result)),
    call: (_call: HostCall, socket: TcpSocket) => answer(() => run(socket)),
  };
}

const addressStep = (name: string, run: (socket: TcpSocket, address: IpSocketAddress) => void): HostFunction => ({
  kind: "sync",
  reads: "environment",
  type: wit.func({ ...self, ...network, [name]: socketAddressType }, socketResult()),
  call: (_call: HostCall, socket: TcpSocket, _network: unknown, address: IpSocketAddress) =>
    answer(() => run(socket, address)),
});

const stateFunctions = {
  "[method]tcp-socket.start-bind": addressStep("local-address", (socket, address) => socket.startBind(address)),
  "[method]tcp-socket.finish-bind": step(undefined, (socket) => socket.finishBind()),
  "[method]tcp-socket.start-connect": addressStep("remote-address", (socket, address) => socket.startConnect(address)),
  "[method]tcp-socket.finish-connect": step(wit.tuple(wit.own(inputStream), wit.own(outputStream)), (socket) =>
    streamsOf(socket.finishConnect()),
  ),
  "[method]tcp-socket.start-listen": step(undefined, (socket) => socket.startListen()),
  "[method]tcp-socket.finish-listen": step(undefined, (socket) => socket.finishListen()),
  "[method]tcp-socket.accept": step(
    wit.tuple(wit.own(tcpSocket), wit.own(inputStream), wit.own(outputStream)),
    (listening) => {
      const { socket, connection } = listening.accept();
      return [socket, ...streamsOf(connection)];
    },
  ),
  "[method]tcp-socket.local-address": step(socketAddressType, (socket) => toSocketAddress(socket.localAddress)),
  "[method]tcp-socket.remote-address": step(socketAddressType, (socket) => toSocketAddress(socket.remoteAddress)),
  "[method]tcp-socket.is-listening": {
    kind: "sync",
    reads: "nothing",
    type: wit.func(self, wit.bool),
    call: (_call: HostCall, socket: TcpSocket) => socket.isListening,
  },
  "[method]tcp-socket.address-family": {
    kind: "sync",
    reads: "nothing",
    type: wit.func(self, addressFamilyType),
    call: (_call: HostCall, socket: TcpSocket) => socket.family,
  },
  "[method]tcp-socket.subscribe": {
    kind: "sync",
    reads: "nothing",
    type: wit.func(self, wit.own(pollable)),
    call: (_call: HostCall, socket: TcpSocket) => createPollable(socket),
  },
  "[method]tcp-socket.shutdown": {
    kind: "sync",
    reads: "environment",
    type: wit.func({ ...self, "shutdown-type": wit.enum("receive", "send", "both") }, socketResult()),
    call: (_call: HostCall, socket: TcpSocket, direction: "receive" | "send" | "both") =>
      answer(() => socket.shutDown(direction)),
  },
} as const;

type SetStep = (socket: TcpSocket, value: never) => void;

function setter(type: HostValType, set: SetStep): HostFunction {
  return {
    kind: "sync",
    reads: "nothing",
    type: wit.func({ ...self, value: type }, socketResult()),
    call: (_call: HostCall, socket: TcpSocket, value: never) => answer(() => set(socket, value)),
  };
}

/** Getter and setter of an option; `clamp` throws where the value is refused. */
function option<Name extends keyof TcpOptions>(
  name: Name,
  witName: string,
  type: HostValType,
  clamp: (value: TcpOptions[Name]) => TcpOptions[Name],
): Record<string, HostFunction> {
  const optionsOf = (socket: TcpSocket): TcpOptions => {
    if (socket.isClosed) throw new NetworkFailure("invalid-state");
    return socket.options;
  };
  return {
    [`[method]tcp-socket.${witName}`]: step(type, (socket) => optionsOf(socket)[name], "nothing"),
    [`[method]tcp-socket.set-${witName}`]: setter(type, (socket, value: TcpOptions[Name]) => {
      const clamped = clamp(value);
      optionsOf(socket)[name] = clamped;
      socket.applyKeepAlive();
    }),
  };
}

const optionFunctions: Record<string, HostFunction> = {
  "[method]tcp-socket.set-listen-backlog-size": setter(wit.u64, (socket, value: bigint) => socket.setBacklog(value)),
  ...option("keepAliveEnabled", "keep-alive-enabled", wit.bool, (value) => value),
  ...option("keepAliveIdleTime", "keep-alive-idle-time", wit.u64, keepAliveTime),
  ...option("keepAliveInterval", "keep-alive-interval", wit.u64, keepAliveTime),
  ...option("keepAliveCount", "keep-alive-count", wit.u32, keepAliveCount),
  ...option("hopLimit", "hop-limit", wit.u8, hopLimit),
  ...option("receiveBufferSize", "receive-buffer-size", wit.u64, bufferSize),
  ...option("sendBufferSize", "send-buffer-size", wit.u64, bufferSize),
};

export const tcpInterface: HostInstance = hostInstance({
  "tcp-socket": tcpSocket,
  ...stateFunctions,
  ...optionFunctions,
});

export function tcpCreateSocketInterface(socketsOf: SocketsOf): HostInstance {
  return hostInstance({
    "create-tcp-socket": {
      kind: "sync",
      reads: "nothing",
      type: wit.func({ "address-family": addressFamilyType }, socketResult(wit.own(tcpSocket))),
      call: (call: HostCall, family: AddressFamily) => answer(() => new TcpSocket(socketsOf(call), family)),
    },
  });
}
