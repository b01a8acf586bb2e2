// One UDP socket of a guest. Datagrams that arrive wait here, within bounds, whether the guest has streams or not; those
// that do not fit are lost, as in any queue of UDP. A client gets datagrams only from where it may send to; whoever may
// listen gets them from everybody.

import type { Socket as DatagramSocket } from "node:dgram";
import { canonicalAddress } from "edge-runtime-common";
import type { Endpoint } from "../../network/network.ts";
import { NetworkFailure, toNetworkFailure } from "../../network/network-failure.ts";
import { Wakers } from "../readiness.ts";
import type { Closable, RunSockets } from "./run-sockets.ts";
import { localEndpoint, maxDatagramBytes, remoteEndpoint } from "./socket-addresses.ts";
import { defaultOptions } from "./socket-options.ts";
import type { SocketOptions } from "./socket-options.ts";
import type { AddressFamily, IpSocketAddress } from "./socket-types.ts";

/** Most datagrams that wait for the guest, and their bytes. */
const MAX_WAITING = 64;
const MAX_WAITING_BYTES = 131_072;
/** Most datagrams that wait to be sent, and their bytes: one more may be added below them. */
const MAX_SENDING = 16;
const MAX_SENDING_BYTES = 131_072;

export interface Datagram {
  readonly data: Uint8Array;
  readonly from: Endpoint;
}

interface BoundState {
  readonly kind: "bind-in-progress" | "bound";
  readonly socket: DatagramSocket;
  readonly local: Endpoint;
}

type State = { readonly kind: "unbound" | "closed" } | BoundState;

export class UdpSocket implements Closable {
  readonly family: AddressFamily;
  readonly options: SocketOptions = { ...defaultOptions };
  readonly #sockets: RunSockets;
  readonly #receivers = new Wakers();
  readonly #senders = new Wakers();
  readonly #waiting: Datagram[] = [];
  #waitingBytes = 0;
  #sending = 0;
  #sendingBytes = 0;
  #receiveFailure: NetworkFailure | undefined;
  #sendFailure: NetworkFailure | undefined;
  #remote: Endpoint | undefined;
  /** Of the streams: only those made last work. */
  #generation = 0;
  #state: State = { kind: "unbound" };

  /** Throws NetworkFailure: `new-socket-limit`. */
  constructor(sockets: RunSockets, family: AddressFamily) {
    this.#sockets = sockets;
    this.family = family;
    sockets.open(this);
  }

  get isClosed(): boolean {
    return this.#state.kind === "closed";
  }

  get localAddress(): Endpoint {
    if (this.#state.kind === "bound") return this.#state.local;
    throw new NetworkFailure("invalid-state");
  }

  get remoteAddress(): Endpoint {
    if (this.#remote === undefined) throw new NetworkFailure("invalid-state");
    return this.#remote;
  }

  startBind(address: IpSocketAddress): void {
    if (this.#state.kind !== "unbound") throw new NetworkFailure("invalid-state");
    const wanted = localEndpoint(this.family, address);
    this.#sockets.checkBind(this.family, wanted);
    const socket = this.#sockets.network.bindUdp(wanted);
    const local = { address: wanted.address, port: socket.address().port };
    this.#listen(socket, local);
    this.#state = { kind: "bind-in-progress", socket, local };
    this.applyOptions();
  }

  #listen(socket: DatagramSocket, local: Endpoint): void {
    const isOpenToAll = this.#sockets.listensAt(local);
    socket.on("message", (data, { address, port }) => {
      const from = { address: canonicalAddress(address.split("%", 1)[0] ?? "") ?? address, port };
      if (isOpenToAll || this.#sockets.reaches(from)) this.#receive({ data, from });
    });
    socket.on("error", (error) => {
      this.#receiveFailure ??= toNetworkFailure(error);
      this.#receivers.wake();
    });
  }

  finishBind(): void {
    if (this.#state.kind !== "bind-in-progress") throw new NetworkFailure("not-in-progress");
    this.#state = { ...this.#state, kind: "bound" };
  }

  #receive(datagram: Datagram): void {
    const { length } = datagram.data;
    if (this.#waiting.length >= MAX_WAITING || this.#waitingBytes + length > MAX_WAITING_BYTES) return;
    if (!this.#isWanted(datagram)) return;
    this.#waiting.push(datagram);
    this.#waitingBytes += length;
    this.#receivers.wake();
  }

  #isWanted({ from }: Datagram): boolean {
    const remote = this.#remote;
    return remote === undefined || (remote.address === from.address && remote.port === from.port);
  }

  /** Begins new streams, to one peer or to many; gives their generation. Spec: earlier ones stop working. */
  stream(address: IpSocketAddress | undefined): number {
    if (this.#state.kind !== "bound") throw new NetworkFailure("invalid-state");
    const remote = address === undefined ? undefined : remoteEndpoint(this.family, address);
    if (remote !== undefined) this.#sockets.checkReach(remote);
    this.#generation += 1;
    this.#connect(this.#remote === undefined ? this.#state.socket : this.#bindAgain(this.#state), remote);
    this.#receiveFailure = undefined;
    this.#sendFailure = undefined;
    const waiting = this.#waiting.splice(0);
    this.#waitingBytes = 0;
    for (const datagram of waiting) this.#receive(datagram);
    return this.#generation;
  }

  /** A new socket in the place of one that has a peer: Linux takes away the port of one whose peer is taken away. */
  #bindAgain({ socket, local }: BoundState): DatagramSocket {
    socket.close();
    this.#remote = undefined;
    this.#state = { kind: "closed" };
    const again = this.#sockets.network.bindUdp(local);
    this.#listen(again, local);
    this.#state = { kind: "bound", socket: again, local };
    this.applyOptions();
    return again;
  }

  #connect(socket: DatagramSocket, remote: Endpoint | undefined): void {
    if (remote === undefined) return;
    try {
      socket.connectSync(remote.port, remote.address);
      this.#remote = remote;
    } catch (error) {
      throw toNetworkFailure(error);
    }
  }

  #check(generation: number): void {
    if (this.#state.kind !== "bound" || generation !== this.#generation) throw new NetworkFailure("invalid-state");
  }

  isReceivable(generation: number): boolean {
    const isOver = this.#state.kind !== "bound" || generation !== this.#generation;
    return isOver || this.#waiting.length > 0 || this.#receiveFailure !== undefined;
  }

  readonly onReceivable = this.#receivers.add;

  /** At most `most` of those that wait. Throws NetworkFailure. */
  receive(generation: number, most: number): readonly Datagram[] {
    this.#check(generation);
    if (this.#waiting.length === 0 && this.#receiveFailure !== undefined && most > 0) {
      const failure = this.#receiveFailure;
      this.#receiveFailure = undefined;
      throw failure;
    }
    const taken = this.#waiting.splice(0, most);
    for (const { data } of taken) this.#waitingBytes -= data.length;
    return taken;
  }

  /** Datagrams that may be sent now. */
  room(generation: number): number {
    this.#check(generation);
    if (this.#sendFailure !== undefined) {
      const failure = this.#sendFailure;
      this.#sendFailure = undefined;
      throw failure;
    }
    return this.#hasRoom ? MAX_SENDING - this.#sending : 0;
  }

  get #hasRoom(): boolean {
    return this.#sending < MAX_SENDING && this.#sendingBytes < MAX_SENDING_BYTES;
  }

  isSendable(generation: number): boolean {
    const isOver = this.#state.kind !== "bound" || generation !== this.#generation;
    return isOver || this.#hasRoom || this.#sendFailure !== undefined;
  }

  readonly onSendable = this.#senders.add;

  /** Hands one datagram to the system; false where there is no room. Throws NetworkFailure. */
  send(generation: number, data: Uint8Array, address: IpSocketAddress | undefined): boolean {
    this.#check(generation);
    const to = this.#destination(address);
    if (data.length > maxDatagramBytes(this.family)) throw new NetworkFailure("datagram-too-large");
    if (this.#state.kind !== "bound" || !this.#hasRoom) return false;
    const { socket } = this.#state;
    this.#sending += 1;
    this.#sendingBytes += data.length;
    const sent = (error: Error | null): void => {
      this.#sending -= 1;
      this.#sendingBytes -= data.length;
      if (error !== null) this.#sendFailure ??= toNetworkFailure(error);
      this.#senders.wake();
    };
    if (this.#remote === undefined) socket.send(data, to.port, to.address, sent);
    else socket.send(data, sent);
    return true;
  }

  #destination(address: IpSocketAddress | undefined): Endpoint {
    const remote = this.#remote;
    const given = address === undefined ? undefined : remoteEndpoint(this.family, address);
    const to = given ?? remote;
    if (to === undefined) throw new NetworkFailure("invalid-argument", "no destination");
    if (remote !== undefined && (remote.address !== to.address || remote.port !== to.port)) {
      throw new NetworkFailure("invalid-argument", "not the peer of the stream");
    }
    if (remote === undefined) this.#sockets.checkReach(to);
    return to;
  }

  applyOptions(): void {
    const state = this.#state;
    if (!("socket" in state)) return;
    try {
      state.socket.setTTL(this.options.hopLimit);
    } catch (error) {
      throw toNetworkFailure(error);
    }
  }

  readonly close = (): void => {
    const state = this.#state;
    this.#state = { kind: "closed" };
    this.#sockets.closed(this);
    if ("socket" in state) state.socket.close();
    this.#waiting.length = 0;
    this.#receivers.wake();
    this.#senders.wake();
  };
}
