// Writes an answer: one head, one body, one write to the socket. Framing is decided here and nowhere else.

import { STATUS_CODES } from "node:http";
import type { RuntimeError } from "edge-runtime-common";
import { MethodNotAllowed, PROBLEM_CONTENT_TYPE, toProblem } from "edge-runtime-common";
import type { Exchange } from "./exchange.ts";
import type { FlatHeaders } from "./guest-response.ts";

export interface Answer {
  /** 200 to 599. */
  readonly status: number;
  /** Valid, and none of the fields that this file adds. Taken over: do not use it afterwards. */
  readonly headers: FlatHeaders;
  /** Undefined sends none, which differs from an empty one in what a HEAD request learns. */
  readonly body: Uint8Array | undefined;
}

/** Bodies up to this size travel in one string with the head: Node writes a string once, a head and bytes twice. */
const INLINE_BODY_BYTES = 4096;

/** Does nothing where the client is gone. */
export function writeAnswer(exchange: Exchange, answer: Answer): void {
  const { request, response } = exchange;
  const { status, headers, body } = answer;
  const isHead = request.method === "HEAD";
  const content = hasContent(status) ? body : undefined;
  headers.push("x-request-id", exchange.requestId);
  if (exchange.isLast) headers.push("connection", "close");
  if (content !== undefined || (!isHead && hasLength(status))) {
    headers.push("content-length", String(content?.length ?? 0));
  }
  response.writeHead(status, headers);
  if (content === undefined || isHead) response.end();
  else if (content.length > INLINE_BODY_BYTES) response.end(content);
  else response.end(toBuffer(content).toString("latin1"), "latin1");
}

/** The problem details of an error, as an answer to `method`. */
export function toProblemAnswer(error: unknown, requestId: string): Answer {
  const { status, body, retryAfterSeconds } = toProblem(error, requestId);
  const headers = ["content-type", PROBLEM_CONTENT_TYPE];
  if (retryAfterSeconds !== undefined) headers.push("retry-after", String(retryAfterSeconds));
  if (error instanceof MethodNotAllowed) headers.push("allow", error.allowed.join(", "));
  return { status, headers, body: new TextEncoder().encode(JSON.stringify(body)) };
}

/** The bytes of a problem for a socket where no request was understood. The connection's last. */
export function printProblem(error: RuntimeError, requestId: string): string {
  const { status, headers, body } = toProblemAnswer(error, requestId);
  const fields = [...headers, "x-request-id", requestId, "connection", "close", "content-length", String(body?.length)];
  const lines = fields.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join("");
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines}\r\n${new TextDecoder().decode(body)}`;
}

/** RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5. */
export function hasContent(status: number): boolean {
  return status !== 204 && status !== 205 && status !== 304;
}

/** Without content there is a length to tell all the same, but for the two that end with their head. */
export function hasLength(status: number): boolean {
  return status !== 204 && status !== 304;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
