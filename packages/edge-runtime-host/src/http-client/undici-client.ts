// The HTTP client of guests, over undici: HTTP/1.1, no redirects, no cookies, no proxy from the environment. One for each
// function: connections are made under its grant, and kept for it alone. Trailers of requests are not sent, which undici
// cannot.

import { Agent } from "undici";
import type { Dispatcher } from "undici";
import type { Network } from "../network/network.ts";
import { maySeek } from "../network/network-grant.ts";
import type { ClientRequest, ClientResponse, HttpClient } from "../wasi/http/http-client.ts";
import { HttpFailure } from "../wasi/http/http-client.ts";
import { createConnector } from "./connector.ts";
import { toErrorCode } from "./error-codes.ts";
import { Exchange } from "./exchange.ts";
import type { HttpGrant } from "./http-grant.ts";
import { toNetworkGrant } from "./http-grant.ts";
import { readRequestBody } from "./request-body.ts";

export interface UndiciClientOptions {
  readonly network: Network;
  readonly grant: HttpGrant;
  /** Sent where the guest says nothing of its own. */
  readonly userAgent: string;
  /** Certificates of authorities that are trusted instead of the system's, in PEM. */
  readonly certificateAuthorities?: string;
}

/** Connections to one origin; more requests wait. */
const MAX_CONNECTIONS = 10;
/** Longest time for one connection, whatever the guest says. */
const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 4000;
/** Of a response's status line and headers, in bytes. */
const MAX_HEADER_BYTES = 32_768;

export interface DisposableHttpClient extends HttpClient {
  /** Closes all connections. */
  readonly dispose: () => Promise<void>;
}

export function createUndiciClient(options: UndiciClientOptions): DisposableHttpClient {
  const { network, grant, certificateAuthorities, userAgent } = options;
  const trust = certificateAuthorities === undefined ? {} : { certificateAuthorities };
  const agent = new Agent({
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: createConnector({ network, grant, connectTimeoutMs: CONNECT_TIMEOUT_MS, ...trust }),
  });
  const grants = { http: toNetworkGrant(grant, "http"), https: toNetworkGrant(grant, "https") };
  return {
    allows: ({ scheme, host }) => maySeek(grants[scheme], host),
    send: async (request, signal) => send(agent, request, { signal, userAgent }),
    dispose: () => agent.destroy(),
  };
}

interface SendOptions {
  readonly signal: AbortSignal;
  readonly userAgent: string;
}

async function send(agent: Agent, request: ClientRequest, { signal, userAgent }: SendOptions): Promise<ClientResponse> {
  const body = await readRequestBody(request);
  if (signal.aborted) throw new HttpFailure({ tag: "connection-terminated" });
  const exchange = new Exchange(request, signal);
  const { timeouts, headers } = request;
  const hasAgent = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === "user-agent");
  const dispatched: Dispatcher.DispatchOptions = {
    origin: `${request.scheme}://${request.host}:${request.port}`,
    path: request.target,
    method: request.method as Dispatcher.HttpMethod,
    headers: hasAgent ? [...headers] : [...headers, "user-agent", userAgent],
    body,
    headersTimeout: timeouts.firstByteMs ?? 0,
    bodyTimeout: timeouts.betweenBytesMs ?? 0,
  };
  try {
    agent.dispatch(dispatched, exchange.handler);
  } catch (error) {
    exchange.fail(error);
  }
  try {
    return await exchange.response;
  } catch (error) {
    request.contents?.source.close();
    throw error instanceof HttpFailure ? error : new HttpFailure(toErrorCode(error), error);
  }
}
