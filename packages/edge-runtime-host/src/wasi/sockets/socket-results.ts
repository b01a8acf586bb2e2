// Failures of the network as results of WIT functions and as errors of streams.

import type { NetworkErrorCode } from "../../network/network-failure.ts";
import { NetworkFailure, networkErrorCodes } from "../../network/network-failure.ts";
import type { IoError } from "../io/byte-streams.ts";
import { StreamFailure } from "../io/byte-streams.ts";
import { err, ok } from "../results.ts";
import type { Result } from "../results.ts";

const SERVICE_NAME = "wasi:sockets";

/** Runs a step whose NetworkFailure is the guest's answer. */
export function answer<Ok>(step: () => Ok): Result<Ok, NetworkErrorCode> {
  try {
    return ok(step());
  } catch (error) {
    if (error instanceof NetworkFailure) return err(error.code);
    throw error;
  }
}

export function toStreamFailure({ code }: NetworkFailure): StreamFailure {
  return new StreamFailure({ message: `network: ${code}`, detail: { service: SERVICE_NAME, code } });
}

/** Undefined of errors that are not the network's. */
export function codeOfStreamError({ detail }: IoError): NetworkErrorCode | undefined {
  if (detail?.service !== SERVICE_NAME) return undefined;
  return networkErrorCodes.find((code) => code === detail.code);
}
