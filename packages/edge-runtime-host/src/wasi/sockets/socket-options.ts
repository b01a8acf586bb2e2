// Options of sockets, kept as they were set within what systems take. Node has no way to set the hop limit and the
// kernel's buffers of TCP sockets: those are remembered and given back, and change nothing else.

import { NetworkFailure } from "../../network/network-failure.ts";

const NS_PER_S = 1_000_000_000n;
/** Linux's largest, the smallest of the systems'. */
const MAX_KEEP_ALIVE_S = 32_767n;
const MAX_KEEP_ALIVE_COUNT = 127;
const MAX_BUFFER_BYTES = 2_147_483_647n;

export interface SocketOptions {
  hopLimit: number;
  receiveBufferSize: bigint;
  sendBufferSize: bigint;
}

export interface TcpOptions extends SocketOptions {
  keepAliveEnabled: boolean;
  /** Nanoseconds. */
  keepAliveIdleTime: bigint;
  /** Nanoseconds. */
  keepAliveInterval: bigint;
  keepAliveCount: number;
}

/** What Linux starts with. */
export const defaultOptions: Readonly<SocketOptions> = {
  hopLimit: 64,
  receiveBufferSize: 212_992n,
  sendBufferSize: 212_992n,
};

export const defaultTcpOptions: Readonly<TcpOptions> = {
  ...defaultOptions,
  keepAliveEnabled: false,
  keepAliveIdleTime: 7200n * NS_PER_S,
  keepAliveInterval: 75n * NS_PER_S,
  keepAliveCount: 9,
};

/** Spec: 0 is refused, any other value may be clamped. */
function within<T extends number | bigint>(value: T, least: T, most: T): T {
  if (value <= 0) throw new NetworkFailure("invalid-argument", "the value is 0");
  if (value < least) return least;
  return value > most ? most : value;
}

export function keepAliveTime(ns: bigint): bigint {
  return within(ns, NS_PER_S, MAX_KEEP_ALIVE_S * NS_PER_S);
}

export function keepAliveCount(count: number): number {
  return within(count, 1, MAX_KEEP_ALIVE_COUNT);
}

export function hopLimit(hops: number): number {
  return within(hops, 1, 255);
}

export function bufferSize(bytes: bigint): bigint {
  return within(bytes, 1n, MAX_BUFFER_BYTES);
}

/** Most connections that wait to be accepted. */
const MAX_BACKLOG = 32n;

export function backlogSize(value: bigint): number {
  return Number(within(value, 1n, MAX_BACKLOG));
}

/** As `setKeepAlive` takes it. */
export function keepAliveSetting(options: TcpOptions) {
  const toMs = (ns: bigint): number => Number(ns / 1_000_000n);
  return {
    enable: options.keepAliveEnabled,
    initialDelay: toMs(options.keepAliveIdleTime),
    interval: toMs(options.keepAliveInterval),
    count: options.keepAliveCount,
  };
}
