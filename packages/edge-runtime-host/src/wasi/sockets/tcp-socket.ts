// One TCP socket of a guest: the state machine of the specification. A socket takes nothing from the system before it is
// bound or connects.
// Spec: WASI proposals/sockets/TcpSocketOperationalSemantics.md.
//
//   unbound ──► bind-in-progress ──► bound ──► listen-in-progress ──► listening
//      └──────────────┬────────────────┘
//                     ▼
//            connect-in-progress ──► connected          closed: an attempt failed, or the run has ended

import type { Socket } from "node:net";
import type { Endpoint, TcpBinding } from "../../network/network.ts";
import { NetworkFailure, toNetworkFailure } from "../../network/network-failure.ts";
import { Wakers } from "../readiness.ts";
import type { Readiness } from "../readiness.ts";
import type { Closable, RunSockets } from "./run-sockets.ts";
import { localEndpoint, remoteUnicastEndpoint } from "./socket-addresses.ts";
import { backlogSize, defaultTcpOptions, keepAliveSetting } from "./socket-options.ts";
import type { TcpOptions } from "./socket-options.ts";
import type { AddressFamily, IpSocketAddress } from "./socket-types.ts";
import { TcpConnection } from "./tcp-connection.ts";
import { TcpListener } from "./tcp-listener.ts";

const DEFAULT_BACKLOG = 32;

/** Something that was started; `done` is undefined until it has ended. */
interface Attempt<T> {
  done: T | NetworkFailure | undefined;
}

type State =
  | { readonly kind: "unbound" | "closed" }
  | { readonly kind: "bind-in-progress" | "bound"; readonly binding: TcpBinding }
  | { readonly kind: "listen-in-progress"; readonly local: Endpoint; readonly attempt: Attempt<TcpListener> }
  | { readonly kind: "listening"; readonly local: Endpoint; readonly listener: TcpListener }
  | { readonly kind: "connect-in-progress"; readonly attempt: Attempt<TcpConnection> }
  | { readonly kind: "connected"; readonly connection: TcpConnection };

export class TcpSocket implements Closable, Readiness {
  readonly family: AddressFamily;
  readonly options: TcpOptions;
  readonly #sockets: RunSockets;
  readonly #ending = new AbortController();
  readonly #wakers = new Wakers();
  #backlog = DEFAULT_BACKLOG;
  #state: State = { kind: "unbound" };

  /** Throws NetworkFailure: `new-socket-limit`. */
  constructor(sockets: RunSockets, family: AddressFamily, options: TcpOptions = defaultTcpOptions) {
    this.#sockets = sockets;
    this.family = family;
    this.options = { ...options };
    sockets.open(this);
  }

  get isListening(): boolean {
    return this.#state.kind === "listening";
  }

  get isClosed(): boolean {
    return this.#state.kind === "closed";
  }

  // Spec: "Pollable readiness".
  readonly isReady = (): boolean => {
    const state = this.#state;
    if (state.kind === "listening") return state.listener.isReady();
    return !("attempt" in state) || state.attempt.done !== undefined;
  };

  readonly onReady = (callback: () => void): (() => void) =>
    this.#state.kind === "listening" ? this.#state.listener.onReady(callback) : this.#wakers.add(callback);

  startBind(address: IpSocketAddress): void {
    if (this.#state.kind !== "unbound") throw new NetworkFailure("invalid-state");
    const local = localEndpoint(this.family, address);
    this.#sockets.checkBind(this.family, local);
    this.#state = { kind: "bind-in-progress", binding: this.#sockets.network.bindTcp(local) };
  }

  finishBind(): void {
    if (this.#state.kind !== "bind-in-progress") throw new NetworkFailure("not-in-progress");
    this.#state = { kind: "bound", binding: this.#state.binding };
  }

  /** An address that is refused leaves the socket as it is, as in Wasmtime; a connection that fails closes it. */
  startConnect(address: IpSocketAddress): void {
    const state = this.#state;
    if (state.kind === "connect-in-progress") throw new NetworkFailure("concurrency-conflict");
    if (state.kind !== "unbound" && state.kind !== "bound") throw new NetworkFailure("invalid-state");
    const remote = remoteUnicastEndpoint(this.family, address);
    this.#sockets.checkReach(remote);
    const from = state.kind === "bound" ? state.binding : undefined;
    const target = { ...remote, from, allowHalfOpen: true };
    const connecting = this.#sockets.network.connectTcp(target, this.#ending.signal);
    const attempt = this.#attempt(connecting, (socket) => this.#connectionOf(socket));
    this.#state = { kind: "connect-in-progress", attempt };
  }

  /** `own` takes what was made at once: its errors and connections may come before the guest asks for it. */
  #attempt<Made, Owned extends Closable>(making: Promise<Made>, own: (made: Made) => Owned): Attempt<Owned> {
    const attempt: Attempt<Owned> = { done: undefined };
    const settle = (done: Owned | NetworkFailure): void => {
      attempt.done = done;
      this.#wakers.wake();
    };
    making.then(
      (made) => {
        const owned = own(made);
        if (this.#ending.signal.aborted) owned.close();
        else settle(owned);
      },
      (error: unknown) => settle(attemptFailure(error)),
    );
    return attempt;
  }

  /** What an attempt came to; a failure closes the socket. */
  #finish<T>({ done }: Attempt<T>): T {
    if (done === undefined) throw new NetworkFailure("would-block");
    if (!(done instanceof NetworkFailure)) return done;
    this.close();
    throw done;
  }

  #connectionOf(socket: Socket): TcpConnection {
    return new TcpConnection(socket, () => this.#sockets.closed(this));
  }

  finishConnect(): TcpConnection {
    if (this.#state.kind !== "connect-in-progress") throw new NetworkFailure("not-in-progress");
    return this.#connect(this.#finish(this.#state.attempt));
  }

  #connect(connection: TcpConnection): TcpConnection {
    this.#state = { kind: "connected", connection };
    this.applyKeepAlive();
    return connection;
  }

  startListen(): void {
    if (this.#state.kind !== "bound") throw new NetworkFailure("invalid-state");
    const { binding } = this.#state;
    if (!this.#sockets.listensAt(binding.local)) throw new NetworkFailure("access-denied");
    const listening = this.#sockets.network.listenTcp(binding, this.#backlog, this.#ending.signal);
    const backlog = this.#backlog;
    const attempt = this.#attempt(listening, (server) => new TcpListener(server, backlog));
    this.#state = { kind: "listen-in-progress", local: binding.local, attempt };
  }

  finishListen(): void {
    if (this.#state.kind !== "listen-in-progress") throw new NetworkFailure("not-in-progress");
    const { attempt, local } = this.#state;
    this.#state = { kind: "listening", local, listener: this.#finish(attempt) };
  }

  accept(): { readonly socket: TcpSocket; readonly connection: TcpConnection } {
    if (this.#state.kind !== "listening") throw new NetworkFailure("invalid-state");
    // Before a connection is taken from those that wait, which keep waiting.
    if (!this.#sockets.hasRoom && this.#state.listener.isReady()) throw new NetworkFailure("new-socket-limit");
    const accepted = this.#state.listener.accept();
    const socket = new TcpSocket(this.#sockets, this.family, this.options);
    return { socket, connection: socket.#connect(socket.#connectionOf(accepted)) };
  }

  get localAddress(): Endpoint {
    const state = this.#state;
    if (state.kind === "bound") return state.binding.local;
    if (state.kind === "listening" || state.kind === "listen-in-progress") return state.local;
    if (state.kind === "connected") return state.connection.local;
    throw new NetworkFailure("invalid-state");
  }

  get remoteAddress(): Endpoint {
    return this.#connection.remote;
  }

  get #connection(): TcpConnection {
    if (this.#state.kind === "connected") return this.#state.connection;
    throw new NetworkFailure("invalid-state");
  }

  setBacklog(value: bigint): void {
    const { kind } = this.#state;
    const backlog = backlogSize(value);
    if (kind === "connect-in-progress" || kind === "connected" || kind === "closed") {
      throw new NetworkFailure("invalid-state");
    }
    if (kind === "listen-in-progress" || kind === "listening") throw new NetworkFailure("not-supported");
    this.#backlog = backlog;
  }

  applyKeepAlive(): void {
    if (this.#state.kind === "connected") this.#state.connection.setKeepAlive(keepAliveSetting(this.options));
  }

  shutDown(direction: "receive" | "send" | "both"): void {
    this.#connection.shutDown(direction);
  }

  /** The guest dropped it: its streams keep a connection alive. */
  drop(): void {
    if (this.#state.kind === "connected") this.#state.connection.release();
    else this.close();
  }

  readonly close = (): void => {
    const state = this.#state;
    this.#sockets.closed(this);
    this.#state = { kind: "closed" };
    this.#ending.abort(new NetworkFailure("connection-aborted"));
    if (state.kind === "connected") state.connection.close();
    else if (state.kind === "listening") state.listener.close();
    else if ("binding" in state) state.binding.release();
    else if ("attempt" in state && !(state.attempt.done instanceof NetworkFailure)) state.attempt.done?.close();
    this.#wakers.wake();
  };
}

/** Spec: without a free port to start from, connecting fails with `address-in-use`. */
function attemptFailure(error: unknown): NetworkFailure {
  const failure = toNetworkFailure(error);
  return failure.code === "address-not-bindable"
    ? new NetworkFailure("address-in-use", "no free port", error)
    : failure;
}
