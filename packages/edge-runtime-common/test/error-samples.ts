// One sample of every error, with what section by section the contract says of it. Tests of the classes, of the
// problem details and of the docs page share the table; a class that is missing here fails errors.test.ts.

import * as common from "edge-runtime-common";

export interface ErrorSample {
  readonly error: common.RuntimeError | common.HostFunctionError;
  readonly code: string;
  readonly message: string;
  readonly httpStatus: number | undefined;
}

const kvError = new common.KvStore("disk full");

export const ERROR_SAMPLES: readonly ErrorSample[] = [
  sample(new common.ModuleNotFound("m1"), "ERR_EDGE_MODULE_NOT_FOUND", "Module not found: m1", 404),
  sample(new common.CompilationFailed("bad magic"), "ERR_EDGE_COMPILATION_FAILED", "Compilation failed: bad magic"),
  sample(new common.ArtifactRefused("other key"), "ERR_EDGE_ARTIFACT_REFUSED", "Artifact refused: other key"),
  sample(
    new common.ImportNotFound("wasi:io/poll@0.2.0 -> poll", "no such function"),
    "ERR_EDGE_IMPORT_NOT_FOUND",
    "Import not found: wasi:io/poll@0.2.0 -> poll (no such function)",
  ),
  sample(
    new common.ExportNotFound("run", ["a", "b"]),
    "ERR_EDGE_EXPORT_NOT_FOUND",
    "Export not found: run (the module exports a, b)",
    500,
  ),
  sample(
    new common.SignatureMismatch("run", "expected 1 argument, got 0"),
    "ERR_EDGE_SIGNATURE_MISMATCH",
    "Signature mismatch: run: expected 1 argument, got 0",
    500,
  ),
  sample(new common.ExecutionTimeout(100), "ERR_EDGE_EXECUTION_TIMEOUT", "Execution timeout after 100ms", 504),
  sample(new common.FuelExhausted(10), "ERR_EDGE_FUEL_EXHAUSTED", "Fuel exhausted", 503),
  sample(new common.MemoryLimitExceeded(64), "ERR_EDGE_MEMORY_LIMIT_EXCEEDED", "Memory limit exceeded: 64MB", 503),
  sample(
    new common.ExecutionCancelled("the client disconnected"),
    "ERR_EDGE_EXECUTION_CANCELLED",
    "Execution cancelled: the client disconnected",
    503,
  ),
  sample(new common.PoolExhausted(1000), "ERR_EDGE_POOL_EXHAUSTED", "No instance free: 1000 in use", 503),
  sample(new common.Trap("unreachable", "unreachable"), "ERR_EDGE_TRAP", "Trap: unreachable", 500),
  sample(new common.Io("no such file"), "ERR_EDGE_IO", "I/O error: no such file", 500),
  sample(new common.InvalidConfig("a: b"), "ERR_EDGE_INVALID_CONFIG", "Invalid configuration: a: b"),
  sample(
    new common.HostFunction(kvError),
    "ERR_EDGE_HOST_FUNCTION",
    "Host function error: Key-value store error: disk full",
    502,
  ),
  sample(
    new common.Wasi(new common.WasiError("bad descriptor", "badf")),
    "ERR_EDGE_WASI",
    "WASI error: bad descriptor",
    500,
  ),
  sample(new common.InternalError("no such block"), "ERR_EDGE_INTERNAL", "Internal error: no such block", 500),
  sample(
    new common.HttpRequestFailed("https://example.org/", 500),
    "ERR_EDGE_HOST_HTTP_REQUEST_FAILED",
    "HTTP request failed: https://example.org/ (status 500)",
  ),
  sample(new common.PermissionDenied("net"), "ERR_EDGE_HOST_PERMISSION_DENIED", "Permission denied: net"),
  sample(kvError, "ERR_EDGE_HOST_KV_STORE", "Key-value store error: disk full"),
  sample(new common.RateLimitExceeded("fetch"), "ERR_EDGE_HOST_RATE_LIMIT_EXCEEDED", "Rate limit exceeded: fetch"),
  sample(new common.InvalidArgument("level 4"), "ERR_EDGE_HOST_INVALID_ARGUMENT", "Invalid argument: level 4"),
  sample(new common.RouteNotFound("/x"), "ERR_EDGE_REQUEST_ROUTE_NOT_FOUND", "No route for path: /x", 404),
  sample(new common.RequestInvalid("no host"), "ERR_EDGE_REQUEST_INVALID", "Invalid request: no host", 400),
  sample(
    new common.FunctionLoadFailed("f", "/f.wasm", new Error("absent")),
    "ERR_EDGE_FUNCTION_LOAD_FAILED",
    "Function f cannot be served from /f.wasm: absent",
  ),
  sample(
    new common.MethodNotAllowed("TRACE", ["GET"]),
    "ERR_EDGE_REQUEST_METHOD_NOT_ALLOWED",
    "Method not allowed: TRACE",
    405,
  ),
  sample(new common.UriTooLong(5), "ERR_EDGE_REQUEST_URI_TOO_LONG", "Request URI too long: more than 5 bytes", 414),
  sample(
    new common.BodyTooLarge(5),
    "ERR_EDGE_REQUEST_BODY_TOO_LARGE",
    "Request body too large: more than 5 bytes",
    413,
  ),
  sample(
    new common.HeadersTooLarge(5),
    "ERR_EDGE_REQUEST_HEADERS_TOO_LARGE",
    "Request headers too large: more than 5 bytes",
    431,
  ),
  sample(new common.RequestTimeout(), "ERR_EDGE_REQUEST_TIMEOUT", "Request not received in time", 408),
  sample(new common.GuestExited(3), "ERR_EDGE_GUEST_EXITED", "The guest exited with status 3", 500),
  sample(new common.FunctionFailed("no user"), "ERR_EDGE_FUNCTION_FAILED", "Function failed: no user", 500),
  sample(
    new common.ResponseInvalid("status 7"),
    "ERR_EDGE_FUNCTION_RESPONSE_INVALID",
    "Invalid response of the function: status 7",
    502,
  ),
  sample(
    new common.HttpErrorAnswered("internal-error", '"why"'),
    "ERR_EDGE_FUNCTION_HTTP_ERROR",
    "The function answered with an error: internal-error",
    500,
  ),
];

function sample(error: ErrorSample["error"], code: string, message: string, httpStatus?: number): ErrorSample {
  return { error, code, message, httpStatus };
}
