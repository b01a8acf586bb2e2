// A guest's answer by `wasi:http`: it begins when the guest sets it, goes on while the guest writes its body, and may end
// before the guest does.
//
//   waiting -> sending -> sent         the guest may run on
//      |          \-> cut              it trapped or gave its body up: the client sees that the answer is not whole
//      \-> failed                      a problem was answered: it refused, trapped, or returned without an answer

import type { RuntimeError } from "edge-runtime-common";
import { FunctionFailed, HttpErrorAnswered, ResponseInvalid } from "edge-runtime-common";
import { whenAnyReady } from "edge-runtime-host";
import type { ErrorCode, OutgoingContents, OutgoingParts, ResponseReceiver } from "edge-runtime-host";
import { hasContent, hasLength } from "./answer.ts";
import type { Exchange } from "./exchange.ts";
import { toFlatHeaders } from "./guest-response.ts";
import type { FlatHeaders } from "./guest-response.ts";
import { pumpResponse } from "./response-pump.ts";

export interface StreamedResponseOptions {
  readonly exchange: Exchange;
  /** Answers with the error's problem details. */
  readonly fail: (error: RuntimeError) => void;
  /** The answer is with the socket, or will never be; `error` says why. */
  readonly onEnd: (status: number | undefined, error: unknown) => void;
}

interface Head {
  readonly status: number;
  readonly headers: FlatHeaders;
  /** What the guest announced; undefined where it did not. */
  readonly contentLength: number | undefined;
}

export class StreamedResponse implements ResponseReceiver {
  readonly isHead: boolean;
  readonly #options: StreamedResponseOptions;
  readonly #runEnded = Promise.withResolvers<RuntimeError | undefined>();
  #state: "waiting" | "sending" | "ended" = "waiting";

  constructor(options: StreamedResponseOptions) {
    this.#options = options;
    this.isHead = options.exchange.request.method === "HEAD";
  }

  /** The run has ended; with which error, if any. */
  endRun(error: RuntimeError | undefined): void {
    this.#runEnded.resolve(error);
    if (this.#state === "waiting") this.#fail(error ?? new FunctionFailed("it returned without a response"));
  }

  #fail(error: RuntimeError): void {
    this.#state = "ended";
    this.#options.fail(error);
  }

  readonly refuse = (code: ErrorCode): void => {
    if (this.#state !== "waiting") return;
    const detail = "val" in code ? JSON.stringify(code.val, (_key, value: unknown) => jsonValue(value)) : undefined;
    this.#fail(new HttpErrorAnswered(code.tag, detail));
  };

  readonly inform = (status: number, headers: readonly string[]): ErrorCode | undefined => {
    const { request, response } = this.#options.exchange;
    if (status === SWITCHING_PROTOCOLS) return { tag: "HTTP-upgrade-failed" };
    if (response.headersSent || response.destroyed) return { tag: "HTTP-protocol-error" };
    // RFC 9110 section 15.2: never to a client of HTTP/1.0.
    if (request.httpVersionMinor === 0 && request.httpVersionMajor === 1) return undefined;
    try {
      response.writeInformation(status, toFlatHeaders({ status: 200, headers: pairs(headers), body: undefined }));
      return undefined;
    } catch {
      return { tag: "HTTP-protocol-error" };
    }
  };

  readonly respond = (status: number, parts: OutgoingParts): void => {
    if (this.#state !== "waiting") return;
    try {
      this.#begin(status, parts);
    } catch (error) {
      parts.contents?.source.close();
      this.#fail(error instanceof ResponseInvalid ? error : new ResponseInvalid(String(error)));
    }
  };

  #begin(status: number, { headers, contentLength, contents }: OutgoingParts): void {
    const head: Head = {
      status,
      headers: toFlatHeaders({ status, headers: pairs(headers), body: undefined }),
      contentLength,
    };
    const isBodyless = this.isHead || !hasContent(status);
    if (contents === undefined && !isBodyless && (contentLength ?? 0) > 0) {
      throw new ResponseInvalid(`Content-Length is ${contentLength}, and there is no body`);
    }
    this.#state = "sending";
    if (contents === undefined || isBodyless) {
      if (contents !== undefined) void discard(contents);
      this.#writeHead(head, isBodyless ? undefined : 0);
      this.#options.exchange.response.end();
      this.#end(status, undefined);
      return;
    }
    void this.#send(head, contents);
  }

  async #send(head: Head, contents: OutgoingContents): Promise<void> {
    const { response } = this.#options.exchange;
    const writeHead = (length: number | undefined): void => this.#writeHead(head, length);
    if (await pumpResponse(contents, { response, writeHead })) return this.#end(head.status, undefined);
    if (response.destroyed) return this.#end(undefined, undefined);
    const gaveUp = new ResponseInvalid("the guest gave its response's body up");
    if (response.headersSent) {
      // The only way to say that there is more: RFC 9112 section 8.
      response.destroy();
      return this.#end(head.status, gaveUp);
    }
    // What ended the run tells more, if that is why.
    this.#fail((await this.#runEnded.promise) ?? gaveUp);
  }

  #end(status: number | undefined, error: unknown): void {
    this.#state = "ended";
    this.#options.onEnd(status, error);
  }

  #writeHead({ status, headers, contentLength }: Head, length: number | undefined): void {
    const { response, requestId, isLast } = this.#options.exchange;
    headers.push("x-request-id", requestId);
    if (isLast) headers.push("connection", "close");
    const known = contentLength ?? length;
    if (known !== undefined && hasLength(status)) headers.push("content-length", String(known));
    else if (status === NOT_MODIFIED && contentLength !== undefined)
      headers.push("content-length", String(contentLength));
    response.writeHead(status, headers);
  }
}

/** What the guest writes for nobody: it need not know that. */
async function discard({ source }: OutgoingContents): Promise<void> {
  try {
    for (let chunk = source.read(MAX_READ); chunk !== undefined; chunk = source.read(MAX_READ)) {
      if (chunk.length === 0) await whenAnyReady([source]);
    }
  } catch {
    // The guest gave it up: it was for nobody anyway.
  }
}

const MAX_READ = 65_536;
const SWITCHING_PROTOCOLS = 101;
const NOT_MODIFIED = 304;

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index] ?? "", flat[2 * index + 1] ?? ""]);
}

function jsonValue(value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}
