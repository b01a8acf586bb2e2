// Every error that the runtime reports, one class per cause. Errors are data: a stable `code`, structured
// `fields`, the HTTP status that a server answers with, and the `cause` where there is one. Messages may be shown
// to the owner of a function
// guest text or other tenants.

/** Plain values that go into logs and JSON as they are. */
export type ErrorFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

interface ErrorSpec {
  readonly code: string;
  readonly message: string;
  /** Status for HTTP clients; undefined where the error cannot happen while a request is served. */
  readonly httpStatus?: number;
  readonly fields?: ErrorFields;
  readonly cause?: unknown;
}

/** Base of all errors of the runtime. `instanceof` tells ours from a fault of the host. */
export abstract class RuntimeError extends Error {
  readonly code: string;
  readonly httpStatus: number | undefined;
  readonly fields: ErrorFields;

  constructor(spec: ErrorSpec) {
    super(spec.message, spec.cause === undefined ? undefined : { cause: spec.cause });
    this.name = new.target.name;
    this.code = spec.code;
    this.httpStatus = spec.httpStatus;
    this.fields = spec.fields ?? {};
  }
}

export class ModuleNotFound extends RuntimeError {
  constructor(readonly moduleId: string) {
    super({
      code: "ERR_EDGE_MODULE_NOT_FOUND",
      message: `Module not found: ${moduleId}`,
      httpStatus: 404,
      fields: { moduleId },
    });
  }
}

/** The bytes are not a module or component that can run here: malformed, invalid, over a limit, or a feature that is off. */
export class CompilationFailed extends RuntimeError {
  constructor(
    readonly reason: string,
    cause?: unknown,
  ) {
    super({
      code: "ERR_EDGE_COMPILATION_FAILED",
      message: `Compilation failed: ${reason}`,
      fields: { reason },
      cause,
    });
  }
}

/** A precompiled artifact that is not ours, was changed, or was made by another version. */
export class ArtifactRefused extends RuntimeError {
  constructor(readonly reason: string) {
    super({ code: "ERR_EDGE_ARTIFACT_REFUSED", message: `Artifact refused: ${reason}`, fields: { reason } });
  }
}

/** Nothing that the host offers satisfies an import. `path` names it from the root, e.g. `wasi:io/poll@0.2.0 -> poll`. */
export class ImportNotFound extends RuntimeError {
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super({
      code: "ERR_EDGE_IMPORT_NOT_FOUND",
      message: `Import not found: ${path} (${reason})`,
      fields: { path, reason },
    });
  }
}

/** The entry point that was asked for is not exported. */
export class ExportNotFound extends RuntimeError {
  constructor(
    readonly exportName: string,
    readonly available: readonly string[],
  ) {
    const list = available.length === 0 ? "no functions" : available.slice(0, 20).join(", ");
    super({
      code: "ERR_EDGE_EXPORT_NOT_FOUND",
      message: `Export not found: ${exportName} (the module exports ${list})`,
      httpStatus: 500,
      fields: { exportName, available },
    });
  }
}

/** An entry point or argument does not have the type that the caller needs. */
export class SignatureMismatch extends RuntimeError {
  constructor(
    readonly exportName: string,
    readonly reason: string,
  ) {
    super({
      code: "ERR_EDGE_SIGNATURE_MISMATCH",
      message: `Signature mismatch: ${exportName}: ${reason}`,
      httpStatus: 500,
      fields: { exportName, reason },
    });
  }
}

export class ExecutionTimeout extends RuntimeError {
  constructor(readonly durationMs: number) {
    super({
      code: "ERR_EDGE_EXECUTION_TIMEOUT",
      message: `Execution timeout after ${durationMs}ms`,
      httpStatus: 504,
      fields: { durationMs },
    });
  }
}

export class FuelExhausted extends RuntimeError {
  constructor(readonly maxFuel?: number) {
    super({ code: "ERR_EDGE_FUEL_EXHAUSTED", message: "Fuel exhausted", httpStatus: 503, fields: { maxFuel } });
  }
}

export class MemoryLimitExceeded extends RuntimeError {
  constructor(readonly limitMb: number) {
    super({
      code: "ERR_EDGE_MEMORY_LIMIT_EXCEEDED",
      message: `Memory limit exceeded: ${limitMb}MB`,
      httpStatus: 503,
      fields: { limitMb },
    });
  }
}

/** The caller gave the run up: the client disconnected, or the server is stopping. */
export class ExecutionCancelled extends RuntimeError {
  constructor(readonly reason: string) {
    super({
      code: "ERR_EDGE_EXECUTION_CANCELLED",
      message: `Execution cancelled: ${reason}`,
      httpStatus: 503,
      fields: { reason },
    });
  }
}

export class PoolExhausted extends RuntimeError {
  constructor(readonly limit: number) {
    super({
      code: "ERR_EDGE_POOL_EXHAUSTED",
      message: `No instance free: ${limit} in use`,
      httpStatus: 503,
      fields: { limit },
    });
  }
}

/**
 * Why a guest trapped, in the spec's words with underscores; `host` for canonical ABI violations and the like.
 */
export type TrapCode =
  | "unreachable"
  | "integer_divide_by_zero"
  | "integer_overflow"
  | "invalid_conversion_to_integer"
  | "out_of_bounds_memory_access"
  | "out_of_bounds_table_access"
  | "undefined_element"
  | "uninitialized_element"
  | "indirect_call_type_mismatch"
  | "call_stack_exhausted"
  | "uncaught_exception"
  | "null_reference"
  | "cast_failure"
  | "unaligned_atomic"
  | "canonical_abi"
  | "cannot_leave"
  | "cannot_enter"
  | "unknown_handle"
  | "exit"
  | "unknown";

export class Trap extends RuntimeError {
  constructor(
    readonly trapMessage: string,
    readonly trapCode: TrapCode,
    cause?: unknown,
  ) {
    super({
      code: "ERR_EDGE_TRAP",
      message: `Trap: ${trapMessage}`,
      httpStatus: 500,
      fields: { trapMessage, trapCode },
      cause,
    });
  }
}

export class Io extends RuntimeError {
  constructor(
    readonly detail: string,
    cause?: unknown,
  ) {
    super({ code: "ERR_EDGE_IO", message: `I/O error: ${detail}`, httpStatus: 500, fields: { detail }, cause });
  }
}

export class InvalidConfig extends RuntimeError {
  constructor(
    readonly reason: string,
    cause?: unknown,
  ) {
    super({
      code: "ERR_EDGE_INVALID_CONFIG",
      message: `Invalid configuration: ${reason}`,
      fields: { reason },
      cause,
    });
  }
}

/** Base of what a host function reports; reaches the caller wrapped in `HostFunction`. */
export abstract class HostFunctionError extends Error {
  readonly code: string;
  readonly fields: ErrorFields;

  constructor(code: string, message: string, fields: ErrorFields, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.fields = fields;
  }
}

export class HttpRequestFailed extends HostFunctionError {
  constructor(
    readonly url: string,
    readonly status: number,
  ) {
    super("ERR_EDGE_HOST_HTTP_REQUEST_FAILED", `HTTP request failed: ${url} (status ${status})`, { url, status });
  }
}

export class PermissionDenied extends HostFunctionError {
  constructor(readonly resource: string) {
    super("ERR_EDGE_HOST_PERMISSION_DENIED", `Permission denied: ${resource}`, { resource });
  }
}

export class KvStore extends HostFunctionError {
  constructor(
    readonly detail: string,
    cause?: unknown,
  ) {
    super("ERR_EDGE_HOST_KV_STORE", `Key-value store error: ${detail}`, { detail }, cause);
  }
}

export class RateLimitExceeded extends HostFunctionError {
  constructor(readonly operation: string) {
    super("ERR_EDGE_HOST_RATE_LIMIT_EXCEEDED", `Rate limit exceeded: ${operation}`, { operation });
  }
}

export class InvalidArgument extends HostFunctionError {
  constructor(readonly reason: string) {
    super("ERR_EDGE_HOST_INVALID_ARGUMENT", `Invalid argument: ${reason}`, { reason });
  }
}

/** A host function failed: `cause` is the HostFunctionError. */
export class HostFunction extends RuntimeError {
  constructor(readonly error: HostFunctionError) {
    super({
      code: "ERR_EDGE_HOST_FUNCTION",
      message: `Host function error: ${error.message}`,
      httpStatus: 502,
      fields: { hostCode: error.code, ...error.fields },
      cause: error,
    });
  }
}

/** A WASI call failed in a way that the guest cannot be told of. */
export class WasiError extends Error {
  constructor(
    message: string,
    readonly errno: string | undefined = undefined,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "WasiError";
  }
}

export class Wasi extends RuntimeError {
  constructor(readonly error: WasiError) {
    super({
      code: "ERR_EDGE_WASI",
      message: `WASI error: ${error.message}`,
      httpStatus: 500,
      fields: { errno: error.errno },
      cause: error,
    });
  }
}

/** An invariant of the runtime itself does not hold. Kills the run that met it, never the process. */
export class InternalError extends RuntimeError {
  constructor(
    readonly detail: string,
    cause?: unknown,
  ) {
    super({
      code: "ERR_EDGE_INTERNAL",
      message: `Internal error: ${detail}`,
      httpStatus: 500,
      fields: { detail },
      cause,
    });
  }
}

/** Called where the code proves a state impossible and the proof is wrong. */
export function bug(detail: string, cause?: unknown): never {
  throw new InternalError(detail, cause);
}
