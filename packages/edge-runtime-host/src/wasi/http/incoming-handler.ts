// wasi:http/incoming-handler, which guests export: what its `handle` is called with.

import { wit } from "edge-runtime-core";
import type { HostFuncType, WorkerContext } from "edge-runtime-core";
import { Fields } from "./fields.ts";
import { toEntries } from "./future-response.ts";
import { httpUsage } from "./http-limits.ts";
import { incomingRequest, responseOutparam } from "./http-resources.ts";
import { toMethod } from "./http-types.ts";
import type { IncomingContents } from "./incoming-body.ts";
import type { ResponseOutparam, ResponseReceiver } from "./messages.ts";
import { IncomingRequest } from "./messages.ts";

/** Any 0.2 version serves: exports are found by compatible version. */
export const INCOMING_HANDLER_ENTRY = "wasi:http/incoming-handler@0.2.12#handle";

/** What the export must be to be called: whoever made the component could give the name to another function. */
export const incomingHandlerType: HostFuncType = wit.func({
  request: wit.own(incomingRequest),
  "response-out": wit.own(responseOutparam),
});

export interface ReceivedRequest {
  /** As the client wrote it. */
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly authority: string | undefined;
  readonly pathWithQuery: string | undefined;
  /** Names and values in turn, one character a byte. */
  readonly headers: readonly string[];
  readonly contents: IncomingContents;
}

/** Arguments of `handle`, for one run in `context`. */
export function createIncomingCall(
  context: WorkerContext,
  request: ReceivedRequest,
  receiver: ResponseReceiver,
): readonly [IncomingRequest, ResponseOutparam] {
  const usage = context.service(httpUsage);
  usage.answersHead = receiver.isHead;
  const { pathWithQuery, authority, contents } = request;
  const line = {
    method: toMethod(request.method),
    pathWithQuery,
    scheme: { tag: request.scheme === "https" ? "HTTPS" : "HTTP" },
    authority,
  } as const;
  return [new IncomingRequest(line, Fields.received(usage, toEntries(request.headers)), contents), { receiver }];
}
