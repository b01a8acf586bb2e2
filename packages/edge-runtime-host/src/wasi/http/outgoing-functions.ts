// `outgoing-request`, `request-options` and `outgoing-response` of wasi:http/types.

import { wit } from "edge-runtime-core";
import type { HostCall, HostFunction, HostResource, HostValType } from "edge-runtime-core";
import type { Result } from "../results.ts";
import { err, ok } from "../results.ts";
import type { Fields } from "./fields.ts";
import { isToken } from "./header-syntax.ts";
import { httpUsage } from "./http-limits.ts";
import { fields, outgoingBody, outgoingRequest, outgoingResponse, requestOptions } from "./http-resources.ts";
import type { Method, Scheme } from "./http-types.ts";
import { methodType, schemeType } from "./http-types.ts";
import type { RequestLine, RequestOptions } from "./messages.ts";
import { OutgoingRequest, OutgoingResponse } from "./messages.ts";
import { isAuthority, isPathWithQuery, isScheme, MAX_TARGET_LENGTH } from "./uri-syntax.ts";

type Done = Result<undefined, undefined>;

function getter(of: HostResource, result: HostValType, call: HostFunction["call"]): HostFunction {
  return { kind: "sync", reads: "nothing", type: wit.func({ self: wit.borrow(of) }, result), call };
}

function setter(of: HostResource, param: readonly [string, HostValType], call: HostFunction["call"]): HostFunction {
  const params = { self: wit.borrow(of), [param[0]]: param[1] };
  return { kind: "sync", reads: "nothing", type: wit.func(params, wit.result()), call };
}

function constructed(of: HostResource, call: HostFunction["call"]): HostFunction {
  return { kind: "sync", reads: "nothing", type: wit.func({ headers: wit.own(fields) }, wit.own(of)), call };
}

/** Replaces a part of the request's line, where it is well-formed. */
function setLine(request: OutgoingRequest, isValid: boolean, part: Partial<RequestLine>): Done {
  if (!isValid) return err(undefined);
  request.line = { ...request.line, ...part };
  return ok();
}

const optionalText = wit.option(wit.string);
const ownFields = wit.own(fields);
const takenBody = wit.result(wit.own(outgoingBody));

const requestFunctions: Readonly<Record<string, HostFunction>> = {
  "[constructor]outgoing-request": constructed(
    outgoingRequest,
    ({ context }: HostCall, headers: Fields) => new OutgoingRequest(headers, context.service(httpUsage)),
  ),
  "[method]outgoing-request.body": getter(outgoingRequest, takenBody, (_call: HostCall, self: OutgoingRequest) =>
    self.takeBody(),
  ),
  "[method]outgoing-request.method": getter(
    outgoingRequest,
    methodType,
    (_call: HostCall, { line }: OutgoingRequest) => line.method,
  ),
  "[method]outgoing-request.set-method": setter(
    outgoingRequest,
    ["method", methodType],
    (_call: HostCall, self: OutgoingRequest, method: Method) =>
      setLine(self, method.tag !== "other" || isToken(method.val), { method }),
  ),
  "[method]outgoing-request.path-with-query": getter(
    outgoingRequest,
    optionalText,
    (_call: HostCall, { line }: OutgoingRequest) => line.pathWithQuery,
  ),
  "[method]outgoing-request.set-path-with-query": setter(
    outgoingRequest,
    ["path-with-query", optionalText],
    (_call: HostCall, self: OutgoingRequest, text: string | undefined) =>
      setLine(self, text === undefined || (text.length <= MAX_TARGET_LENGTH && isPathWithQuery(text)), {
        pathWithQuery: text,
      }),
  ),
  "[method]outgoing-request.scheme": getter(
    outgoingRequest,
    wit.option(schemeType),
    (_call: HostCall, { line }: OutgoingRequest) => line.scheme,
  ),
  "[method]outgoing-request.set-scheme": setter(
    outgoingRequest,
    ["scheme", wit.option(schemeType)],
    (_call: HostCall, self: OutgoingRequest, scheme: Scheme | undefined) =>
      setLine(self, scheme?.tag !== "other" || isScheme(scheme.val), { scheme }),
  ),
  "[method]outgoing-request.authority": getter(
    outgoingRequest,
    optionalText,
    (_call: HostCall, { line }: OutgoingRequest) => line.authority,
  ),
  "[method]outgoing-request.set-authority": setter(
    outgoingRequest,
    ["authority", optionalText],
    (_call: HostCall, self: OutgoingRequest, authority: string | undefined) =>
      setLine(self, authority === undefined || isAuthority(authority), { authority }),
  ),
  "[method]outgoing-request.headers": getter(outgoingRequest, ownFields, (_call: HostCall, self: OutgoingRequest) =>
    self.headers(),
  ),
};

const optionalDuration = wit.option(wit.u64);

function timeout(key: keyof RequestOptions, name: string): Readonly<Record<string, HostFunction>> {
  return {
    [`[method]request-options.${name}`]: getter(
      requestOptions,
      optionalDuration,
      (_call: HostCall, self: RequestOptions) => self[key],
    ),
    [`[method]request-options.set-${name}`]: setter(
      requestOptions,
      ["duration", optionalDuration],
      (_call: HostCall, self: RequestOptions, duration: bigint | undefined) => {
        self[key] = duration;
        return ok();
      },
    ),
  };
}

const optionFunctions: Readonly<Record<string, HostFunction>> = {
  "[constructor]request-options": {
    kind: "sync",
    reads: "nothing",
    type: wit.func({}, wit.own(requestOptions)),
    call: (): RequestOptions => ({
      connectTimeout: undefined,
      firstByteTimeout: undefined,
      betweenBytesTimeout: undefined,
    }),
  },
  ...timeout("connectTimeout", "connect-timeout"),
  ...timeout("firstByteTimeout", "first-byte-timeout"),
  ...timeout("betweenBytesTimeout", "between-bytes-timeout"),
};

const responseFunctions: Readonly<Record<string, HostFunction>> = {
  "[constructor]outgoing-response": constructed(
    outgoingResponse,
    ({ context }: HostCall, headers: Fields) => new OutgoingResponse(headers, context.service(httpUsage)),
  ),
  "[method]outgoing-response.status-code": getter(
    outgoingResponse,
    wit.u16,
    (_call: HostCall, { status }: OutgoingResponse) => status,
  ),
  "[method]outgoing-response.set-status-code": setter(
    outgoingResponse,
    ["status-code", wit.u16],
    (_call: HostCall, self: OutgoingResponse, status: number): Done => {
      // Spec: RFC 9110 section 15: three digits.
      if (status < 100 || status > 999) return err(undefined);
      self.status = status;
      return ok();
    },
  ),
  "[method]outgoing-response.headers": getter(outgoingResponse, ownFields, (_call: HostCall, self: OutgoingResponse) =>
    self.headers(),
  ),
  "[method]outgoing-response.body": getter(outgoingResponse, takenBody, (_call: HostCall, self: OutgoingResponse) =>
    self.takeBody(),
  ),
};

export const outgoingFunctions: Readonly<Record<string, HostFunction>> = {
  ...requestFunctions,
  ...optionFunctions,
  ...responseFunctions,
};
