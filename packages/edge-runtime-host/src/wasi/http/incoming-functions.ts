// `incoming-request` and `incoming-response` of wasi:http/types. Guests hold one only during a run: what they read of it
// belongs to the run.

import { wit } from "edge-runtime-core";
import type { HostCall, HostFunction, HostValType } from "edge-runtime-core";
import { fields, incomingBody, incomingRequest, incomingResponse } from "./http-resources.ts";
import { methodType, schemeType } from "./http-types.ts";
import type { IncomingRequest, IncomingResponse } from "./messages.ts";

function getter(of: "request" | "response", result: HostValType, call: HostFunction["call"]): HostFunction {
  const self = wit.borrow(of === "request" ? incomingRequest : incomingResponse);
  return { kind: "sync", reads: "environment", type: wit.func({ self }, result), call };
}

const optionalText = wit.option(wit.string);
const ownFields = wit.own(fields);
const consumed = wit.result(wit.own(incomingBody));

export const incomingFunctions: Readonly<Record<string, HostFunction>> = {
  "[method]incoming-request.method": getter(
    "request",
    methodType,
    (_call: HostCall, { line }: IncomingRequest) => line.method,
  ),
  "[method]incoming-request.path-with-query": getter(
    "request",
    optionalText,
    (_call: HostCall, { line }: IncomingRequest) => line.pathWithQuery,
  ),
  "[method]incoming-request.scheme": getter(
    "request",
    wit.option(schemeType),
    (_call: HostCall, { line }: IncomingRequest) => line.scheme,
  ),
  "[method]incoming-request.authority": getter(
    "request",
    optionalText,
    (_call: HostCall, { line }: IncomingRequest) => line.authority,
  ),
  "[method]incoming-request.headers": getter("request", ownFields, (_call: HostCall, self: IncomingRequest) =>
    self.headers(),
  ),
  "[method]incoming-request.consume": getter("request", consumed, (_call: HostCall, self: IncomingRequest) =>
    self.consume(),
  ),
  "[method]incoming-response.status": getter(
    "response",
    wit.u16,
    (_call: HostCall, { status }: IncomingResponse) => status,
  ),
  "[method]incoming-response.headers": getter("response", ownFields, (_call: HostCall, self: IncomingResponse) =>
    self.headers(),
  ),
  "[method]incoming-response.consume": getter("response", consumed, (_call: HostCall, self: IncomingResponse) =>
    self.consume(),
  ),
};
