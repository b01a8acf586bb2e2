// Errors that end an HTTP request before, or after, a guest has run: what a server answers where no run failed.

import { RuntimeError } from "./errors.ts";

/** No function's route is a prefix of the path. */
export class RouteNotFound extends RuntimeError {
  readonly path: string;

  constructor(path: string) {
    super({
      code: "ERR_EDGE_REQUEST_ROUTE_NOT_FOUND",
      message: `No route for path: ${path}`,
      httpStatus: 404,
      fields: { path },
    });
    this.path = path;
  }
}

/** The client's request cannot be handed to a guest: malformed, or of a form that is not supported. */
export class RequestInvalid extends RuntimeError {
  readonly reason: string;

  constructor(reason: string) {
    super({
      code: "ERR_EDGE_REQUEST_INVALID",
      message: `Invalid request: ${reason}`,
      httpStatus: 400,
      fields: { reason },
    });
    this.reason = reason;
  }
}

/** The world `http-handler` has no such method. `allowed` is what an Allow header lists. */
export class MethodNotAllowed extends RuntimeError {
  readonly method: string;
  readonly allowed: readonly string[];

  constructor(method: string, allowed: readonly string[]) {
    super({
      code: "ERR_EDGE_REQUEST_METHOD_NOT_ALLOWED",
      message: `Method not allowed: ${method}`,
      httpStatus: 405,
      fields: { method, allowed },
    });
    this.method = method;
    this.allowed = allowed;
  }
}

/** The request's target is longer than the server takes. */
export class UriTooLong extends RuntimeError {
  readonly limitBytes: number;

  constructor(limitBytes: number) {
    super({
      code: "ERR_EDGE_REQUEST_URI_TOO_LONG",
      message: `Request URI too long: more than ${limitBytes} bytes`,
      httpStatus: 414,
      fields: { limitBytes },
    });
    this.limitBytes = limitBytes;
  }
}

/** The request's body is longer than `server.max_body_bytes`. */
export class BodyTooLarge extends RuntimeError {
  readonly limitBytes: number;

  constructor(limitBytes: number) {
    super({
      code: "ERR_EDGE_REQUEST_BODY_TOO_LARGE",
      message: `Request body too large: more than ${limitBytes} bytes`,
      httpStatus: 413,
      fields: { limitBytes },
    });
    this.limitBytes = limitBytes;
  }
}

/** The request's line and headers are longer than `server.max_header_bytes`. */
export class HeadersTooLarge extends RuntimeError {
  readonly limitBytes: number;

  constructor(limitBytes: number) {
    super({
      code: "ERR_EDGE_REQUEST_HEADERS_TOO_LARGE",
      message: `Request headers too large: more than ${limitBytes} bytes`,
      httpStatus: 431,
      fields: { limitBytes },
    });
    this.limitBytes = limitBytes;
  }
}

/** The client did not send its whole request in time. */
export class RequestTimeout extends RuntimeError {
  constructor() {
    super({ code: "ERR_EDGE_REQUEST_TIMEOUT", message: "Request not received in time", httpStatus: 408 });
  }
}

/** The guest ran and answered `err`; its message is for the function's owner, never for the client. */
export class FunctionFailed extends RuntimeError {
  readonly guestMessage: string;

  constructor(guestMessage: string) {
    super({
      code: "ERR_EDGE_FUNCTION_FAILED",
      message: `Function failed: ${guestMessage}`,
      httpStatus: 500,
      fields: { guestMessage },
    });
    this.guestMessage = guestMessage;
  }
}

/** The guest ran and answered what is no HTTP response: a status or header that HTTP does not allow. */
export class ResponseInvalid extends RuntimeError {
  readonly reason: string;

  constructor(reason: string) {
    super({
      code: "ERR_EDGE_FUNCTION_RESPONSE_INVALID",
      message: `Invalid response of the function: ${reason}`,
      httpStatus: 502,
      fields: { reason },
    });
    this.reason = reason;
  }
}

/** What clients are told where the guest's own error code says more than that it failed. Others are 500. */
const STATUS_OF_ERROR_CODE: ReadonlyMap<string, number> = new Map([
  ["DNS-timeout", 504],
  ["DNS-error", 502],
  ["destination-not-found", 502],
  ["destination-unavailable", 502],
  ["destination-IP-unroutable", 502],
  ["connection-refused", 502],
  ["connection-terminated", 502],
  ["connection-timeout", 504],
  ["connection-read-timeout", 504],
  ["connection-write-timeout", 504],
  ["HTTP-request-denied", 403],
  ["HTTP-request-length-required", 411],
  ["HTTP-request-body-size", 413],
  ["HTTP-request-method-invalid", 405],
  ["HTTP-request-URI-invalid", 400],
  ["HTTP-request-URI-too-long", 414],
  ["HTTP-request-header-section-size", 431],
  ["HTTP-request-header-size", 431],
  ["HTTP-response-incomplete", 502],
  ["HTTP-response-timeout", 504],
  ["HTTP-protocol-error", 502],
  ["loop-detected", 508],
]);

/** The guest answered a request with an error code of `wasi:http`; `detail` is its payload as JSON. */
export class HttpErrorAnswered extends RuntimeError {
  readonly errorCode: string;
  readonly detail: string | undefined;

  constructor(errorCode: string, detail?: string) {
    super({
      code: "ERR_EDGE_FUNCTION_HTTP_ERROR",
      message: `The function answered with an error: ${errorCode}`,
      httpStatus: STATUS_OF_ERROR_CODE.get(errorCode) ?? 500,
      fields: { errorCode, detail },
    });
    this.errorCode = errorCode;
    this.detail = detail;
  }
}
