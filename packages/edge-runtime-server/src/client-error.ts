// What Node's parser could not make a request of: malformed, too large, too slow. There is no response object, so the
// answer is written to the socket, and only where it cannot be taken for the answer to another request.

import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import { Socket } from "node:net";
import { HeadersTooLarge, RequestInvalid, RequestTimeout } from "edge-runtime-common";
import type { RuntimeError } from "edge-runtime-common";
import type { Logger } from "edge-runtime-host";
import { printProblem } from "./answer.ts";
import type { Connections } from "./connections.ts";
import type { RequestHandler } from "./request-handler.ts";
import { describeError } from "./request-log.ts";

export interface ClientErrorOptions {
  readonly connections: Connections;
  readonly handler: RequestHandler;
  readonly logger: Logger;
  readonly maxHeaderBytes: number;
}

/** How long a client has to read its answer before the connection is closed on what it still sends. */
const LINGER_MS = 1000;

/** Listener of the server's `clientError`. */
export function handleClientError(error: Error & { code?: string }, stream: Duplex, options: ClientErrorOptions): void {
  const connection = stream instanceof Socket ? options.connections.get(stream) : undefined;
  // After the last answer each further piece of the same data is one more error.
  if (connection?.ended === true) return;
  if (connection === undefined || !stream.writable || error.code === "ECONNRESET") {
    stream.destroy();
    return;
  }
  connection.ended = true;
  const problem = toClientProblem(error.code, options.maxHeaderBytes);
  const { exchanges, latest } = connection;
  const [waiting] = exchanges;
  if (waiting !== undefined && exchanges.size === 1 && waiting.state === "reading") {
    // The fault is in the body of the one request that waits for an answer.
    waiting.isLast = true;
    options.handler.fail(waiting, problem);
  } else if (exchanges.size === 0 && latest?.request.complete !== false) {
    answerUnread(stream, problem, options.logger);
  } else {
    // An answer is owed to somebody else, or was given before the request's end.
    stream.destroy();
  }
}

/** Listener of the server's `connect`: a proxy's method, which has no route. */
export function answerUnread(stream: Duplex, problem: RuntimeError, logger: Logger): void {
  const requestId = randomUUID();
  logger.info({ requestId, status: problem.httpStatus, error: describeError(problem) }, "request");
  stream.end(printProblem(problem, requestId));
  setTimeout(() => stream.destroy(), LINGER_MS).unref();
}

function toClientProblem(code: string | undefined, maxHeaderBytes: number): RuntimeError {
  if (code === "HPE_HEADER_OVERFLOW") return new HeadersTooLarge(maxHeaderBytes);
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return new RequestTimeout();
  return new RequestInvalid(code ?? "not HTTP");
}
