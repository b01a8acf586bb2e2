// Connections that wait to be accepted: at most `backlog` of them, later ones are closed. Nothing is read of them before.

import type { Server, Socket } from "node:net";
import { NetworkFailure } from "../../network/network-failure.ts";
import { Wakers } from "../readiness.ts";
import type { Readiness } from "../readiness.ts";

export class TcpListener implements Readiness {
  readonly #server: Server;
  readonly #waiting: Socket[] = [];
  readonly #wakers = new Wakers();

  constructor(server: Server, backlog: number) {
    this.#server = server;
    server.on("connection", (socket: Socket) => {
      // Without a listener an error would be the process's.
      socket.on("error", ignoreError);
      if (this.#waiting.length >= backlog) return void socket.destroy();
      this.#waiting.push(socket);
      this.#wakers.wake();
    });
    // The system is out of descriptors: the connection is lost, the listener lives.
    server.on("error", ignoreError);
  }

  readonly isReady = (): boolean => this.#waiting.length > 0;
  readonly onReady = this.#wakers.add;

  /** Throws NetworkFailure: `would-block`, or `connection-aborted` where the client has gone. */
  accept(): Socket {
    const socket = this.#waiting.shift();
    if (socket === undefined) throw new NetworkFailure("would-block");
    if (socket.destroyed) throw new NetworkFailure("connection-aborted");
    return socket;
  }

  readonly close = (): void => {
    this.#server.close();
    for (const socket of this.#waiting.splice(0)) socket.destroy();
  };
}

function ignoreError(): void {}
