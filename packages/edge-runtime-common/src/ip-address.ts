// IP addresses as text. One address has many spellings; everything that compares addresses compares the canonical one.

import ipaddr from "ipaddr.js";

/** Four decimal numbers, nothing shorter, and no leading zeros: what the other forms mean differs from one parser to the next. */
const DOTTED = /^(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})$/;

/**
 * The canonical text (RFC 5952 for IPv6, without zone or brackets) of an IPv4 address in four decimal numbers or an
 * IPv6 address; undefined where the text is neither.
 */
export function canonicalAddress(text: string): string | undefined {
  if (DOTTED.test(text)) return ipaddr.IPv4.isValid(text) ? text : undefined;
  if (!text.includes(":") || text.length > 45 || !ipaddr.IPv6.isValid(text) || text.includes("%")) return undefined;
  return ipaddr.IPv6.parse(text).toRFC5952String();
}
