// Requests and responses, incoming and outgoing, as guests hold them, and the futures and parameters around them.
// Children (a message's headers) must be dropped before their parent: dropping it before traps, as in Wasmtime.

import { WasiError } from "edge-runtime-common";
import type { Result } from "../results.ts";
import { err, ok } from "../results.ts";
import type { Fields } from "./fields.ts";
import type { ErrorCode, Method, Scheme } from "./http-types.ts";
import type { HttpUsage } from "./http-limits.ts";
import type { IncomingContents } from "./incoming-body.ts";
import { IncomingBody } from "./incoming-body.ts";
import { OutgoingBody } from "./outgoing-body.ts";
import type { OutgoingContents } from "./outgoing-body.ts";

const NOT_MODIFIED = 304;

/** Headers of a message, handed out as children. */
class MessageHeaders {
  readonly fields: Fields;
  #children = 0;

  constructor(fields: Fields) {
    this.fields = fields.freeze();
  }

  child(): Fields {
    this.#children += 1;
    return this.fields.share(() => {
      this.#children -= 1;
    });
  }

  close(parent: string): void {
    this.fields.close();
    if (this.#children > 0) throw new WasiError(`${parent}: its headers have not been dropped`);
  }
}

class IncomingMessage {
  readonly #kind: string;
  readonly #headers: MessageHeaders;
  readonly #contents: IncomingContents;
  #isConsumed = false;

  constructor(kind: string, headers: Fields, contents: IncomingContents) {
    this.#kind = kind;
    this.#headers = new MessageHeaders(headers);
    this.#contents = contents;
  }

  headers(): Fields {
    return this.#headers.child();
  }

  consume(): Result<IncomingBody, undefined> {
    if (this.#isConsumed) return err(undefined);
    this.#isConsumed = true;
    return ok(new IncomingBody(this.#contents));
  }

  close(): void {
    if (!this.#isConsumed) this.#contents.abandon();
    this.#headers.close(this.#kind);
  }
}

export interface RequestLine {
  readonly method: Method;
  readonly pathWithQuery: string | undefined;
  readonly scheme: Scheme | undefined;
  readonly authority: string | undefined;
}

/** `incoming-request`. */
export class IncomingRequest extends IncomingMessage {
  readonly line: RequestLine;

  constructor(line: RequestLine, headers: Fields, contents: IncomingContents) {
    super("incoming-request", headers, contents);
    this.line = line;
  }
}

/** `incoming-response`. */
export class IncomingResponse extends IncomingMessage {
  readonly status: number;

  constructor(status: number, headers: Fields, contents: IncomingContents) {
    super("incoming-response", headers, contents);
    this.status = status;
  }
}

/** What is sent: the guest cannot reach it any more, but for the body that it writes. */
export interface OutgoingParts {
  /** Names and values in turn; Content-Length, where it is there, is one number. */
  readonly headers: readonly string[];
  readonly contentLength: number | undefined;
  /** Undefined where the guest never asked for the body: there is none. */
  readonly contents: OutgoingContents | undefined;
}

abstract class OutgoingMessage {
  readonly #kind: "request" | "response";
  readonly #headers: MessageHeaders;
  readonly #usage: HttpUsage;
  #body: OutgoingBody | undefined;

  constructor(kind: "request" | "response", headers: Fields, usage: HttpUsage) {
    this.#kind = kind;
    this.#headers = new MessageHeaders(headers);
    this.#usage = usage;
  }

  protected abstract mayLackBody(): boolean;

  headers(): Fields {
    return this.#headers.child();
  }

  takeBody(): Result<OutgoingBody, undefined> {
    if (this.#body !== undefined) return err(undefined);
    const length = this.#headers.fields.contentLength();
    this.#body = new OutgoingBody({
      usage: this.#usage,
      message: this.#kind,
      contentLength: length === "invalid" ? undefined : length,
      mayBeAbsent: () => this.mayLackBody(),
    });
    return ok(this.#body);
  }

  /** Takes the message apart for sending; undefined where its Content-Length is none. */
  send(): OutgoingParts | undefined {
    const { fields } = this.#headers;
    const contentLength = fields.contentLength();
    const headers = fields.flat();
    fields.close();
    if (contentLength === "invalid") {
      this.#body?.abandon();
      return undefined;
    }
    return { headers, contentLength, contents: this.#body?.send() };
  }

  /** Nobody will send the body: what the guest writes to it goes nowhere. */
  abandonBody(): void {
    this.#body?.abandon();
  }

  close(): void {
    this.#body?.abandon();
    this.#headers.close(`outgoing-${this.#kind}`);
  }
}

/** `outgoing-response`. */
export class OutgoingResponse extends OutgoingMessage {
  /** 100 to 999. */
  status = 200;
  readonly #usage: HttpUsage;

  constructor(headers: Fields, usage: HttpUsage) {
    super("response", headers, usage);
    this.#usage = usage;
  }

  protected override mayLackBody(): boolean {
    return this.status === NOT_MODIFIED || this.#usage.answersHead;
  }
}

/** `outgoing-request`. */
export class OutgoingRequest extends OutgoingMessage {
  line: RequestLine = { method: { tag: "get" }, pathWithQuery: undefined, scheme: undefined, authority: undefined };

  constructor(headers: Fields, usage: HttpUsage) {
    super("request", headers, usage);
  }

  protected override mayLackBody(): boolean {
    return false;
  }
}

/** `request-options`: nanoseconds; undefined: the host's default. */
export interface RequestOptions {
  connectTimeout: bigint | undefined;
  firstByteTimeout: bigint | undefined;
  betweenBytesTimeout: bigint | undefined;
}

/** Who answers a request for a guest. */
export interface ResponseReceiver {
  /** The request's method is HEAD: an answer has no body. */
  readonly isHead: boolean;
  readonly respond: (status: number, parts: OutgoingParts) => void;
  /** The guest answers with an error: what becomes of it is the receiver's business. */
  readonly refuse: (code: ErrorCode) => void;
  /** Sends a response 1xx; undefined where that was done. `headers`: names and values in turn. */
  readonly inform: (status: number, headers: readonly string[]) => ErrorCode | undefined;
}

/** `response-outparam`. */
export interface ResponseOutparam {
  readonly receiver: ResponseReceiver;
}
