// Parts of the target of a request that a guest makes up.
// Spec: RFC 3986 sections 3.1 to 3.4, RFC 9110 section 4.2.

/** Longest authority, and longest path with query: what servers take. */
const MAX_AUTHORITY_LENGTH = 300;
export const MAX_TARGET_LENGTH = 65_536;

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]{0,63}$/;
const NAME_AND_PORT = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/;
/** Any visible character but `#`, which begins a fragment; bytes above ASCII pass as `http` crate lets them. */
const TARGET = /^[\x21\x22\x24-\x7e\x80-\u{10ffff}]*$/u;

export function isScheme(text: string): boolean {
  return SCHEME.test(text);
}

/** Host and port; user information is none of HTTP's. */
export function isAuthority(text: string): boolean {
  return text.length <= MAX_AUTHORITY_LENGTH && NAME_AND_PORT.test(text);
}

/** An absolute path, a query alone, `*` or nothing. */
export function isPathWithQuery(text: string): boolean {
  return /^(?:$|[/?]|\*$)/.test(text) && TARGET.test(text);
}
