// wasi:http/outgoing-handler: denied unless the operator granted a client that allows the destination.

import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostInstance, Service } from "edge-runtime-core";
import type { Result } from "../results.ts";
import { err, ok } from "../results.ts";
import { FutureResponse } from "./future-response.ts";
import type { ClientRequest, ClientTimeouts } from "./http-client.ts";
import { OUTGOING_HTTP } from "./http-client.ts";
import { httpUsage } from "./http-limits.ts";
import { futureIncomingResponse, outgoingRequest, requestOptions } from "./http-resources.ts";
import type { ErrorCode } from "./http-types.ts";
import { errorCodeType, printMethod, printScheme } from "./http-types.ts";
import type { OutgoingParts, OutgoingRequest, RequestLine, RequestOptions } from "./messages.ts";

export const OUTGOING_HANDLER_INTERFACE = "wasi:http/outgoing-handler@0.2.12";

const DEFAULT_CONNECT_MS = 10_000;
/** Longest time that timers take; a run ends long before. */
const MAX_TIMEOUT_MS = 3_600_000;
const NS_PER_MS = 1_000_000n;

/** What is under way for a run: ended with it. */
const requestsUnderWay: Service<Set<AbortController>> = {
  name: "wasi:http requests",
  start: () => new Set(),
  end: (controllers) => {
    for (const controller of controllers) controller.abort();
  },
};

function toMs(duration: bigint | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const ms = (duration + NS_PER_MS - 1n) / NS_PER_MS;
  return ms > BigInt(MAX_TIMEOUT_MS) ? MAX_TIMEOUT_MS : Math.max(1, Number(ms));
}

function toTimeouts(options: RequestOptions | undefined): ClientTimeouts {
  return {
    connectMs: toMs(options?.connectTimeout) ?? DEFAULT_CONNECT_MS,
    firstByteMs: toMs(options?.firstByteTimeout),
    betweenBytesMs: toMs(options?.betweenBytesTimeout),
  };
}

type Destination = Pick<ClientRequest, "scheme" | "host" | "port" | "target" | "method">;

/** Where a request goes; the scheme is https where the guest says none. */
function destinationOf(line: RequestLine): Result<Destination, ErrorCode> {
  const scheme = line.scheme === undefined ? "https" : printScheme(line.scheme).toLowerCase();
  if (scheme !== "http" && scheme !== "https") return err({ tag: "HTTP-protocol-error" });
  const url = URL.parse(`${scheme}://${line.authority ?? ""}`);
  if (url === null || line.authority === undefined) return err({ tag: "HTTP-request-URI-invalid" });
  const path = line.pathWithQuery ?? "";
  const method = printMethod(line.method);
  // Tunnels are no requests.
  if (method === "CONNECT") return err({ tag: "HTTP-request-method-invalid" });
  if (path === "*" && method !== "OPTIONS") return err({ tag: "HTTP-request-URI-invalid" });
  const target = path.startsWith("/") || path === "*" ? path : `/${path}`;
  const port = url.port === "" ? (scheme === "https" ? 443 : 80) : Number(url.port);
  return ok({ method, scheme, host: url.hostname, port, target });
}

function handle(
  { context }: HostCall,
  request: OutgoingRequest,
  options: RequestOptions | undefined,
): Result<FutureResponse, ErrorCode> {
  const { line } = request;
  const parts = request.send();
  const started =
    parts === undefined ? err<ErrorCode>({ tag: "HTTP-protocol-error" }) : send(context, { line, parts, options });
  if (started.tag === "err") request.abandonBody();
  return started;
}

interface Sending {
  readonly line: RequestLine;
  readonly parts: OutgoingParts;
  readonly options: RequestOptions | undefined;
}

function send(context: HostCall["context"], { line, parts, options }: Sending): Result<FutureResponse, ErrorCode> {
  const client = context.grants.get(OUTGOING_HTTP);
  const destination = destinationOf(line);
  // Without a grant, what is wrong with the request is nobody's business.
  if (client === undefined) return err({ tag: "HTTP-request-denied" });
  if (destination.tag === "err") return destination;
  if (!client.allows(destination.val)) return err({ tag: "HTTP-request-denied" });
  const usage = context.service(httpUsage);
  const controllers = context.service(requestsUnderWay);
  if (!usage.addRequest()) return err({ tag: "connection-limit-reached" });
  const controller = new AbortController();
  controllers.add(controller);
  const onDone = (): void => {
    if (controllers.delete(controller)) usage.removeRequest();
  };
  const request: ClientRequest = { ...destination.val, ...parts, timeouts: toTimeouts(options), onDone };
  const response = client.send(request, controller.signal);
  response.catch(onDone);
  return ok(new FutureResponse(response, usage, () => controller.abort()));
}

export const outgoingHandlerInterface: HostInstance = hostInstance({
  handle: {
    kind: "sync",
    reads: "environment",
    type: wit.func(
      { request: wit.own(outgoingRequest), options: wit.option(wit.own(requestOptions)) },
      wit.result(wit.own(futureIncomingResponse), errorCodeType),
    ),
    call: handle,
  },
});
