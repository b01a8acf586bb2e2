// What header names and values may be, and which of them are not the guest's business.
// Spec: RFC 9110 sections 5.1, 5.5 and 7.6.1.

/** Spec: RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Methods are tokens too. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

const TAB = 0x09;
const SPACE = 0x20;
const DELETE = 0x7f;

/** Any bytes but control characters; tabs may be. */
export function isFieldValue(bytes: Uint8Array): boolean {
  return bytes.every((byte) => (byte >= SPACE && byte !== DELETE) || byte === TAB);
}

/**
 * Fields of the connection, which is the host's: guests cannot set them and do not see those of a message that came in,
 * so that one which passes headers on need not know them. `host` is a message's authority. Those that Wasmtime forbids,
 * and `te`, which is of the connection as well.
 */
const FORBIDDEN: ReadonlySet<string> = new Set([
  "connection",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** `name` in lower case. */
export function isForbidden(name: string): boolean {
  return FORBIDDEN.has(name);
}

/** Fields that say how the message around them is read: they cannot come after it. Spec: RFC 9110 section 6.5.1. */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set(["content-length", "content-encoding", "content-type", "trailer"]);

/** `name` in lower case. */
export function mayTrail(name: string): boolean {
  return !FORBIDDEN.has(name) && !NOT_IN_TRAILERS.has(name);
}

/** Bytes as text of one character (U+0000 to U+00FF) each, as Node's HTTP has them. */
export function toLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

export function fromLatin1(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}
