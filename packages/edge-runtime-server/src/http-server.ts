// The listener: node:http with limits on size and time, and a stop that finishes what runs. It prints nothing.
//
//   socket -> Connections -> RequestHandler -> FunctionRunner
//          \-> handleClientError, where there is no request

import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { Io, MethodNotAllowed } from "edge-runtime-common";
import type { ServerConfig } from "edge-runtime-common";
import type { Logger } from "edge-runtime-host";
import { answerUnread, handleClientError } from "./client-error.ts";
import { Connections } from "./connections.ts";
import { ALLOWED_METHODS, RequestHandler } from "./request-handler.ts";
import type { RequestHandlerOptions } from "./request-handler.ts";
import { describeError } from "./request-log.ts";

export interface ListenedAddress {
  readonly host: string;
  readonly port: number;
}

export interface HttpServerOptions extends Omit<RequestHandlerOptions, "connections" | "config"> {
  readonly config: ServerConfig;
  /** The longest time that a run may take, in milliseconds. */
  readonly longestRunMs: number;
}

/** Time for clients to take the answers to cancelled runs before their connections are closed. */
const LAST_ANSWERS_MS = 1000;
/** Time added to what an exchange may take before a connection without traffic is closed. */
const IDLE_MARGIN_MS = 5000;

export class HttpServer {
  readonly #server: Server;
  readonly #connections = new Connections();
  readonly #handler: RequestHandler;
  readonly #config: ServerConfig;
  readonly #logger: Logger;

  constructor(options: HttpServerOptions) {
    const { config, logger } = options;
    const connections = this.#connections;
    const handler = new RequestHandler({ ...options, connections });
    this.#config = config;
    this.#logger = logger;
    this.#handler = handler;
    this.#server = createServer({
      maxHeaderSize: config.maxHeaderBytes,
      headersTimeout: config.headersTimeoutMs,
      requestTimeout: config.requestTimeoutMs,
      keepAliveTimeout: config.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, config.headersTimeoutMs),
      // The handler checks, so that the answer is ours.
      requireHostHeader: false,
      optimizeEmptyRequests: true,
    });
    const server = this.#server;
    // A client that reads nothing holds its answer in our memory: no traffic for this long, and it is closed.
    server.timeout = Math.max(config.requestTimeoutMs, options.longestRunMs) + IDLE_MARGIN_MS;
    server.on("connection", (socket) => connections.add(socket, (exchange) => handler.abandon(exchange)));
    server.on("request", (request, response) => handler.handle(request, response));
    server.on("checkContinue", (request, response) => handler.handle(request, response, true));
    // RFC 9110 section 10.1.1 lets a server ignore expectations that it does not know.
    server.on("checkExpectation", (request, response) => handler.handle(request, response));
    server.on("connect", (_request, socket) =>
      answerUnread(socket, new MethodNotAllowed("CONNECT", ALLOWED_METHODS), logger),
    );
    const clientErrors = { connections, handler, logger, maxHeaderBytes: config.maxHeaderBytes };
    server.on("clientError", (error, socket) => handleClientError(error, socket, clientErrors));
  }

  /** Rejects with Io where the address cannot be had. */
  async listen(): Promise<ListenedAddress> {
    const { host, port } = this.#config;
    this.#server.listen({ host, port });
    try {
      await once(this.#server, "listening");
    } catch (error) {
      throw new Io(
        `cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`,
        error,
      );
    }
    // A connection that cannot be accepted, e.g. for want of file descriptors, is no reason to end.
    this.#server.on("error", (error) => this.#logger.error({ error: describeError(error) }, "listener"));
    const address = this.#server.address();
    return typeof address === "object" && address !== null
      ? { host: address.address, port: address.port }
      : { host, port };
  }

  /** Accepts nothing more, finishes what runs within the configured grace, then cancels it. Never rejects. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#handler.startStopping();
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    }).then(() => this.#tails());
    this.#connections.closeUnused();
    if (await settlesWithin(closed, this.#config.shutdownGraceMs)) return;
    for (const exchange of this.#connections.exchanges()) this.#handler.cancel(exchange, "the server is stopping");
    this.#handler.cancelTails("the server is stopping");
    if (await settlesWithin(closed, LAST_ANSWERS_MS)) return;
    this.#connections.closeAll();
    await closed;
  }

  /** Guests may go on after they have answered. */
  async #tails(): Promise<void> {
    await Promise.all(this.#handler.tails);
  }
}

async function settlesWithin(promise: Promise<void>, timeMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeMs);
  });
  const settled = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return settled;
}
