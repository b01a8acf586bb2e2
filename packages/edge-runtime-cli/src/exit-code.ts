// Exit codes of all commands: 0 success, 1 the guest failed (trap, limit, an `err` of its own), 2 bad usage or input.

import {
  ExecutionCancelled,
  ExecutionTimeout,
  FuelExhausted,
  FunctionFailed,
  HostFunction,
  InternalError,
  MemoryLimitExceeded,
  RuntimeError,
  Trap,
  Wasi,
} from "edge-runtime-common";

export type ExitCode = 0 | 1 | 2;

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

/** 2 for what another command line or file would avoid, else 1. */
export function exitCodeOf(error: unknown): ExitCode {
  const isGuestFailure = GUEST_FAILURES.some((failure) => error instanceof failure);
  return error instanceof RuntimeError && !isGuestFailure ? 2 : 1;
}
