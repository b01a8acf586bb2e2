// The network as host functions see it: a port, so that tests record what would have been sent. It takes addresses only,
// never names, and checks nothing: what may be reached is decided before, on the address that is then connected to.

import type { Socket as DatagramSocket } from "node:dgram";
import type { Server, Socket } from "node:net";

/** An address in canonical text and a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** A local address and port that is held for a socket to come. */
export interface TcpBinding {
  readonly local: Endpoint;
  /** Frees it, where no socket has taken it over. */
  readonly release: () => void;
}

export interface TcpTarget extends Endpoint {
  /** Where the connection starts; default: the system chooses. It is taken over, also where connecting fails. */
  readonly from?: TcpBinding | undefined;
  /** Our side stays open when the other has ended its own. Default false. */
  readonly allowHalfOpen?: boolean;
}

export interface Network {
  /**
   * The addresses of a host name, canonical, in order of preference; at least one. An address is its own.
   *
   * Rejects with NetworkFailure, or the signal's reason.
   */
  readonly resolve: (name: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** Connects; the socket is the caller's. Rejects with NetworkFailure, or the signal's reason. */
  readonly connectTcp: (target: TcpTarget, signal: AbortSignal) => Promise<Socket>;
  /** Holds a local address; port 0: one that is free. Throws NetworkFailure. */
  readonly bindTcp: (local: Endpoint) => TcpBinding;
  /** Listens where `binding` is, which is taken over; sockets it accepts stay open half and are paused. */
  readonly listenTcp: (binding: TcpBinding, backlog: number, signal: AbortSignal) => Promise<Server>;
  /** A UDP socket at a local address, which looks no names up. Throws NetworkFailure. */
  readonly bindUdp: (local: Endpoint) => DatagramSocket;
}
