// What sends the requests of guests: a port, so that tests see what would have been sent, and the grant that says who may
// send what. Rates and budgets of requests belong in front of the client, in what a grant's `client` is.

import type { Grant } from "edge-runtime-core";
import type { ErrorCode } from "./http-types.ts";
import type { IncomingContents } from "./incoming-body.ts";
import type { OutgoingContents } from "./outgoing-body.ts";

/** Milliseconds. */
export interface ClientTimeouts {
  readonly connectMs: number;
  /** From the request sent to the first byte of the response. */
  readonly firstByteMs: number | undefined;
  readonly betweenBytesMs: number | undefined;
}

export interface ClientRequest {
  readonly method: string;
  readonly scheme: "http" | "https";
  /** As URLs have it, addresses of IPv6 in brackets. */
  readonly host: string;
  readonly port: number;
  /** Begins with `/`; for OPTIONS also `*`. */
  readonly target: string;
  /** Names and values in turn, one character a byte; none is of the connection. */
  readonly headers: readonly string[];
  readonly contentLength: number | undefined;
  readonly contents: OutgoingContents | undefined;
  readonly timeouts: ClientTimeouts;
  /** Called once, when the response's body is read or given up and nothing of it is kept any more. */
  readonly onDone: () => void;
}

export interface ClientResponse {
  readonly status: number;
  /** Names and values in turn, one character a byte. */
  readonly headers: readonly string[];
  readonly contents: IncomingContents;
}

/** A request that was not answered. */
export class HttpFailure extends Error {
  readonly errorCode: ErrorCode;

  constructor(errorCode: ErrorCode, cause?: unknown) {
    super(errorCode.tag, cause === undefined ? undefined : { cause });
    this.name = "HttpFailure";
    this.errorCode = errorCode;
  }
}

export interface HttpClient {
  /**
   * Whether a request may go there at all, by the name that the guest gave. What the name stands for is judged when it is
   * connected to.
   */
  readonly allows: (request: Pick<ClientRequest, "scheme" | "host" | "port">) => boolean;
  /** Follows no redirect. Rejects with HttpFailure; the signal ends it, also while the response's body comes in. */
  readonly send: (request: ClientRequest, signal: AbortSignal) => Promise<ClientResponse>;
}

/** Of `wasi:http/outgoing-handler`. */
export const OUTGOING_HTTP: Grant<HttpClient | undefined> = { name: "outgoing http", none: undefined };
