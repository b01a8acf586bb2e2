// wasi:http/types.

import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostFunction, HostInstance } from "edge-runtime-core";
import type { IoError } from "../io/byte-streams.ts";
import { createPollable, ioError, pollable } from "../io/io-resources.ts";
import type { Result } from "../results.ts";
import { err, ok } from "../results.ts";
import { bodyFunctions } from "./body-functions.ts";
import { fieldsFunctions } from "./fields-functions.ts";
import type { Fields } from "./fields.ts";
import type { FutureResponse } from "./future-response.ts";
import { errorCodeOf } from "./http-failure.ts";
import * as resources from "./http-resources.ts";
import type { ErrorCode } from "./http-types.ts";
import { errorCodeType } from "./http-types.ts";
import { incomingFunctions } from "./incoming-functions.ts";
import type { OutgoingResponse, ResponseOutparam } from "./messages.ts";
import { outgoingFunctions } from "./outgoing-functions.ts";

export const HTTP_TYPES_INTERFACE = "wasi:http/types@0.2.12";

function setResponse({ receiver }: ResponseOutparam, response: Result<OutgoingResponse, ErrorCode>): void {
  if (response.tag === "err") return receiver.refuse(response.val);
  const { status } = response.val;
  const parts = response.val.send();
  if (parts === undefined) receiver.refuse({ tag: "HTTP-protocol-error" });
  else receiver.respond(status, parts);
}

function inform({ receiver }: ResponseOutparam, status: number, headers: Fields): Result<undefined, ErrorCode> {
  const flat = headers.flat();
  headers.close();
  const fault: ErrorCode | undefined =
    status < 100 || status > 199 ? { tag: "HTTP-protocol-error" } : receiver.inform(status, flat);
  return fault === undefined ? ok() : err(fault);
}

const outparamFunctions: Readonly<Record<string, HostFunction>> = {
  "[static]response-outparam.set": {
    kind: "sync",
    reads: "nothing",
    type: wit.func({
      param: wit.own(resources.responseOutparam),
      response: wit.result(wit.own(resources.outgoingResponse), errorCodeType),
    }),
    call: (_call: HostCall, param: ResponseOutparam, response: Result<OutgoingResponse, ErrorCode>) =>
      setResponse(param, response),
  },
  "[method]response-outparam.send-informational": {
    kind: "sync",
    reads: "nothing",
    type: wit.func(
      { self: wit.borrow(resources.responseOutparam), status: wit.u16, headers: wit.own(resources.fields) },
      wit.result(undefined, errorCodeType),
    ),
    call: (_call: HostCall, param: ResponseOutparam, status: number, headers: Fields) => inform(param, status, headers),
  },
};

const futureFunctions: Readonly<Record<string, HostFunction>> = {
  "[method]future-incoming-response.subscribe": {
    kind: "sync",
    reads: "nothing",
    type: wit.func({ self: wit.borrow(resources.futureIncomingResponse) }, wit.own(pollable)),
    call: (_call: HostCall, self: FutureResponse) => createPollable(self.readiness),
  },
  "[method]future-incoming-response.get": {
    kind: "sync",
    reads: "environment",
    type: wit.func(
      { self: wit.borrow(resources.futureIncomingResponse) },
      wit.option(wit.result(wit.result(wit.own(resources.incomingResponse), errorCodeType))),
    ),
    call: (_call: HostCall, self: FutureResponse) => self.take(),
  },
};

export const httpTypesInterface: HostInstance = hostInstance({
  fields: resources.fields,
  "incoming-request": resources.incomingRequest,
  "outgoing-request": resources.outgoingRequest,
  "request-options": resources.requestOptions,
  "response-outparam": resources.responseOutparam,
  "incoming-response": resources.incomingResponse,
  "incoming-body": resources.incomingBody,
  "future-trailers": resources.futureTrailers,
  "outgoing-response": resources.outgoingResponse,
  "outgoing-body": resources.outgoingBody,
  "future-incoming-response": resources.futureIncomingResponse,
  "http-error-code": {
    kind: "sync",
    reads: "nothing",
    type: wit.func({ err: wit.borrow(ioError) }, wit.option(errorCodeType)),
    call: (_call: HostCall, error: IoError) => errorCodeOf(error),
  },
  ...fieldsFunctions,
  ...bodyFunctions,
  ...incomingFunctions,
  ...outgoingFunctions,
  ...outparamFunctions,
  ...futureFunctions,
});
