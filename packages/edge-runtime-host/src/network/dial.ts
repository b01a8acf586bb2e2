// A connection to a host by name, as clients of services make it: look the name up once, keep the addresses that may be
// reached, connect to one of exactly these. Nothing resolves the name again, so an answer that changes in between (DNS
// rebinding) changes nothing.

import type { Socket } from "node:net";
import { canonicalAddress, canonicalHost } from "edge-runtime-common";
import type { Network } from "./network.ts";
import type { Destination } from "./network-grant.ts";
import { NetworkFailure } from "./network-failure.ts";

/** How long one address is tried alone before the next is tried beside it. Spec: RFC 8305 "Connection Attempt Delay". */
const ATTEMPT_DELAY_MS = 250;
/** Most addresses of a name that are tried. */
const MAX_ADDRESSES = 8;

export interface DialOptions {
  readonly network: Network;
  /** Host name or address, as a URL has it. */
  readonly host: string;
  readonly port: number;
  /** Whether the address may be reached under that name: `mayReach` with a grant. */
  readonly permits: (destination: Destination) => boolean;
  readonly signal: AbortSignal;
  readonly allowHalfOpen?: boolean;
}

/** Rejects with NetworkFailure (`access-denied` where no address is permitted), or the signal's reason. */
export async function dial(options: DialOptions): Promise<Socket> {
  const { network, port, permits, signal, allowHalfOpen = false } = options;
  signal.throwIfAborted();
  const host = canonicalHost(options.host);
  const addresses = canonicalAddress(host) === undefined ? await network.resolve(host, signal) : [host];
  const permitted = addresses.filter((address) => permits({ hosts: [host], address, port })).slice(0, MAX_ADDRESSES);
  if (permitted.length === 0) throw new NetworkFailure("access-denied", `${host}:${port} may not be reached`);
  return connectFirst(permitted, signal, (address, attempt) =>
    network.connectTcp({ address, port, allowHalfOpen }, attempt),
  );
}

type Connect = (address: string, signal: AbortSignal) => Promise<Socket>;

/** Starts one attempt after the other, without waiting long for those under way; the first connection wins. */
function connectFirst(addresses: readonly string[], signal: AbortSignal, connect: Connect): Promise<Socket> {
  const ending = new AbortController();
  const attemptSignal = AbortSignal.any([signal, ending.signal]);
  let timer: NodeJS.Timeout | undefined;
  let started = 0;
  let running = 0;
  let hasWon = false;
  return new Promise<Socket>((resolve, reject) => {
    const tryNext = (): void => {
      clearTimeout(timer);
      const address = addresses[started];
      if (address === undefined || hasWon || attemptSignal.aborted) return;
      started += 1;
      running += 1;
      if (started < addresses.length) timer = setTimeout(tryNext, ATTEMPT_DELAY_MS);
      connect(address, attemptSignal).then(
        (socket) => {
          if (hasWon) return void socket.destroy();
          hasWon = true;
          return resolve(socket);
        },
        (error: unknown) => {
          running -= 1;
          if (started < addresses.length && !signal.aborted) tryNext();
          else if (running === 0) reject(error);
        },
      );
    };
    tryNext();
  }).finally(() => {
    clearTimeout(timer);
    ending.abort();
  });
}
