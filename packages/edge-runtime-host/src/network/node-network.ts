// The network of this machine.

import { lookup } from "node:dns/promises";
import { createSocket } from "node:dgram";
import type { Socket as DatagramSocket } from "node:dgram";
import { BoundSocket, createServer, isIPv6, Socket } from "node:net";
import type { Server } from "node:net";
import { domainToASCII } from "node:url";
import { canonicalAddress } from "edge-runtime-common";
import { LookupQueue } from "./lookup-queue.ts";
import type { Endpoint, Network, TcpBinding, TcpTarget } from "./network.ts";
import { NetworkFailure, toNetworkFailure } from "./network-failure.ts";

class NodeTcpBinding implements TcpBinding {
  readonly local: Endpoint;
  readonly #bound: BoundSocket;

  constructor({ address, port }: Endpoint) {
    this.#bound = new BoundSocket({ host: address, port, ipv6Only: isIPv6(address) });
    const local = this.#bound.address();
    this.local = { address: canonicalAddress(local.address) ?? address, port: local.port };
  }

  readonly release = (): void => this.#bound[Symbol.dispose]();

  /** Whoever is given it owns it. */
  take(): BoundSocket {
    return this.#bound;
  }
}

function boundSocketOf(binding: TcpBinding): BoundSocket {
  if (binding instanceof NodeTcpBinding) return binding.take();
  throw new NetworkFailure("invalid-argument", "a binding of another network");
}

/** By the system's resolver: hosts file, search domains and all. */
async function lookUp(name: string): Promise<readonly string[]> {
  const ascii = domainToASCII(name);
  if (ascii === "") throw new NetworkFailure("invalid-argument", "not a host name");
  const found = await lookup(ascii, { all: true, order: "verbatim" });
  const addresses = found.flatMap(({ address }) => canonicalAddress(address.split("%", 1)[0] ?? "") ?? []);
  if (addresses.length === 0) throw new NetworkFailure("name-unresolvable");
  return [...new Set(addresses)];
}

/** Settles with what `start` calls back, or with the signal's reason after `cancel`. */
function whileWanted<T>(
  signal: AbortSignal,
  cancel: () => void,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  signal.throwIfAborted();
  const settled = Promise.withResolvers<T>();
  let isWanted = true;
  const giveUp = (reason: unknown): void => {
    if (isWanted) cancel();
    isWanted = false;
    settled.reject(reason);
  };
  const abort = (): void => giveUp(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  start(settled.resolve, (error) => giveUp(toNetworkFailure(error)));
  return settled.promise.finally(() => signal.removeEventListener("abort", abort));
}

async function connectTcp({ address, port, from, allowHalfOpen = false }: TcpTarget, signal: AbortSignal) {
  const handle = from === undefined ? {} : { handle: boundSocketOf(from) };
  const socket = new Socket({ allowHalfOpen, ...handle });
  return whileWanted<Socket>(
    signal,
    () => void socket.destroy(),
    (resolve, reject) => {
      socket.once("error", reject);
      socket.connect({ host: address, port, autoSelectFamily: false }, () => {
        socket.removeListener("error", reject);
        resolve(socket);
      });
    },
  );
}

async function listenTcp(binding: TcpBinding, backlog: number, signal: AbortSignal): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  return whileWanted<Server>(
    signal,
    () => void server.close(),
    (resolve, reject) => {
      server.once("error", reject);
      server.listen({ handle: boundSocketOf(binding), backlog }, () => {
        server.removeListener("error", reject);
        resolve(server);
      });
    },
  );
}

function bindUdp({ address, port }: Endpoint): DatagramSocket {
  const isIp6 = isIPv6(address);
  const socket = createSocket({
    type: isIp6 ? "udp6" : "udp4",
    ipv6Only: isIp6,
    // Node asks for the address of every datagram's destination, which is one already.
    lookup: (host, _options, callback) => callback(null, host, isIp6 ? 6 : 4),
  });
  try {
    socket.bindSync({ address, port });
    return socket;
  } catch (error) {
    socket.close();
    throw toNetworkFailure(error);
  }
}

export function createNodeNetwork(): Network {
  const lookups = new LookupQueue(lookUp);
  return {
    resolve: async (name, signal) => {
      const address = canonicalAddress(name);
      return address === undefined ? lookups.find(name, signal) : [address];
    },
    connectTcp,
    bindTcp: (local) => {
      try {
        return new NodeTcpBinding(local);
      } catch (error) {
        throw toNetworkFailure(error);
      }
    },
    listenTcp,
    bindUdp,
  };
}
