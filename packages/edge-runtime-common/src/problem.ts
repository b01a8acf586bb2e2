// What an HTTP client learns of an error: RFC 9457 problem details with the stable code and the request's id. Messages,
// fields and causes stay in the log: they hold paths of the host, text of the guest and names of other tenants. The
// type is `about:blank`, so the title is the status phrase (RFC 9457 section 4.2.1).

import { HostFunctionError, RuntimeError, PoolExhausted, WasiError } from "./errors.ts";

export const PROBLEM_CONTENT_TYPE = "application/problem+json";

/** Members in the spelling of the wire. */
export interface ProblemBody {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly request_id: string;
}

export interface Problem {
  /** HTTP status, 400 to 599. */
  readonly status: number;
  readonly body: ProblemBody;
  /** Seconds for the Retry-After header; undefined where trying again soon is of no use. */
  readonly retryAfterSeconds: number | undefined;
}

/** Instances become free within milliseconds; 1 is the least that the header can say. */
const POOL_RETRY_SECONDS = 1;

/** Status phrases of RFC 9110 and RFC 6585 for the statuses that our errors have. */
const TITLES: ReadonlyMap<number, string> = new Map([
  [400, "Bad Request"],
  [404, "Not Found"],
  [405, "Method Not Allowed"],
  [408, "Request Timeout"],
  [413, "Content Too Large"],
  [414, "URI Too Long"],
  [431, "Request Header Fields Too Large"],
  [500, "Internal Server Error"],
  [502, "Bad Gateway"],
  [503, "Service Unavailable"],
  [504, "Gateway Timeout"],
]);

/**
 * The answer for anything thrown. What is not an error of the runtime is 500 with ERR_EDGE_INTERNAL, and an error
 * without a status of its own is 500 with its own code.
 */
export function toProblem(error: unknown, requestId: string): Problem {
  const { status, code } = classifyError(error);
  const title = TITLES.get(status) ?? (status < 500 ? "Client Error" : "Server Error");
  return {
    status,
    body: { type: "about:blank", title, status, code, request_id: requestId },
    retryAfterSeconds: error instanceof PoolExhausted ? POOL_RETRY_SECONDS : undefined,
  };
}

function classifyError(error: unknown): { readonly status: number; readonly code: string } {
  if (error instanceof RuntimeError) return { status: error.httpStatus ?? 500, code: error.code };
  // Both reach a caller wrapped; one that was not is the same fault.
  if (error instanceof HostFunctionError) return { status: 502, code: "ERR_EDGE_HOST_FUNCTION" };
  if (error instanceof WasiError) return { status: 500, code: "ERR_EDGE_WASI" };
  return { status: 500, code: "ERR_EDGE_INTERNAL" };
}
