// Why something on the network failed, in the words of wasi:sockets, which are also enough for HTTP.

/** In the order of the enum of wasi:sockets/network. */
export const networkErrorCodes = [
  "unknown",
  "access-denied",
  "not-supported",
  "invalid-argument",
  "out-of-memory",
  "timeout",
  "concurrency-conflict",
  "not-in-progress",
  "would-block",
  "invalid-state",
  "new-socket-limit",
  "address-not-bindable",
  "address-in-use",
  "remote-unreachable",
  "connection-refused",
  "connection-reset",
  "connection-aborted",
  "datagram-too-large",
  "name-unresolvable",
  "temporary-resolver-failure",
  "permanent-resolver-failure",
] as const;

export type NetworkErrorCode = (typeof networkErrorCodes)[number];

export class NetworkFailure extends Error {
  readonly code: NetworkErrorCode;

  /** The peer takes no more data, and said so in good order. */
  get isBrokenPipe(): boolean {
    return this.cause instanceof Error && "code" in this.cause && this.cause.code === "EPIPE";
  }

  constructor(code: NetworkErrorCode, message: string = code, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "NetworkFailure";
    this.code = code;
  }
}

const codesOfSystem: Readonly<Record<string, NetworkErrorCode>> = {
  EACCES: "access-denied",
  EPERM: "access-denied",
  EOPNOTSUPP: "not-supported",
  EAFNOSUPPORT: "not-supported",
  EPROTONOSUPPORT: "not-supported",
  EINVAL: "invalid-argument",
  ENOMEM: "out-of-memory",
  ENOBUFS: "out-of-memory",
  ETIMEDOUT: "timeout",
  EALREADY: "concurrency-conflict",
  EMFILE: "new-socket-limit",
  ENFILE: "new-socket-limit",
  EADDRNOTAVAIL: "address-not-bindable",
  EADDRINUSE: "address-in-use",
  EHOSTUNREACH: "remote-unreachable",
  EHOSTDOWN: "remote-unreachable",
  ENETUNREACH: "remote-unreachable",
  ENETDOWN: "remote-unreachable",
  ENONET: "remote-unreachable",
  ECONNREFUSED: "connection-refused",
  ECONNRESET: "connection-reset",
  EPIPE: "connection-reset",
  ECONNABORTED: "connection-aborted",
  EMSGSIZE: "datagram-too-large",
  ENOTFOUND: "name-unresolvable",
  ENODATA: "name-unresolvable",
  EAI_NONAME: "name-unresolvable",
  EAI_NODATA: "name-unresolvable",
  EAI_ADDRFAMILY: "name-unresolvable",
  EAI_AGAIN: "temporary-resolver-failure",
  EAI_FAIL: "permanent-resolver-failure",
  EAI_MEMORY: "out-of-memory",
};

/** What an error of Node's sockets or resolver means. */
export function toNetworkFailure(error: unknown): NetworkFailure {
  if (error instanceof NetworkFailure) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return new NetworkFailure(codesOfSystem[code] ?? "unknown", code === "" ? "unknown" : code, error);
}
