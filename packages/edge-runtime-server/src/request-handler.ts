// The life of a request: checked, routed, its body read, the guest run, the answer written, one line logged. Requests
// without a body pass through in one turn of the event loop up to the run, and what the server adds to a run stays
// near 10 microseconds: no URL objects, no header objects, no timers, one write.

import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  BodyTooLarge,
  FunctionFailed,
  InternalError,
  MethodNotAllowed,
  RequestInvalid,
  RouteNotFound,
  UriTooLong,
} from "edge-runtime-common";
import type { ServerConfig } from "edge-runtime-common";
import { WorkerContext } from "edge-runtime-core";
import type { ExecutionResult, Platform } from "edge-runtime-core";
import type { Logger } from "edge-runtime-host";
import { toProblemAnswer, writeAnswer } from "./answer.ts";
import type { Connections } from "./connections.ts";
import { toCoreResponse } from "./core-response.ts";
import type { Exchange, Target } from "./exchange.ts";
import type { ServedFunction } from "./function-runner.ts";
import { toFlatHeaders } from "./guest-response.ts";
import type { GuestResponse } from "./guest-response.ts";
import { readBody } from "./request-body.ts";
import { readRequestHead, toOriginForm } from "./request-head.ts";
import type { RequestHead } from "./request-head.ts";
import { logGuestEntry, logRequest } from "./request-log.ts";
import type { RequestOutcome } from "./request-log.ts";
import { Router } from "./router.ts";
import { StreamedCall } from "./streamed-call.ts";
import type { StreamedRequest } from "./streamed-call.ts";

/** RFC 9110 section 4.1 asks for 8,000 at least. */
export const MAX_URI_BYTES = 8192;

/** Methods as clients write them, to `method` of wit/interfaces/http-outbound.wit. */
const METHODS: ReadonlyMap<string | undefined, string> = new Map(
  ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"].map((name) => [name, name.toLowerCase()]),
);
/** Those, as an Allow header lists them. */
export const ALLOWED_METHODS: readonly string[] = [...METHODS.keys()].map(String);

export interface RequestHandlerOptions {
  readonly config: Pick<ServerConfig, "maxBodyBytes" | "keepAliveTimeoutMs">;
  readonly functions: readonly ServedFunction[];
  readonly connections: Connections;
  readonly logger: Logger;
  readonly clock: Pick<Platform, "now" | "wallClock">;
}

/** `http-request` of wit/interfaces/http-types.wit. */
interface GuestRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers: RequestHead["headers"];
  readonly body: Uint8Array | undefined;
}

export class RequestHandler {
  readonly #options: RequestHandlerOptions;
  readonly #router: Router<Target>;
  readonly #streams = new Set<StreamedCall>();
  #isLast: boolean;

  constructor(options: RequestHandlerOptions) {
    const { config, functions, logger } = options;
    this.#options = options;
    this.#isLast = config.keepAliveTimeoutMs === 0;
    this.#router = new Router(
      functions.map((fn) => ({ route: fn.route, target: { fn, logger: logger.child({ function: fn.name }) } })),
    );
  }

  /** From now on each answer is the last of its connection. */
  startStopping(): void {
    this.#isLast = true;
  }

  /** Never throws; `expectsContinue`: the client waits for a word before it sends its body. */
  handle(request: IncomingMessage, response: ServerResponse, expectsContinue = false): void {
    const connection = this.#options.connections.get(request.socket);
    if (connection === undefined || connection.ended) {
      response.destroy();
      return;
    }
    const head = readRequestHead(request.rawHeaders);
    const exchange: Exchange = {
      request,
      response,
      connection,
      requestId: head.requestId ?? randomUUID(),
      startedMs: this.#options.clock.now(),
      state: "reading",
      // A client that was not told to go on may send its body or not: what follows on the connection is not known.
      isLast: expectsContinue,
      path: "",
      target: undefined,
      context: undefined,
      run: undefined,
    };
    connection.exchanges.add(exchange);
    connection.latest = exchange;
    try {
      this.#dispatch(exchange, head, expectsContinue);
    } catch (error) {
      this.fail(exchange, error);
    }
  }

  #dispatch(exchange: Exchange, head: RequestHead, expectsContinue: boolean): void {
    const { request, response } = exchange;
    const { maxBodyBytes } = this.#options.config;
    const uri = checkTarget(request.url ?? "");
    const query = uri.indexOf("?");
    exchange.path = query === -1 ? uri : uri.slice(0, query);
    checkHost(request, head.hostCount);
    exchange.target = this.#router.find(exchange.path);
    if (exchange.target === undefined) throw new RouteNotFound(exchange.path);
    if (exchange.target.fn.kind === "http") {
      this.#startStreams(exchange, exchange.target, { uri, head, expectsContinue });
      return;
    }
    const method = METHODS.get(request.method);
    if (method === undefined) throw new MethodNotAllowed(request.method ?? "", ALLOWED_METHODS);
    const guestRequest = { method, uri, headers: head.headers };
    if (!head.hasBody) {
      this.#start(exchange, exchange.target, { ...guestRequest, body: undefined });
      return;
    }
    if ((head.contentLength ?? 0) > maxBodyBytes) throw new BodyTooLarge(maxBodyBytes);
    if (expectsContinue) {
      exchange.isLast = false;
      response.writeContinue();
    }
    const { target } = exchange;
    readBody(request, maxBodyBytes, (body) => {
      if (exchange.state !== "reading") return;
      if (body instanceof BodyTooLarge) this.fail(exchange, body);
      else this.#start(exchange, target, { ...guestRequest, body });
    });
  }

  #start(exchange: Exchange, target: Target, request: GuestRequest): void {
    const { fn } = target;
    const context = this.#createContext(exchange, target);
    try {
      exchange.run = fn.runner.start(fn.entry, fn.kind === "component" ? [request] : [], { context });
    } catch (error) {
      this.fail(exchange, error);
      return;
    }
    exchange.run.result.then(
      (result) => this.#settle(exchange, fn, result),
      (error: unknown) => this.fail(exchange, error),
    );
  }

  #createContext(exchange: Exchange, { fn, logger }: Target): WorkerContext {
    const { requestId } = exchange;
    const { permissions, grants } = fn;
    const base = {
      requestId,
      startedAtMs: this.#options.clock.wallClock(),
      permissions,
      grants,
    };
    const context = new WorkerContext(
      permissions.loggingEnabled ? { ...base, onLog: (entry) => logGuestEntry(logger, requestId, entry) } : base,
    );
    exchange.state = "running";
    exchange.context = context;
    return context;
  }

  /** A function of wasi:http: it may answer before it has read the request, and go on after it has answered. */
  #startStreams(exchange: Exchange, target: Target, request: StreamedRequest): void {
    exchange.isLast ||= this.#isLast;
    const context = this.#createContext(exchange, target);
    const call = new StreamedCall(exchange, { target, context, request });
    this.#streams.add(call);
    void call.run().then((outcome) => {
      this.#streams.delete(call);
      this.#log(exchange, outcome);
    });
  }

  /** Runs of guests that have answered, and go on. */
  get tails(): readonly Promise<unknown>[] {
    return [...this.#streams].map((call) => call.ended);
  }

  /** Ends them. */
  cancelTails(reason: string): void {
    for (const { exchange } of this.#streams) exchange.run?.cancel(reason);
  }

  #settle(exchange: Exchange, fn: ServedFunction, result: ExecutionResult): void {
    const { metrics } = result;
    if (result.kind === "trap") return this.fail(exchange, result.error, result);
    try {
      const response = toGuestResponse(fn, result.value);
      const headers = toFlatHeaders(response);
      this.#finish(exchange, { status: response.status, headers, body: response.body }, { metrics });
    } catch (error) {
      this.fail(exchange, error, { metrics });
    }
  }

  /** Answers with the problem details of the error. */
  fail(exchange: Exchange, error: unknown, run: Pick<RequestOutcome, "metrics" | "stack"> = {}): void {
    const cause = error ?? new InternalError("something was thrown that is nothing");
    const { metrics, stack } = run;
    this.#finish(exchange, toProblemAnswer(cause, exchange.requestId), { metrics, stack, error: cause });
  }

  #finish(
    exchange: Exchange,
    answer: Parameters<typeof writeAnswer>[1],
    outcome: Omit<RequestOutcome, "status">,
  ): void {
    if (exchange.state === "answered") return;
    const isGone = exchange.state === "gone" || exchange.response.destroyed;
    exchange.state = "answered";
    exchange.connection.exchanges.delete(exchange);
    exchange.isLast ||= this.#isLast;
    try {
      if (!isGone) writeAnswer(exchange, answer);
    } catch (error) {
      // Node found fault with what we found good: the client gets no answer rather than half of one.
      exchange.response.destroy();
      this.#log(exchange, { status: undefined, ...outcome, error });
      return;
    }
    this.#log(exchange, { status: isGone ? undefined : answer.status, ...outcome });
  }

  #log(exchange: Exchange, outcome: RequestOutcome): void {
    const { logger, clock } = this.#options;
    logRequest(exchange.target?.logger ?? logger, exchange, clock.now(), outcome);
  }

  /** The client closed the connection: the run ends, and tells the log when it has. */
  abandon(exchange: Exchange): void {
    if (exchange.state === "answered" || exchange.state === "gone") return;
    const { run } = exchange;
    exchange.state = "gone";
    // A call of streams finishes itself.
    if (run === undefined) this.#finish(exchange, { status: 500, headers: [], body: undefined }, {});
    else run.cancel("the client disconnected");
  }

  /** Ends the run; the client is answered with what that gives. */
  cancel(exchange: Exchange, reason: string): void {
    if (exchange.run !== undefined) exchange.run.cancel(reason);
    else if (exchange.state === "reading") exchange.response.destroy();
  }
}

function checkTarget(target: string): string {
  if (target.length > MAX_URI_BYTES) throw new UriTooLong(MAX_URI_BYTES);
  const uri = toOriginForm(target);
  if (uri === undefined) throw new RequestInvalid("the target is neither a path nor an http URI");
  return uri;
}

/** RFC 9112 section 3.2. */
function checkHost(request: IncomingMessage, hostCount: number): void {
  if (hostCount === 1) return;
  const isOld = request.httpVersionMajor === 1 && request.httpVersionMinor === 0;
  if (hostCount > 1 || !isOld) throw new RequestInvalid(`${hostCount} Host headers: expected one`);
}

/** What a run returned; the entry's type, which the loader has checked, says what it is. */
function toGuestResponse(fn: ServedFunction, value: unknown): GuestResponse {
  if (fn.kind === "core") return toCoreResponse(value as readonly (number | bigint)[]);
  const result = value as
    | { readonly tag: "ok"; readonly val: GuestResponse }
    | { readonly tag: "err"; readonly val: string };
  if (result.tag === "err") throw new FunctionFailed(result.val);
  return result.val;
}
