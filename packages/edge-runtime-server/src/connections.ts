// Which exchanges are under way on which connection: a client that goes away ends the runs that it waits for, and a
// server that stops knows what it still has to answer. One table for all, no listener per request.

import type { Socket } from "node:net";
import type { Exchange } from "./exchange.ts";

export interface Connection {
  readonly exchanges: Set<Exchange>;
  /** The latest, answered or not; undefined before the first. */
  latest: Exchange | undefined;
  /** The connection was answered for the last time: what still comes in is not read. */
  ended: boolean;
}

export class Connections {
  readonly #connections = new Map<Socket, Connection>();

  /** Follows the connection until it closes; `onClose` gets the exchanges that were not answered. */
  add(socket: Socket, onClose: (exchange: Exchange) => void): void {
    const connection: Connection = { exchanges: new Set(), latest: undefined, ended: false };
    this.#connections.set(socket, connection);
    socket.on("close", () => {
      this.#connections.delete(socket);
      for (const exchange of connection.exchanges) onClose(exchange);
    });
  }

  /** Undefined where the connection is closed. */
  get(socket: Socket): Connection | undefined {
    return this.#connections.get(socket);
  }

  /** All that were not answered. */
  exchanges(): Exchange[] {
    return [...this.#connections.values()].flatMap((connection) => [...connection.exchanges]);
  }

  /** Closes connections that never sent a byte: Node takes them for busy. */
  closeUnused(): void {
    for (const socket of this.#connections.keys()) if (socket.bytesRead === 0) socket.destroy();
  }

  closeAll(): void {
    for (const socket of this.#connections.keys()) socket.destroy();
  }
}
