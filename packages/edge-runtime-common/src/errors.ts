// Every error that the runtime reports, one class per cause. Errors are data: a stable `code`, structured
// `fields`, the HTTP status that a server answers with, and the `cause` where there is one. Messages may be shown
// to the owner of a function; clients of a server get the code and the status only.

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
  readonly moduleId: string;

  constructor(moduleId: string) {
    super({
      code: "ERR_EDGE_MODULE_NOT_FOUND",
      message: `Module not found: ${moduleId}`,
      httpStatus: 404,
      fields: { moduleId },
    });
    this.moduleId = moduleId;
  }
}

/** The bytes are not a module or component that can run here: malformed, invalid, over a limit, or a feature that is off. */
export class CompilationFailed extends RuntimeError {
  readonly reason: string;
  /** What the module needs and this runtime does not have, where that is the reason: `streams (WASI 0.3)`. */
  readonly feature: string | undefined;

  constructor(reason: string, cause?: unknown, feature?: string) {
    super({
      code: "ERR_EDGE_COMPILATION_FAILED",
      message: `Compilation failed: ${reason}`,
      fields: feature === undefined ? { reason } : { reason, feature },
      cause,
    });
    this.reason = reason;
    this.feature = feature;
  }
}

/** A configured function cannot be served; `cause` says why. Ends the start of a server, never a request. */
export class FunctionLoadFailed extends RuntimeError {
  readonly functionName: string;
  readonly source: string;
  readonly reason: string;

  constructor(functionName: string, source: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super({
      code: "ERR_EDGE_FUNCTION_LOAD_FAILED",
      message: `Function ${functionName} cannot be served from ${source}: ${reason}`,
      fields: { functionName, source, reason },
      cause,
    });
    this.functionName = functionName;
    this.source = source;
    this.reason = reason;
  }
}

/** A precompiled artifact that is not ours, was changed, or was made by another version. */
export class ArtifactRefused extends RuntimeError {
  readonly reason: string;

  constructor(reason: string) {
    super({ code: "ERR_EDGE_ARTIFACT_REFUSED", message: `Artifact refused: ${reason}`, fields: { reason } });
    this.reason = reason;
  }
}

/** Nothing that the host offers satisfies an import. `path` names it from the root, e.g. `wasi:io/poll@0.2.0 -> poll`. */
export class ImportNotFound extends RuntimeError {
  readonly path: string;
  readonly reason: string;

  constructor(path: string, reason: string) {
    super({
      code: "ERR_EDGE_IMPORT_NOT_FOUND",
      message: `Import not found: ${path} (${reason})`,
      fields: { path, reason },
    });
    this.path = path;
    this.reason = reason;
  }
}

/** The entry point that was asked for is not exported. */
export class ExportNotFound extends RuntimeError {
  readonly exportName: string;
  readonly available: readonly string[];

  constructor(exportName: string, available: readonly string[]) {
    const list = available.length === 0 ? "no functions" : available.slice(0, 20).join(", ");
    super({
      code: "ERR_EDGE_EXPORT_NOT_FOUND",
      message: `Export not found: ${exportName} (the module exports ${list})`,
      httpStatus: 500,
      fields: { exportName, available },
    });
    this.exportName = exportName;
    this.available = available;
  }
}

/** An entry point or argument does not have the type that the caller needs. */
export class SignatureMismatch extends RuntimeError {
  readonly exportName: string;
  readonly reason: string;

  constructor(exportName: string, reason: string) {
    super({
      code: "ERR_EDGE_SIGNATURE_MISMATCH",
      message: `Signature mismatch: ${exportName}: ${reason}`,
      httpStatus: 500,
      fields: { exportName, reason },
    });
    this.exportName = exportName;
    this.reason = reason;
  }
}

export class ExecutionTimeout extends RuntimeError {
  /** The limit. */
  readonly durationMs: number;
  /** What had passed when the run was ended, waiting included. */
  readonly elapsedMs: number | undefined;

  constructor(durationMs: number, elapsedMs?: number) {
    super({
      code: "ERR_EDGE_EXECUTION_TIMEOUT",
      message: `Execution timeout after ${durationMs}ms`,
      httpStatus: 504,
      fields: { durationMs, elapsedMs },
    });
    this.durationMs = durationMs;
    this.elapsedMs = elapsedMs;
  }
}

export class FuelExhausted extends RuntimeError {
  /** The limit, all of which was consumed. */
  readonly maxFuel: number | undefined;

  constructor(maxFuel?: number) {
    super({ code: "ERR_EDGE_FUEL_EXHAUSTED", message: "Fuel exhausted", httpStatus: 503, fields: { maxFuel } });
    this.maxFuel = maxFuel;
  }
}

export class MemoryLimitExceeded extends RuntimeError {
  readonly limitMb: number;
  /** What was used, or would have been, where that is known. */
  readonly usedBytes: number | undefined;

  constructor(limitMb: number, usedBytes?: number) {
    super({
      code: "ERR_EDGE_MEMORY_LIMIT_EXCEEDED",
      message: `Memory limit exceeded: ${limitMb}MB`,
      httpStatus: 503,
      fields: { limitMb, usedBytes },
    });
    this.limitMb = limitMb;
    this.usedBytes = usedBytes;
  }
}

/** The caller gave the run up: the client disconnected, or the server is stopping. */
export class ExecutionCancelled extends RuntimeError {
  readonly reason: string;

  constructor(reason: string) {
    super({
      code: "ERR_EDGE_EXECUTION_CANCELLED",
      message: `Execution cancelled: ${reason}`,
      httpStatus: 503,
      fields: { reason },
    });
    this.reason = reason;
  }
}

/**
 * What is used up: instances of the process; room for linear memories in its address space (a 64-bit memory takes two
 * places); or the few instances that a function gets whose instances must be made anew all the time.
 */
export type PooledResource = "instance" | "memory" | "throttled instance" | "heap megabyte";

export class PoolExhausted extends RuntimeError {
  readonly limit: number;
  readonly resource: PooledResource;

  constructor(limit: number, resource: PooledResource = "instance") {
    super({
      code: "ERR_EDGE_POOL_EXHAUSTED",
      message: `No ${resource} free: ${limit} in use`,
      httpStatus: 503,
      fields: { limit, resource },
    });
    this.limit = limit;
    this.resource = resource;
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
  readonly trapMessage: string;
  readonly trapCode: TrapCode;

  constructor(trapMessage: string, trapCode: TrapCode, cause?: unknown) {
    super({
      code: "ERR_EDGE_TRAP",
      message: `Trap: ${trapMessage}`,
      httpStatus: 500,
      fields: { trapMessage, trapCode },
      cause,
    });
    this.trapMessage = trapMessage;
    this.trapCode = trapCode;
  }
}

export class Io extends RuntimeError {
  readonly detail: string;

  constructor(detail: string, cause?: unknown) {
    super({ code: "ERR_EDGE_IO", message: `I/O error: ${detail}`, httpStatus: 500, fields: { detail }, cause });
    this.detail = detail;
  }
}

export class InvalidConfig extends RuntimeError {
  readonly reason: string;

  constructor(reason: string, cause?: unknown) {
    super({
      code: "ERR_EDGE_INVALID_CONFIG",
      message: `Invalid configuration: ${reason}`,
      fields: { reason },
      cause,
    });
    this.reason = reason;
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
  readonly url: string;
  readonly status: number;

  constructor(url: string, status: number) {
    super("ERR_EDGE_HOST_HTTP_REQUEST_FAILED", `HTTP request failed: ${url} (status ${status})`, { url, status });
    this.url = url;
    this.status = status;
  }
}

export class PermissionDenied extends HostFunctionError {
  readonly resource: string;

  constructor(resource: string) {
    super("ERR_EDGE_HOST_PERMISSION_DENIED", `Permission denied: ${resource}`, { resource });
    this.resource = resource;
  }
}

export class KvStore extends HostFunctionError {
  readonly detail: string;

  constructor(detail: string, cause?: unknown) {
    super("ERR_EDGE_HOST_KV_STORE", `Key-value store error: ${detail}`, { detail }, cause);
    this.detail = detail;
  }
}

export class RateLimitExceeded extends HostFunctionError {
  readonly operation: string;

  constructor(operation: string) {
    super("ERR_EDGE_HOST_RATE_LIMIT_EXCEEDED", `Rate limit exceeded: ${operation}`, { operation });
    this.operation = operation;
  }
}

export class InvalidArgument extends HostFunctionError {
  readonly reason: string;

  constructor(reason: string) {
    super("ERR_EDGE_HOST_INVALID_ARGUMENT", `Invalid argument: ${reason}`, { reason });
    this.reason = reason;
  }
}

/** A host function failed: `cause` is the HostFunctionError. */
export class HostFunction extends RuntimeError {
  readonly error: HostFunctionError;

  constructor(error: HostFunctionError) {
    super({
      code: "ERR_EDGE_HOST_FUNCTION",
      message: `Host function error: ${error.message}`,
      httpStatus: 502,
      fields: { hostCode: error.code, ...error.fields },
      cause: error,
    });
    this.error = error;
  }
}

/** A WASI call failed in a way that the guest cannot be told of. */
export class WasiError extends Error {
  readonly errno: string | undefined;

  constructor(message: string, errno?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "WasiError";
    this.errno = errno;
  }
}

export class Wasi extends RuntimeError {
  readonly error: WasiError;

  constructor(error: WasiError) {
    super({
      code: "ERR_EDGE_WASI",
      message: `WASI error: ${error.message}`,
      httpStatus: 500,
      fields: { errno: error.errno },
      cause: error,
    });
    this.error = error;
  }
}

/** The guest ended itself: `wasi:cli/exit`. Status 0 is success, as commands count it. */
export class GuestExited extends RuntimeError {
  /** 0 to 255. */
  readonly status: number;

  constructor(status: number) {
    super({
      code: "ERR_EDGE_GUEST_EXITED",
      message: `The guest exited with status ${status}`,
      httpStatus: 500,
      fields: { status },
    });
    this.status = status;
  }
}

/** An invariant of the runtime itself does not hold. Kills the run that met it, never the process. */
export class InternalError extends RuntimeError {
  readonly detail: string;

  constructor(detail: string, cause?: unknown) {
    super({
      code: "ERR_EDGE_INTERNAL",
      message: `Internal error: ${detail}`,
      httpStatus: 500,
      fields: { detail },
      cause,
    });
    this.detail = detail;
  }
}

/** Called where the code proves a state impossible and the proof is wrong. */
export function bug(detail: string, cause?: unknown): never {
  throw new InternalError(detail, cause);
}
