// What the sockets of one run have in common: its grant, the names that its guest looked up, how many are open. When the
// run ends everything is closed at once, whatever it waits for.

import { canonicalAddress } from "edge-runtime-common";
import type { HostCall, Service, WorkerContext } from "edge-runtime-core";
import type { Endpoint, Network } from "../../network/network.ts";
import { mayListen, mayReach, maySeek, socketsGrant } from "../../network/network-grant.ts";
import type { NetworkGrant } from "../../network/network-grant.ts";
import { NetworkFailure } from "../../network/network-failure.ts";
import { unspecifiedAddress } from "./socket-addresses.ts";
import type { AddressFamily } from "./socket-types.ts";

/** Most sockets of a run at one time; what each may keep for its guest is bounded where it is kept. */
const MAX_SOCKETS = 32;
/** Most names that a run may look up. */
const MAX_LOOKUPS = 128;
/** Most addresses that are kept of one name. */
const MAX_ADDRESSES = 16;

/** Something to be closed with the run, or before. */
export interface Closable {
  readonly close: () => void;
}

export class RunSockets {
  readonly network: Network;
  readonly #grant: NetworkGrant;
  readonly #ending = new AbortController();
  readonly #open = new Set<Closable>();
  readonly #namesByAddress = new Map<string, Set<string>>();
  #lookups = 0;

  constructor(network: Network, grant: NetworkGrant) {
    this.network = network;
    this.#grant = grant;
  }

  /** Aborted when the run ends. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Whether one more socket may be opened. */
  get hasRoom(): boolean {
    return this.#open.size < MAX_SOCKETS && !this.signal.aborted;
  }

  /** Counts a socket until it is closed. Throws NetworkFailure where there are too many. */
  open(socket: Closable): void {
    if (!this.hasRoom) throw new NetworkFailure("new-socket-limit");
    this.#open.add(socket);
  }

  closed(socket: Closable): void {
    this.#open.delete(socket);
  }

  /** Throws NetworkFailure: `access-denied`. */
  checkReach({ address, port }: Endpoint): void {
    if (!this.reaches({ address, port })) throw new NetworkFailure("access-denied");
  }

  reaches({ address, port }: Endpoint): boolean {
    const hosts = [...(this.#namesByAddress.get(address) ?? [])];
    return mayReach(this.#grant, { hosts, address, port });
  }

  /** Whether anybody may send to a socket there. */
  listensAt({ address, port }: Endpoint): boolean {
    return mayListen(this.#grant, address, port);
  }

  /**
   * A client may let the system choose where its socket starts; any other place is one to listen at. Throws
   * NetworkFailure: `access-denied`.
   */
  checkBind(family: AddressFamily, local: Endpoint): void {
    const { allow, allowPrivate } = this.#grant;
    const isClient = local.port === 0 && local.address === unspecifiedAddress(family);
    if (isClient && allow.length + allowPrivate.length > 0) return;
    // Which port the system chooses is not known yet: listening there is checked again.
    const isNamed = local.port === 0 ? this.#grant.listen.length > 0 : this.listensAt(local);
    if (!isNamed) throw new NetworkFailure("access-denied");
  }

  /** Whether a name may be looked up; an address is no secret. Throws NetworkFailure: `access-denied`. */
  checkSeek(name: string): void {
    if (canonicalAddress(name) === undefined && !maySeek(this.#grant, name)) throw new NetworkFailure("access-denied");
  }

  /** The addresses of a name, under which they may be reached from now on. Rejects with NetworkFailure. */
  async resolve(name: string, signal: AbortSignal): Promise<readonly string[]> {
    if (this.#lookups >= MAX_LOOKUPS) {
      throw new NetworkFailure("temporary-resolver-failure", "the run has looked up too many names");
    }
    this.#lookups += 1;
    const found = await this.network.resolve(name, signal);
    // Spec: never IPv4-mapped addresses.
    const addresses = found.filter((address) => !address.startsWith("::ffff:")).slice(0, MAX_ADDRESSES);
    if (addresses.length === 0) throw new NetworkFailure("name-unresolvable");
    for (const address of addresses) {
      const names = this.#namesByAddress.get(address) ?? new Set();
      this.#namesByAddress.set(address, names.add(name));
    }
    return addresses;
  }

  end(): void {
    this.#ending.abort(new NetworkFailure("connection-aborted", "the run ended"));
    for (const socket of this.#open) socket.close();
    this.#open.clear();
    this.#namesByAddress.clear();
  }
}

/** Finds the sockets of the run that calls. */
export type SocketsOf = (call: HostCall) => RunSockets;

export function createSocketsService(network: Network): SocketsOf {
  const service: Service<RunSockets> = {
    name: "wasi:sockets",
    start: (context: WorkerContext) => new RunSockets(network, context.grants.get(socketsGrant)),
    end: (sockets) => sockets.end(),
  };
  return ({ context }) => context.service(service);
}
