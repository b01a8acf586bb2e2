// Exit codes of all commands: 0 success, 1 the guest failed (trap, limit, an `err` of its own), 2 bad usage or input. A
// program that exits with a status of its own gives that; one that a signal ends, 128 and the signal's number.

import {
  ExecutionCancelled,
  ExecutionTimeout,
  FuelExhausted,
  FunctionFailed,
  GuestExited,
  HostFunction,
  InternalError,
  MemoryLimitExceeded,
  RuntimeError,
  Trap,
  Wasi,
} from "edge-runtime-common";

/** 0 to 255. */
export type ExitCode = number;

/** Errors that a guest's own doing, or the limits that it met, lead to; an error of ours counts as a failed run too. */
const GUEST_FAILURES = [
  ExecutionCancelled,
  ExecutionTimeout,
  FuelExhausted,
  FunctionFailed,
  HostFunction,
  InternalError,
  MemoryLimitExceeded,
  Trap,
  Wasi,
];

/** The guest's own status where it exited; 2 for what another command line or file would avoid; else 1. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof GuestExited) return error.status;
  const isGuestFailure = GUEST_FAILURES.some((failure) => error instanceof failure);
  return error instanceof RuntimeError && !isGuestFailure ? 2 : 1;
}
