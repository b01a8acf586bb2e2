// wasi:sockets/tcp and tcp-create-socket.

import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostFunction, HostInstance, HostResource } from "edge-runtime-core";
import { createInputStream, createOutputStream, createPollable } from "../io/io-resources.ts";
import { inputStream, outputStream, pollable } from "../io/io-resources.ts";
import type { SocketsOf } from "./run-sockets.ts";
import { toSocketAddress } from "./socket-addresses.ts";
import { bufferSize, hopLimit, keepAliveCount, keepAliveTime } from "./socket-options.ts";
import { SocketMethods } from "./socket-methods.ts";
import { answer } from "./socket-results.ts";
import { addressFamilyType, socketAddressType, socketResult } from "./socket-types.ts";
import type { AddressFamily } from "./socket-types.ts";
import type { TcpConnection } from "./tcp-connection.ts";
import { TcpSocket } from "./tcp-socket.ts";

export const TCP_INTERFACE = "wasi:sockets/tcp@0.2.12";
export const TCP_CREATE_SOCKET_INTERFACE = "wasi:sockets/tcp-create-socket@0.2.12";

const tcpSocket: HostResource = { kind: "resource", drop: (value) => (value as TcpSocket).drop() };

const self = { self: wit.borrow(tcpSocket) };
const methods = new SocketMethods<TcpSocket>("tcp-socket", tcpSocket, (socket) => socket.applyKeepAlive());

function streamsOf({ source, sink }: TcpConnection) {
  return [createInputStream(source), createOutputStream(sink)] as const;
}

const stateFunctions = {
  "[method]tcp-socket.start-bind": methods.addressStep("local-address", (socket, address) => socket.startBind(address)),
  "[method]tcp-socket.finish-bind": methods.step(undefined, (socket) => socket.finishBind()),
  "[method]tcp-socket.start-connect": methods.addressStep("remote-address", (socket, address) =>
    socket.startConnect(address),
  ),
  "[method]tcp-socket.finish-connect": methods.step(wit.tuple(wit.own(inputStream), wit.own(outputStream)), (socket) =>
    streamsOf(socket.finishConnect()),
  ),
  "[method]tcp-socket.start-listen": methods.step(undefined, (socket) => socket.startListen()),
  "[method]tcp-socket.finish-listen": methods.step(undefined, (socket) => socket.finishListen()),
  "[method]tcp-socket.accept": methods.step(
    wit.tuple(wit.own(tcpSocket), wit.own(inputStream), wit.own(outputStream)),
    (listening) => {
      const { socket, connection } = listening.accept();
      return [socket, ...streamsOf(connection)];
    },
  ),
  "[method]tcp-socket.local-address": methods.step(socketAddressType, (socket) => toSocketAddress(socket.localAddress)),
  "[method]tcp-socket.remote-address": methods.step(socketAddressType, (socket) =>
    toSocketAddress(socket.remoteAddress),
  ),
  "[method]tcp-socket.is-listening": {
    kind: "sync",
    reads: "nothing",
    type: wit.func(self, wit.bool),
    call: (_call: HostCall, socket: TcpSocket) => socket.isListening,
  },
  "[method]tcp-socket.address-family": methods.family,
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

const optionFunctions: Record<string, HostFunction> = {
  "[method]tcp-socket.set-listen-backlog-size": methods.setter(wit.u64, (socket, value: bigint) =>
    socket.setBacklog(value),
  ),
  ...methods.option("keep-alive-enabled", { name: "keepAliveEnabled", type: wit.bool, clamp: (value) => value }),
  ...methods.option("keep-alive-idle-time", { name: "keepAliveIdleTime", type: wit.u64, clamp: keepAliveTime }),
  ...methods.option("keep-alive-interval", { name: "keepAliveInterval", type: wit.u64, clamp: keepAliveTime }),
  ...methods.option("keep-alive-count", { name: "keepAliveCount", type: wit.u32, clamp: keepAliveCount }),
  ...methods.option("hop-limit", { name: "hopLimit", type: wit.u8, clamp: hopLimit }),
  ...methods.option("receive-buffer-size", { name: "receiveBufferSize", type: wit.u64, clamp: bufferSize }),
  ...methods.option("send-buffer-size", { name: "sendBufferSize", type: wit.u64, clamp: bufferSize }),
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
