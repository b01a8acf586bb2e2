// Values of wasi:http/types: methods, schemes and error codes, as WIT has them and as they look here.
// Spec: wasi:http types.wit.

import { wit } from "edge-runtime-core";
import type { HostValType } from "edge-runtime-core";

/** Cases without a payload, in the order of the WIT text. */
const METHODS = ["get", "head", "post", "put", "delete", "connect", "options", "trace", "patch"] as const;

export type Method = { readonly tag: (typeof METHODS)[number] } | { readonly tag: "other"; readonly val: string };

export type Scheme =
  | { readonly tag: "HTTP" }
  | { readonly tag: "HTTPS" }
  | { readonly tag: "other"; readonly val: string };

/** Size of a header or trailer that was too large. */
export interface FieldSize {
  readonly fieldName: string | undefined;
  readonly fieldSize: number | undefined;
}

/** Payload types of the error codes that have one. */
interface Payloads {
  readonly "DNS-error": { readonly rcode: string | undefined; readonly infoCode: number | undefined };
  readonly "TLS-alert-received": { readonly alertId: number | undefined; readonly alertMessage: string | undefined };
  readonly "HTTP-request-body-size": bigint | undefined;
  readonly "HTTP-request-header-section-size": number | undefined;
  readonly "HTTP-request-header-size": FieldSize | undefined;
  readonly "HTTP-request-trailer-section-size": number | undefined;
  readonly "HTTP-request-trailer-size": FieldSize;
  readonly "HTTP-response-header-section-size": number | undefined;
  readonly "HTTP-response-header-size": FieldSize;
  readonly "HTTP-response-body-size": bigint | undefined;
  readonly "HTTP-response-trailer-section-size": number | undefined;
  readonly "HTTP-response-trailer-size": FieldSize;
  readonly "HTTP-response-transfer-coding": string | undefined;
  readonly "HTTP-response-content-coding": string | undefined;
  readonly "internal-error": string | undefined;
}

const optionalText = wit.option(wit.string);
const optionalSize = wit.option(wit.u32);
const optionalLength = wit.option(wit.u64);
const fieldSize = wit.record({ "field-name": optionalText, "field-size": optionalSize });

/** In the order of the WIT text, which numbers them. */
const ERROR_CODES = {
  "DNS-timeout": undefined,
  "DNS-error": wit.record({ rcode: optionalText, "info-code": wit.option(wit.u16) }),
  "destination-not-found": undefined,
  "destination-unavailable": undefined,
  "destination-IP-prohibited": undefined,
  "destination-IP-unroutable": undefined,
  "connection-refused": undefined,
  "connection-terminated": undefined,
  "connection-timeout": undefined,
  "connection-read-timeout": undefined,
  "connection-write-timeout": undefined,
  "connection-limit-reached": undefined,
  "TLS-protocol-error": undefined,
  "TLS-certificate-error": undefined,
  "TLS-alert-received": wit.record({ "alert-id": wit.option(wit.u8), "alert-message": optionalText }),
  "HTTP-request-denied": undefined,
  "HTTP-request-length-required": undefined,
  "HTTP-request-body-size": optionalLength,
  "HTTP-request-method-invalid": undefined,
  "HTTP-request-URI-invalid": undefined,
  "HTTP-request-URI-too-long": undefined,
  "HTTP-request-header-section-size": optionalSize,
  "HTTP-request-header-size": wit.option(fieldSize),
  "HTTP-request-trailer-section-size": optionalSize,
  "HTTP-request-trailer-size": fieldSize,
  "HTTP-response-incomplete": undefined,
  "HTTP-response-header-section-size": optionalSize,
  "HTTP-response-header-size": fieldSize,
  "HTTP-response-body-size": optionalLength,
  "HTTP-response-trailer-section-size": optionalSize,
  "HTTP-response-trailer-size": fieldSize,
  "HTTP-response-transfer-coding": optionalText,
  "HTTP-response-content-coding": optionalText,
  "HTTP-response-timeout": undefined,
  "HTTP-upgrade-failed": undefined,
  "HTTP-protocol-error": undefined,
  "loop-detected": undefined,
  "configuration-error": undefined,
  "internal-error": optionalText,
} as const;

export type ErrorCodeName = keyof typeof ERROR_CODES;

/** `error-code`. */
export type ErrorCode = {
  readonly [Name in ErrorCodeName]: Name extends keyof Payloads
    ? { readonly tag: Name; readonly val: Payloads[Name] }
    : { readonly tag: Name };
}[ErrorCodeName];

export type HeaderError = { readonly tag: "invalid-syntax" | "forbidden" | "immutable" };

export const methodType: HostValType = wit.variant({
  ...Object.fromEntries(METHODS.map((name) => [name, undefined])),
  other: wit.string,
});
export const schemeType: HostValType = wit.variant({ HTTP: undefined, HTTPS: undefined, other: wit.string });
export const errorCodeType: HostValType = wit.variant(ERROR_CODES);
export const headerErrorType: HostValType = wit.variant({
  "invalid-syntax": undefined,
  forbidden: undefined,
  immutable: undefined,
});

const METHOD_CASES: ReadonlySet<string> = new Set(METHODS);

/** Methods are compared with their case: `get` is another method than `GET`. Spec: RFC 9110 section 9.1. */
export function toMethod(text: string): Method {
  const name = text.toLowerCase();
  const isKnown = METHOD_CASES.has(name) && text === text.toUpperCase();
  return isKnown ? { tag: name as (typeof METHODS)[number] } : { tag: "other", val: text };
}

export function printMethod(method: Method): string {
  return method.tag === "other" ? method.val : method.tag.toUpperCase();
}

export function printScheme(scheme: Scheme): string {
  return scheme.tag === "other" ? scheme.val : scheme.tag.toLowerCase();
}

export function internalError(message?: string): ErrorCode {
  return { tag: "internal-error", val: message };
}
