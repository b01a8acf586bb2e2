// `incoming-body`, `future-trailers` and `outgoing-body` of wasi:http/types.

import { wit } from "edge-runtime-core";
import type { HostCall, HostFunction } from "edge-runtime-core";
import { createPollable, inputStream, outputStream, pollable } from "../io/io-resources.ts";
import type { Fields } from "./fields.ts";
import { httpUsage } from "./http-limits.ts";
import { fields, futureTrailers, incomingBody, outgoingBody } from "./http-resources.ts";
import { errorCodeType } from "./http-types.ts";
import type { FutureTrailers, IncomingBody } from "./incoming-body.ts";
import type { OutgoingBody } from "./outgoing-body.ts";

const incoming: Readonly<Record<string, HostFunction>> = {
  "[method]incoming-body.stream": {
    kind: "sync",
    reads: "nothing",
    type: wit.func({ self: wit.borrow(incomingBody) }, wit.result(wit.own(inputStream))),
    call: (_call: HostCall, self: IncomingBody) => self.takeStream(),
  },
  "[static]incoming-body.finish": {
    kind: "sync",
    reads: "nothing",
    type: wit.func({ this: wit.own(incomingBody) }, wit.own(futureTrailers)),
    call: ({ context }: HostCall, self: IncomingBody) => self.finish(context.service(httpUsage)),
  },
  "[method]future-trailers.subscribe": {
    kind: "sync",
    reads: "nothing",
    type: wit.func({ self: wit.borrow(futureTrailers) }, wit.own(pollable)),
    call: (_call: HostCall, self: FutureTrailers) => createPollable(self.readiness),
  },
  "[method]future-trailers.get": {
    kind: "sync",
    reads: "environment",
    type: wit.func(
      { self: wit.borrow(futureTrailers) },
      wit.option(wit.result(wit.result(wit.option(wit.own(fields)), errorCodeType))),
    ),
    call: (_call: HostCall, self: FutureTrailers) => self.take(),
  },
};

const outgoing: Readonly<Record<string, HostFunction>> = {
  "[method]outgoing-body.write": {
    kind: "sync",
    reads: "nothing",
    type: wit.func({ self: wit.borrow(outgoingBody) }, wit.result(wit.own(outputStream))),
    call: (_call: HostCall, self: OutgoingBody) => self.takeStream(),
  },
  "[static]outgoing-body.finish": {
    kind: "sync",
    reads: "nothing",
    type: wit.func(
      { this: wit.own(outgoingBody), trailers: wit.option(wit.own(fields)) },
      wit.result(undefined, errorCodeType),
    ),
    call: (_call: HostCall, self: OutgoingBody, trailers: Fields | undefined) => self.finish(trailers),
  },
};

export const bodyFunctions: Readonly<Record<string, HostFunction>> = { ...incoming, ...outgoing };
