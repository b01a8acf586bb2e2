// Errors for values from the host's side (host functions, embedders, the command line) that do not fit the
// component type they are lowered to. Guests trap; hosts get an error that says where and what.
// A fault starts at the leaf without a path; each list, record or variant around it adds its step, so that values
// that fit pay nothing for the path.

import { SignatureMismatch } from "edge-runtime-common";

/** The error for a value at `path`, e.g. `args[0].headers[3][1]: expected string, got number`. */
export function invalidValue(path: string, expected: string, got: string): SignatureMismatch {
  return new SignatureMismatch(path, `expected ${expected}, got ${got}`);
}

/** A misfit on its way up to the function's boundary. */
export class ValueFault extends Error {
  readonly expected: string;
  readonly got: string;
  path = "";

  constructor(expected: string, got: string) {
    super(`expected ${expected}, got ${got}`);
    this.expected = expected;
    this.got = got;
  }
}

/** Throws for a value of the wrong kind, which is named but not shown. */
export function misfit(expected: string, value: unknown): never {
  throw new ValueFault(expected, describeKind(value));
}

/** Throws for a number, name or character that has the right kind and is not allowed. */
export function outOfRange(expected: string, value: unknown): never {
  throw new ValueFault(expected, describeValue(value));
}

/** Throws where a value is no longer what was measured: the host changed it between the two phases. */
export function changedMeanwhile(): never {
  throw new ValueFault("the value that was measured", "one that changed while it was lowered");
}

/** Adds a step in front of the path of a fault; any other error passes as it is. */
export function within(step: string, error: unknown): unknown {
  if (error instanceof ValueFault) error.path = step + error.path;
  return error;
}

/** The public error of a fault under `root`; any other error passes as it is. */
export function toPublicError(root: string, error: unknown): unknown {
  return error instanceof ValueFault ? invalidValue(root + error.path, error.expected, error.got) : error;
}

function describeKind(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

const LONGEST_SHOWN = 40;

function describeValue(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "string") return describeKind(value);
  return JSON.stringify(value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}...` : value);
}
