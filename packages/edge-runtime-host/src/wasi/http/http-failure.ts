// Failures of streams that HTTP is behind: `http-error-code` finds the code in what the guest got from the stream.

import { StreamFailure } from "../io/byte-streams.ts";
import type { IoError } from "../io/byte-streams.ts";
import type { ErrorCode } from "./http-types.ts";

const SERVICE = "http";

export function toIoError(code: ErrorCode): IoError {
  return { message: code.tag, detail: { service: SERVICE, code } };
}

export function streamFailure(code: ErrorCode): StreamFailure {
  return new StreamFailure(toIoError(code));
}

/** Undefined where the error is of another service. */
export function errorCodeOf(error: IoError): ErrorCode | undefined {
  return error.detail?.service === SERVICE ? (error.detail.code as ErrorCode) : undefined;
}
