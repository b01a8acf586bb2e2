// From what a guest answered to what goes on the wire. The guest chooses status, headers and body; how the message is
// framed and what happens to the connection are the server's: a guest that could write those would answer for others
// on the same connection (response splitting, request smuggling).

import { ResponseInvalid } from "edge-runtime-common";

/** `http-response` of wit/interfaces/http-types.wit, lifted by a type that the loader has checked. */
export interface GuestResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | undefined;
}

/** Names and values in turn, as `writeHead` takes them. */
export type FlatHeaders = string[];

/** Most characters of all names and values together. */
const MAX_HEADER_LENGTH = 65_536;

/** Fields of the connection and of framing (RFC 9110 section 7.6.1), and the one that the server sets itself. */
const SERVER_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-request-id",
]);

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Anything but tab, visible ASCII, space and the bytes above: RFC 9110 section 5.5. */
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** Throws ResponseInvalid of a status outside 200 to 599, a name that is no token, and a value with other characters. */
export function toFlatHeaders(response: GuestResponse): FlatHeaders {
  const { status, headers } = response;
  if (status < 200 || status > 599) throw new ResponseInvalid(`status ${status}: expected 200 to 599`);
  const flat: FlatHeaders = [];
  let connection = "";
  let length = 0;
  for (const [name, value] of headers) {
    length += name.length + value.length;
    if (length > MAX_HEADER_LENGTH) throw new ResponseInvalid(`headers of over ${MAX_HEADER_LENGTH} characters`);
    if (!TOKEN.test(name)) throw new ResponseInvalid(`header name ${JSON.stringify(name.slice(0, 64))} is no token`);
    if (NOT_IN_VALUE.test(value)) throw new ResponseInvalid(`header ${name.slice(0, 64)}: characters not allowed`);
    const lower = name.toLowerCase();
    if (!SERVER_FIELDS.has(lower)) flat.push(name, value);
    else if (lower === "connection") connection += `,${value}`;
  }
  return connection === "" ? flat : withoutNamed(flat, connection);
}

/** A Connection header makes the fields that it names the connection's too. */
function withoutNamed(flat: FlatHeaders, connection: string): FlatHeaders {
  const named = new Set(
    connection
      .toLowerCase()
      .split(",")
      .map((name) => name.trim()),
  );
  return flat.filter((_text, index) => !named.has((flat[index - (index % 2)] ?? "").toLowerCase()));
}
