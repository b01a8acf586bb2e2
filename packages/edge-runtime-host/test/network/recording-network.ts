// A network that sends nothing: it answers look-ups from a table and records every attempt. What is to connect in truth
// is sent to a loopback port instead of its destination.

import type { Socket } from "node:net";
import type { Network, TcpTarget } from "../../src/network/network.ts";
import { createNodeNetwork } from "../../src/network/node-network.ts";
import { NetworkFailure } from "../../src/network/network-failure.ts";

export interface RecordingNetworkOptions {
  /** Addresses by name; where several lists are given, each look-up takes the next. */
  readonly names?: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** The loopback port that stands for a destination; default: the connection is refused. */
  readonly portFor?: (target: TcpTarget) => number | undefined;
  /** Before a connection is made or refused. */
  readonly beforeConnect?: (target: TcpTarget, signal: AbortSignal) => Promise<void>;
}

export interface RecordingNetwork extends Network {
  /** `resolve NAME` and `connect ADDRESS PORT`, in order. */
  readonly attempts: readonly string[];
}

export function createRecordingNetwork(options: RecordingNetworkOptions = {}): RecordingNetwork {
  const attempts: string[] = [];
  const lookups = new Map<string, number>();
  const real = createNodeNetwork();
  return {
    ...real,
    attempts,
    resolve: (name) => {
      attempts.push(`resolve ${name}`);
      const lists = options.names?.[name] ?? [];
      const count = lookups.get(name) ?? 0;
      lookups.set(name, count + 1);
      const addresses = lists[Math.min(count, lists.length - 1)];
      return addresses === undefined
        ? Promise.reject(new NetworkFailure("name-unresolvable"))
        : Promise.resolve(addresses);
    },
    connectTcp: async (target, signal): Promise<Socket> => {
      attempts.push(`connect ${target.address} ${target.port}`);
      await options.beforeConnect?.(target, signal);
      const port = options.portFor?.(target);
      if (port === undefined) throw new NetworkFailure("connection-refused");
      return real.connectTcp({ ...target, address: "127.0.0.1", port }, signal);
    },
  };
}
