// One pass over a request's headers: what the guest gets of them, and what the server itself needs to know. Names are
// lowered, order and duplicates kept; values are what Node made of the bytes, one character (U+0000 to U+00FF) each.

export interface RequestHead {
  readonly headers: readonly (readonly [string, string])[];
  /** The client's id for the request, where it has one that is safe to repeat. */
  readonly requestId: string | undefined;
  /** Host headers: HTTP/1.1 wants exactly one. */
  readonly hostCount: number;
  /** Bytes of the body where the client says so. */
  readonly contentLength: number | undefined;
  /** Whether a body follows, be it an empty one. */
  readonly hasBody: boolean;
}

/** What may be repeated in headers, logs and other systems without thinking. */
const SAFE_REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** `rawHeaders`: names and values in turn, as in `IncomingMessage`; the parser has checked framing and characters. */
export function readRequestHead(rawHeaders: readonly string[]): RequestHead {
  const headers: [string, string][] = [];
  let requestId: string | undefined;
  let hostCount = 0;
  let contentLength: number | undefined;
  let hasBody = false;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    const value = rawHeaders[index + 1] ?? "";
    headers.push([name, value]);
    if (name === "host") {
      hostCount += 1;
    } else if (name === "content-length") {
      contentLength = Number(value);
      hasBody = true;
    } else if (name === "transfer-encoding") {
      hasBody = true;
    } else if (name === "x-request-id" && SAFE_REQUEST_ID.test(value)) {
      requestId ??= value;
    }
  }
  return { headers, requestId, hostCount, contentLength, hasBody };
}

/**
 * Path and query of a request's target, not decoded: of the origin form as it is, of the absolute form (which
 * RFC 9112 section 3.2.2 makes servers take) what follows the authority. Undefined of any other form.
 */
export function toOriginForm(target: string): string | undefined {
  if (target.startsWith("/")) return target;
  const absolute = /^https?:\/\/[^/?#]+/i.exec(target);
  if (absolute === null) return undefined;
  const rest = target.slice(absolute[0].length);
  return rest.startsWith("/") ? rest : `/${rest}`;
}
