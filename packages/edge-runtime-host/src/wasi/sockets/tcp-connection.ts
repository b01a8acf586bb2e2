// A connection between its socket of Node and the guest's two streams. Backpressure both ways: Node stops reading when 64
// KiB wait for the guest, and the guest may write when less than 64 KiB wait for the network.
//
//   guest ── output-stream ──► write() ──► Node, at most WRITE_BYTES waiting ──► peer
//   guest ◄── input-stream ─── read() ◄─── Node, at most 64 KiB and one chunk ◄── peer
//
// It is closed when the guest has dropped the socket and both streams, or the run ends.

import type { SetKeepAliveOptions, Socket } from "node:net";
import { canonicalAddress } from "edge-runtime-common";
import type { Endpoint } from "../../network/network.ts";
import { toNetworkFailure } from "../../network/network-failure.ts";
import type { NetworkFailure } from "../../network/network-failure.ts";
import type { ByteSink, ByteSource } from "../io/byte-streams.ts";
import { Wakers } from "../readiness.ts";
import { toStreamFailure } from "./socket-results.ts";

/** Most bytes that wait to be sent. */
const WRITE_BYTES = 65_536;

function endpointOf(address: string | undefined, port: number | undefined): Endpoint {
  return { address: canonicalAddress(address?.split("%", 1)[0] ?? "") ?? "0.0.0.0", port: port ?? 0 };
}

export class TcpConnection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #socket: Socket;
  readonly #readers = new Wakers();
  readonly #writers = new Wakers();
  readonly #onClosed: () => void;
  /** Socket and both streams. */
  #owners = 3;
  #failure: NetworkFailure | undefined;
  #hasEnded = false;
  #isReadShut = false;
  #isWriteShut = false;
  #isFlushing = false;

  constructor(socket: Socket, onClosed: () => void) {
    this.#socket = socket;
    this.#onClosed = onClosed;
    this.local = endpointOf(socket.localAddress, socket.localPort);
    this.remote = endpointOf(socket.remoteAddress, socket.remotePort);
    socket.on("readable", () => this.#readers.wake());
    socket.on("end", () => {
      this.#hasEnded = true;
      this.#readers.wake();
    });
    socket.on("error", (error) => this.#fail(toNetworkFailure(error)));
    socket.on("close", () => {
      this.#hasEnded = true;
      this.#isWriteShut = true;
      this.#onClosed();
      this.#wakeAll();
    });
  }

  #fail(failure: NetworkFailure): void {
    this.#failure ??= failure;
    this.#wakeAll();
  }

  #wakeAll(): void {
    this.#readers.wake();
    this.#writers.wake();
  }

  readonly #read = (most: number): Uint8Array | undefined => {
    if (this.#isReadShut) return undefined;
    const length = Math.min(most, this.#socket.readableLength);
    const bytes = length > 0 ? (this.#socket.read(length) as Uint8Array | null) : null;
    if (bytes !== null) return bytes;
    if (this.#failure !== undefined) throw toStreamFailure(this.#failure);
    if (this.#hasEnded) return undefined;
    // Tells Node that more is wanted, and lets it find the end.
    this.#socket.read(0);
    return new Uint8Array();
  };

  readonly #room = (): number | undefined => {
    if (this.#isWriteShut && this.#failure === undefined) return undefined;
    // Spec of streams: what the other side has closed is closed, not failed.
    if (this.#failure?.isBrokenPipe === true) return undefined;
    if (this.#failure !== undefined) throw toStreamFailure(this.#failure);
    const waiting = this.#socket.writableLength;
    if (!this.#isFlushing) return Math.max(0, WRITE_BYTES - waiting);
    if (waiting > 0) return 0;
    this.#isFlushing = false;
    return WRITE_BYTES;
  };

  readonly #isWritable = (): boolean =>
    this.#failure !== undefined ||
    this.#isWriteShut ||
    (this.#isFlushing ? this.#socket.writableLength === 0 : this.#socket.writableLength < WRITE_BYTES);

  readonly source: ByteSource = {
    read: this.#read,
    isReady: () => this.#isReadShut || this.#hasEnded || this.#failure !== undefined || this.#socket.readableLength > 0,
    onReady: this.#readers.add,
    close: () => {
      this.#shutReading();
      this.release();
    },
  };

  readonly sink: ByteSink = {
    room: this.#room,
    write: (bytes) => {
      if (!this.#isWriteShut) this.#socket.write(bytes, () => this.#writers.wake());
    },
    isReady: this.#isWritable,
    onReady: this.#writers.add,
    flush: () => {
      this.#isFlushing = true;
    },
    close: () => this.release(),
  };

  /** One of its three owners is gone: after the last, what was written is sent, then it is closed. */
  release(): void {
    this.#owners -= 1;
    if (this.#owners === 0) this.#socket.destroySoon();
  }

  /** Idempotent. */
  shutDown(direction: "receive" | "send" | "both"): void {
    if (direction !== "send") this.#shutReading();
    if (direction !== "receive" && !this.#isWriteShut) {
      this.#isWriteShut = true;
      // After what was written.
      this.#socket.end();
      this.#writers.wake();
    }
  }

  /** What has arrived is thrown away, and nothing more is read: as with SHUT_RD, the peer's window fills. */
  #shutReading(): void {
    if (this.#isReadShut) return;
    this.#isReadShut = true;
    this.#socket.removeAllListeners("readable");
    this.#socket.read();
    this.#socket.pause();
    this.#readers.wake();
  }

  setKeepAlive(setting: SetKeepAliveOptions): void {
    if (!this.#socket.destroyed) this.#socket.setKeepAlive(setting);
  }

  /** Without delay, whatever waits. */
  readonly close = (): void => void this.#socket.destroy();
}
