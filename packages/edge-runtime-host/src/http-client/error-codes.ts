// What errors of undici, of TLS and of the network are in the words of wasi:http.

import { NetworkFailure } from "../network/network-failure.ts";
import type { NetworkErrorCode } from "../network/network-failure.ts";
import type { ErrorCode } from "../wasi/http/http-types.ts";
import { HttpFailure } from "../wasi/http/http-client.ts";

const OF_NETWORK: Partial<Readonly<Record<NetworkErrorCode, ErrorCode>>> = {
  "access-denied": { tag: "destination-IP-prohibited" },
  "remote-unreachable": { tag: "destination-IP-unroutable" },
  "connection-refused": { tag: "connection-refused" },
  "connection-reset": { tag: "connection-terminated" },
  "connection-aborted": { tag: "connection-terminated" },
  "name-unresolvable": { tag: "DNS-error", val: { rcode: "NXDOMAIN", infoCode: undefined } },
  "temporary-resolver-failure": { tag: "DNS-timeout" },
  "permanent-resolver-failure": { tag: "DNS-error", val: { rcode: "SERVFAIL", infoCode: undefined } },
  timeout: { tag: "connection-timeout" },
};

/** Codes of undici, and of Node where they come through it. */
const OF_CODE: Readonly<Record<string, ErrorCode>> = {
  UND_ERR_CONNECT_TIMEOUT: { tag: "connection-timeout" },
  UND_ERR_HEADERS_TIMEOUT: { tag: "HTTP-response-timeout" },
  UND_ERR_BODY_TIMEOUT: { tag: "connection-read-timeout" },
  UND_ERR_SOCKET: { tag: "connection-terminated" },
  UND_ERR_HEADERS_OVERFLOW: { tag: "HTTP-response-header-section-size", val: undefined },
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: { tag: "HTTP-request-body-size", val: undefined },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: { tag: "HTTP-response-incomplete" },
  UND_ERR_INVALID_ARG: { tag: "HTTP-protocol-error" },
  UND_ERR_NOT_SUPPORTED: { tag: "HTTP-protocol-error" },
  ECONNRESET: { tag: "connection-terminated" },
  EPIPE: { tag: "connection-terminated" },
  EPROTO: { tag: "TLS-protocol-error" },
};

/** Reasons of OpenSSL's certificate checks, which Node gives as codes. */
const CERTIFICATE =
  /^(?:ERR_TLS_CERT_ALTNAME_INVALID|CERT_.*|.*_CERT|.*_CERT_.*|UNABLE_TO_.*|DEPTH_ZERO_SELF_SIGNED_CERT|HOSTNAME_MISMATCH)$/;

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function fromCode(code: string): ErrorCode | undefined {
  const known = Object.hasOwn(OF_CODE, code) ? OF_CODE[code] : undefined;
  if (known !== undefined) return known;
  if (CERTIFICATE.test(code)) return { tag: "TLS-certificate-error" };
  if (code.startsWith("ERR_SSL_") && code.includes("ALERT")) {
    return { tag: "TLS-alert-received", val: { alertId: undefined, alertMessage: code } };
  }
  if (code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_")) return { tag: "TLS-protocol-error" };
  return code.startsWith("HPE_") ? { tag: "HTTP-protocol-error" } : undefined;
}

export function toErrorCode(error: unknown): ErrorCode {
  if (error instanceof HttpFailure) return error.errorCode;
  if (error instanceof NetworkFailure) return OF_NETWORK[error.code] ?? { tag: "destination-unavailable" };
  const code = fromCode(codeOf(error));
  if (code !== undefined) return code;
  if (error instanceof Error && error.cause !== undefined) return toErrorCode(error.cause);
  // Messages may name what the guest need not know.
  return { tag: "internal-error", val: undefined };
}
