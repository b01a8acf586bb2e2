// The resources of wasi:http/types. What guests hold handles to are objects of the classes named here.

import type { HostResource } from "edge-runtime-core";

interface Closable {
  readonly close: () => void;
}

/** A resource whose values end themselves when the guest drops them. */
function closable(): HostResource {
  return { kind: "resource", drop: (value) => (value as Closable).close() };
}

/** `Fields`. */
export const fields: HostResource = closable();
/** `IncomingRequest`. */
export const incomingRequest: HostResource = closable();
/** `OutgoingRequest`. */
export const outgoingRequest: HostResource = closable();
/** `RequestOptions`. */
export const requestOptions: HostResource = { kind: "resource", drop: () => undefined };
/** `ResponseOutparam`. That none was set is seen when the run ends. */
export const responseOutparam: HostResource = { kind: "resource", drop: () => undefined };
/** `IncomingResponse`. */
export const incomingResponse: HostResource = closable();
/** `IncomingBody`. */
export const incomingBody: HostResource = closable();
/** `FutureTrailers`. */
export const futureTrailers: HostResource = closable();
/** `OutgoingResponse`. */
export const outgoingResponse: HostResource = closable();
/** `OutgoingBody`. */
export const outgoingBody: HostResource = closable();
/** `FutureResponse`. */
export const futureIncomingResponse: HostResource = closable();
